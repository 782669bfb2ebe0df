from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Changing, GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.states import status_trigger
from payments.oracle.enums import (
    GIVEN_UP,
    OPERATION_MOVES,
    WAITING,
    OperationKind,
    OperationStatus,
    Trouble,
)
from platforms.models import Platform


class ChainOperation(Changing):
    """A fact that is written to the chain, once. It moves no money, and through `OPERATION_MOVES`.

    A round is a transaction at the provider, under a key of its own; the contract does an operation once in
    however many rounds. `trouble` names why it waits or was given up.
    """

    kind = models.CharField(max_length=16, choices=OperationKind.choices)
    key = models.CharField(max_length=120, unique=True, help_text="names the fact that is written")
    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="chain_operations", db_index=False
    )
    status = models.CharField(max_length=16, choices=OperationStatus.choices, default=OperationStatus.PENDING)
    trouble = models.CharField(max_length=16, choices=Trouble.choices, blank=True, default="")
    details = models.JSONField(default=dict, blank=True, help_text="of a token, or of a distribution")
    creator_count = models.PositiveIntegerField(default=0)
    contract = models.CharField(max_length=42)
    provider = models.CharField(max_length=32)
    # The present round.
    round = models.PositiveIntegerField(default=1)
    transfer_id = models.CharField(max_length=64, blank=True, default="", help_text="at the provider")
    provider_state = models.CharField(max_length=40, blank=True, default="")
    tx_hash = models.CharField(max_length=66, blank=True, default="")
    block_number = models.PositiveBigIntegerField(null=True, blank=True)
    nonce = models.PositiveBigIntegerField(null=True, blank=True)
    gas_limit = models.PositiveBigIntegerField(null=True, blank=True)
    max_fee = models.DecimalField(
        max_digits=27, decimal_places=9, null=True, blank=True, help_text="gwei, as first offered"
    )
    priority_fee = models.DecimalField(
        max_digits=27, decimal_places=9, null=True, blank=True, help_text="gwei, as first offered"
    )
    bumps = models.PositiveIntegerField(default=0, help_text="so many times a fifth more was offered")
    reserved = MoneyField(default=Decimal(0), help_text="USDC that the round may cost at most")
    sent_at = models.DateTimeField(null=True, blank=True, help_text="last offered to the chain")
    sent_block = models.PositiveBigIntegerField(null=True, blank=True, help_text="the newest block then")
    # A round may be at the provider.
    is_in_flight = models.BooleanField(default=False)
    submitted_at = models.DateTimeField(null=True, blank=True)
    mined_at = models.DateTimeField(
        null=True, blank=True, help_text="when the provider was first seen to say that it is confirmed"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    read_back_at = models.DateTimeField(
        null=True, blank=True, help_text="when the chain was seen to show what was written"
    )
    # Of all rounds.
    calls = models.PositiveIntegerField(default=0)
    failures = models.PositiveIntegerField(default=0, help_text="calls in a row that came to nothing")
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="when a job may next take it up; doubles as the job's lease"
    )
    error_class = models.CharField(max_length=24, blank=True, default="")
    error_message = models.TextField(blank=True, default="")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "chain_operations"
        constraints = [
            models.CheckConstraint(name="operation_kind_known", condition=Q(kind__in=OperationKind.values)),
            models.CheckConstraint(
                name="operation_trouble_fits_its_status",
                condition=Q(status=OperationStatus.CONFIRMED, trouble="")
                | Q(status=OperationStatus.DEAD, trouble__in=sorted(GIVEN_UP))
                | Q(
                    status__in=[OperationStatus.PENDING, OperationStatus.SUBMITTED],
                    trouble__in=["", *sorted(WAITING)],
                ),
            ),
            models.CheckConstraint(
                name="operation_of_creators_has_some",
                condition=Q(kind=OperationKind.UPDATE_METRICS, creator_count__gte=1, creator_count__lte=200)
                | Q(kind=OperationKind.CREATE_TOKEN, creator_count=1)
                | Q(kind=OperationKind.DISTRIBUTE, creator_count=0),
            ),
            models.CheckConstraint(
                name="operation_submitted_is_at_the_provider",
                condition=~Q(status=OperationStatus.SUBMITTED)
                | Q(~Q(transfer_id=""), submitted_at__isnull=False, is_in_flight=True),
            ),
            models.CheckConstraint(
                name="operation_ended_waits_for_nothing",
                condition=Q(
                    status__in=[OperationStatus.CONFIRMED, OperationStatus.DEAD],
                    ended_at__isnull=False,
                    next_attempt_at__isnull=True,
                    is_in_flight=False,
                )
                | Q(
                    status__in=[OperationStatus.PENDING, OperationStatus.SUBMITTED],
                    ended_at__isnull=True,
                    next_attempt_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="operation_confirmed_was_read_back",
                condition=Q(status=OperationStatus.CONFIRMED, read_back_at__isnull=False)
                | Q(~Q(status=OperationStatus.CONFIRMED), read_back_at__isnull=True),
            ),
            models.CheckConstraint(
                name="operation_bid_as_a_whole",
                condition=Q(gas_limit__isnull=True, max_fee__isnull=True, priority_fee__isnull=True)
                | Q(
                    gas_limit__isnull=False,
                    max_fee__isnull=False,
                    priority_fee__isnull=False,
                    gas_limit__gt=0,
                    max_fee__gt=0,
                    priority_fee__gte=0,
                    priority_fee__lte=F("max_fee"),
                ),
            ),
            models.CheckConstraint(
                name="operation_reserves_while_in_flight",
                condition=Q(reserved=0) | Q(reserved__gt=0, is_in_flight=True, max_fee__isnull=False),
            ),
            models.CheckConstraint(name="operation_round_from_1", condition=Q(round__gte=1)),
        ]
        indexes = [
            models.Index(name="operations_of_platform", fields=["platform", "-created_at", "-id"]),
            models.Index(
                name="operations_due", fields=["next_attempt_at"], condition=Q(next_attempt_at__isnull=False)
            ),
            models.Index(name="operations_in_flight", fields=["id"], condition=Q(is_in_flight=True)),
            models.Index(
                name="operations_dead", fields=["ended_at"], condition=Q(status=OperationStatus.DEAD)
            ),
            models.Index(name="operations_ended", fields=["ended_at"], condition=Q(ended_at__isnull=False)),
        ]
        triggers = [
            status_trigger(OPERATION_MOVES),
            pgtrigger.Protect(
                name="writes_the_same_fact",
                operation=pgtrigger.UpdateOf("kind", "key", "platform_id", "creator_count"),
                condition=pgtrigger.AnyChange("kind", "key", "platform", "creator_count"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display().lower()} {self.key}"
