from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.db.models.functions import Lower

from gigstream.core.models import Changing
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import status_trigger
from payments.ledger.subjects import QUEST
from payments.settlement.transactions.enums import (
    ON_CHAIN,
    OUTGOING,
    RARE_TYPES,
    REFERENCE_PREFIXES,
    TO_WORKERS,
    TRANSACTION_MOVES,
    UNDER_WAY,
    ParkReason,
    TransactionStatus,
    TransactionType,
)
from payments.settlement.transactions.querysets import TransactionQuerySet
from payments.streams.models import Stream
from platforms.models import Platform, Task
from workers.models import Worker


class Transaction(Changing):
    """USDC movement to or from the chain, or a fee, refund, reward or repayment. Its key is committed before
    the provider is called. Moves through `TRANSACTION_MOVES`; never changes once it has ended."""

    short_number = ShortNumberField("transactions")
    type = models.CharField(max_length=16, choices=TransactionType.choices)
    reference = reference_field(
        Case(*(When(type=kind, then=Value(prefix)) for kind, prefix in REFERENCE_PREFIXES.items()))
    )
    status = models.CharField(
        max_length=16, choices=TransactionStatus.choices, default=TransactionStatus.PENDING
    )
    amount = MoneyField()
    fee = MoneyField(default=Decimal(0), help_text="the network's fee, borne by the house")
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="transactions", null=True, blank=True, db_index=False
    )
    platform = models.ForeignKey(
        Platform, on_delete=models.CASCADE, related_name="transactions", null=True, blank=True, db_index=False
    )
    task = models.ForeignKey(
        Task, on_delete=models.SET_NULL, related_name="transactions", null=True, blank=True
    )
    stream = models.ForeignKey(
        Stream, on_delete=models.SET_NULL, related_name="transactions", null=True, blank=True
    )
    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="transactions", null=True, blank=True
    )
    # Row that it belongs to where that is no task, stream or loan (`payments.ledger.subjects`).
    subject_kind = models.SmallIntegerField(null=True, blank=True)
    subject_id = models.UUIDField(null=True, blank=True)
    quest_id = models.GeneratedField(
        expression=Case(When(subject_kind=QUEST.number, then=F("subject_id"))),
        output_field=models.UUIDField(null=True),
        db_persist=True,
        help_text="of a reward, and of the fee and the refund of its budget",
    )
    from_wallet = models.CharField(max_length=42, blank=True)
    to_wallet = models.CharField(max_length=42, blank=True)
    tx_hash = models.CharField(max_length=66, unique=True, null=True, blank=True)
    block_number = models.PositiveBigIntegerField(null=True, blank=True)
    confirmations = models.PositiveIntegerField(default=0)
    circle_tx_id = models.CharField(
        max_length=64, unique=True, null=True, blank=True, help_text="the provider's id of the transfer"
    )
    provider_state = models.CharField(
        max_length=40,
        blank=True,
        default="",
        db_default="",
        help_text="of the transfer, in the provider's term, when last read",
    )
    idempotency_key = models.CharField(max_length=160, unique=True)
    cashed_out = models.BooleanField(
        default=False, db_default=False, help_text="a payout that the worker requested"
    )
    retry_count = models.PositiveIntegerField(default=0, help_text="calls to the provider so far")
    next_attempt_at = models.DateTimeField(
        null=True, blank=True, help_text="when a job may next take it up; doubles as the job's lease"
    )
    not_before = models.DateTimeField(
        null=True, blank=True, help_text="it is not handed over earlier; empty: at once"
    )
    parked_at = models.DateTimeField(null=True, blank=True, help_text="since when it waits for staff")
    parked_reason = models.CharField(
        max_length=24, choices=ParkReason.choices, blank=True, default="", db_default=""
    )
    error_message = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True, help_text="failed or cancelled")
    metadata = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(TransactionQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "transactions"
        constraints = [
            models.CheckConstraint(
                name="transaction_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="transaction_subject_has_its_kind",
                condition=Q(subject_kind__isnull=True, subject_id__isnull=True)
                | Q(subject_kind__isnull=False, subject_id__isnull=False),
            ),
            models.CheckConstraint(name="transaction_fee_not_negative", condition=Q(fee__gte=0)),
            models.CheckConstraint(
                name="transaction_type_known", condition=Q(type__in=TransactionType.values)
            ),
            models.CheckConstraint(
                name="transaction_status_known", condition=Q(status__in=TransactionStatus.values)
            ),
            models.CheckConstraint(
                name="transaction_confirmed_on_chain_has_hash",
                condition=~Q(status=TransactionStatus.CONFIRMED, type__in=sorted(ON_CHAIN))
                | Q(tx_hash__isnull=False),
            ),
            models.CheckConstraint(
                name="transaction_confirmed_has_time",
                condition=Q(status=TransactionStatus.CONFIRMED, confirmed_at__isnull=False)
                | Q(~Q(status=TransactionStatus.CONFIRMED), confirmed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="transaction_submitted_is_known_to_the_provider",
                condition=~Q(status=TransactionStatus.SUBMITTED)
                | Q(circle_tx_id__isnull=False, submitted_at__isnull=False),
            ),
            models.CheckConstraint(
                name="transaction_outgoing_has_worker_and_wallet",
                condition=~Q(type__in=sorted(TO_WORKERS)) | (Q(worker__isnull=False) & ~Q(to_wallet="")),
            ),
            models.CheckConstraint(
                name="transaction_withdrawal_has_platform_wallet_and_time",
                condition=~Q(type=TransactionType.WITHDRAWAL)
                | (
                    Q(platform__isnull=False, worker__isnull=True, not_before__isnull=False)
                    & ~Q(to_wallet="")
                ),
            ),
            models.UniqueConstraint(
                name="transaction_one_withdrawal_under_way",
                fields=["platform"],
                condition=Q(type=TransactionType.WITHDRAWAL, status__in=sorted(UNDER_WAY)),
            ),
            models.CheckConstraint(
                name="transaction_not_submitted_early",
                condition=Q(submitted_at__isnull=True)
                | Q(not_before__isnull=True)
                | Q(submitted_at__gte=F("not_before")),
            ),
            models.CheckConstraint(
                name="transaction_parked_has_its_reason",
                condition=Q(parked_at__isnull=True, parked_reason="")
                | Q(
                    parked_at__isnull=False,
                    parked_reason__in=ParkReason.values,
                    next_attempt_at__isnull=True,
                    status__in=sorted(UNDER_WAY),
                ),
            ),
            models.CheckConstraint(
                name="transaction_hash_lower_case",
                condition=Q(tx_hash__isnull=True) | Q(tx_hash=Lower("tx_hash")),
            ),
            models.CheckConstraint(
                name="transaction_wallets_lower_case",
                condition=Q(from_wallet=Lower("from_wallet"), to_wallet=Lower("to_wallet")),
            ),
        ]
        indexes = [
            models.Index(name="transactions_worker_created", fields=["worker", "created_at"]),
            models.Index(name="transactions_platform_created", fields=["platform", "created_at"]),
            models.Index(name="transactions_status_created", fields=["status", "created_at"]),
            models.Index(name="transactions_created", fields=["created_at"]),
            models.Index(name="transactions_amount_created", fields=["amount", "created_at"]),
            models.Index(
                name="transactions_to_attempt",
                fields=["next_attempt_at"],
                condition=Q(status__in=sorted(UNDER_WAY), next_attempt_at__isnull=False),
            ),
            models.Index(
                name="transactions_parked",
                fields=["created_at"],
                condition=Q(status__in=sorted(UNDER_WAY), next_attempt_at__isnull=True),
            ),
            # A list by type finds the usual types among the newest rows, and these by this index.
            models.Index(
                name="transactions_of_rare_types",
                fields=["type", "created_at"],
                condition=Q(type__in=sorted(RARE_TYPES)),
            ),
            models.Index(
                name="transactions_of_quests",
                fields=["platform", "quest_id", "created_at"],
                condition=Q(quest_id__isnull=False),
            ),
        ]
        triggers = [
            status_trigger(TRANSACTION_MOVES),
            pgtrigger.Trigger(
                name="opens_its_day_again",
                level=pgtrigger.Statement,
                when=pgtrigger.After,
                operation=pgtrigger.Insert,
                referencing=pgtrigger.Referencing(new="made"),
                func="""
                    DELETE FROM transaction_days USING made
                    WHERE transaction_days.day = (made.created_at AT TIME ZONE 'UTC')::date;
                    RETURN NULL;
                """,
            ),
        ]

    def __str__(self) -> str:
        preposition = "to" if self.type in OUTGOING else "of"
        return with_owner(f"{self.type} {self.reference}", self, "worker", "platform", joined_by=preposition)
