"""Distributions: a sum of money for a period, shared among creators by weights."""

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Changing, CommonQuerySet, GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.states import status_trigger
from payments.ledger.models import LedgerEntry
from payments.royalties.enums import DISTRIBUTION_MOVES, DistributionStatus, ShareMode
from payments.royalties.models.periods import creator_field
from platforms.models import Platform

# Weights are sums of up to 10^18 for each listener.
WEIGHT_DIGITS = 40


class Distribution(Changing):
    """A sum that a platform shares among its creators by the use of a period. The shares are those of the
    draft; it is approved by two people, which holds the sum and its fee, and then paid. Moves through
    `DISTRIBUTION_MOVES`."""

    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="distributions", db_index=False
    )
    number = models.PositiveIntegerField(help_text="1, 2, … of the platform")
    first = models.DateField(help_text="first day, in UTC")
    last = models.DateField(help_text="last day, in UTC")
    mode = models.CharField(max_length=16, choices=ShareMode.choices)
    amount = MoneyField(help_text="for creators; the fee comes on top")
    fee_bps = models.PositiveSmallIntegerField()
    status = models.CharField(
        max_length=16, choices=DistributionStatus.choices, default=DistributionStatus.DRAFT
    )
    creators = models.PositiveIntegerField(default=0)
    plays = models.BigIntegerField(default=0)
    total_weight = models.DecimalField(max_digits=WEIGHT_DIGITS, decimal_places=0, default=0)
    paid_amount = MoneyField(default=0)
    approved_at = models.DateTimeField(null=True, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "distributions"
        constraints = [
            models.UniqueConstraint(name="distribution_number_once", fields=["platform", "number"]),
            models.CheckConstraint(name="distribution_days_in_order", condition=Q(last__gte=F("first"))),
            models.CheckConstraint(name="distribution_mode_known", condition=Q(mode__in=ShareMode.values)),
            models.CheckConstraint(
                name="distribution_status_known", condition=Q(status__in=DistributionStatus.values)
            ),
            models.CheckConstraint(
                name="distribution_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="distribution_terms_in_range", condition=Q(number__gte=1, fee_bps__lte=10_000)
            ),
            models.CheckConstraint(
                name="distribution_pays_its_amount",
                condition=Q(paid_amount__gte=0)
                & (
                    Q(status=DistributionStatus.PAID, paid_amount=F("amount"))
                    | Q(status=DistributionStatus.APPROVED, paid_amount__lte=F("amount"))
                    | Q(paid_amount=0)
                ),
            ),
            models.CheckConstraint(
                name="distribution_has_its_times",
                condition=Q(status=DistributionStatus.PAID, approved_at__isnull=False, paid_at__isnull=False)
                | Q(status=DistributionStatus.APPROVED, approved_at__isnull=False, paid_at__isnull=True)
                | Q(
                    ~Q(status__in=[DistributionStatus.APPROVED, DistributionStatus.PAID]),
                    approved_at__isnull=True,
                    paid_at__isnull=True,
                ),
            ),
        ]
        indexes = [
            models.Index(name="distributions_of_platform", fields=["platform", "-created_at", "-id"]),
            models.Index(
                name="distributions_to_pay",
                fields=["id"],
                condition=Q(status=DistributionStatus.APPROVED),
            ),
        ]
        triggers = [
            status_trigger(DISTRIBUTION_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="terms_of_money_fixed",
                operation=pgtrigger.UpdateOf("platform_id", "number", "first", "last", "amount", "fee_bps"),
                condition=pgtrigger.AnyChange("platform", "number", "first", "last", "amount", "fee_bps"),
            ),
        ]

    def __str__(self) -> str:
        return f"distribution {self.number}"


class DistributionShare(models.Model):
    """A creator's share of a distribution: the weight, the plays behind it, those left out, the amount."""

    id = models.BigAutoField(primary_key=True)
    distribution = models.ForeignKey(
        Distribution, on_delete=models.PROTECT, related_name="shares", db_constraint=False, db_index=False
    )
    creator = creator_field("distribution_shares", is_checked=False)
    plays = models.BigIntegerField(help_text="that count")
    plays_refused = models.BigIntegerField(help_text="left out as artificial")
    weight = models.DecimalField(max_digits=WEIGHT_DIGITS, decimal_places=0)
    amount = MoneyField()
    entry = models.ForeignKey(
        LedgerEntry,
        on_delete=models.PROTECT,
        related_name="distribution_shares",
        null=True,
        blank=True,
        db_constraint=False,
        db_index=False,
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "distribution_shares"
        constraints = [
            models.UniqueConstraint(name="distribution_share_once", fields=["distribution", "creator"]),
            models.CheckConstraint(
                name="distribution_share_not_negative",
                condition=Q(
                    plays__gte=0, plays_refused__gte=0, weight__gte=0, amount__gte=0, amount__lte=LARGEST
                ),
            ),
            models.CheckConstraint(
                name="distribution_share_pays_an_amount", condition=Q(entry__isnull=True) | Q(amount__gt=0)
            ),
        ]
        indexes = [
            models.Index(name="distribution_shares_of_creator", fields=["creator", "-id"]),
            models.Index(
                name="distribution_shares_to_pay",
                fields=["distribution", "id"],
                condition=Q(entry__isnull=True, amount__gt=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.amount}"
