"""Terms and periods of a platform's royalties, and the statements of creators."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.models import Changing, Common, CommonQuerySet, GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.states import append_only, status_trigger
from payments.royalties.enums import PERIOD_MOVES, Cadence, PeriodStatus
from platforms.models import CreatorProfile, Platform

MOST_GRACE_DAYS = 60
USUAL_GRACE_DAYS = 7


def creator_field(related_name: str, *, is_checked: bool = True) -> Any:
    """Return the key of a creator by number. Tables with very many rows leave it unchecked."""
    return models.ForeignKey(
        CreatorProfile,
        models.PROTECT,
        to_field="number",
        db_constraint=is_checked,
        db_index=False,
        related_name=related_name,
        db_column="creator_number",
    )


class RoyaltyTerms(Changing):
    """The terms by which a platform pays for use. All changes of royalties lock this row first. New
    terms hold for periods that begin after them."""

    platform = models.OneToOneField(Platform, on_delete=models.PROTECT, related_name="royalty_terms")
    cadence = models.CharField(max_length=16, choices=Cadence.choices, default=Cadence.MONTH)
    minimum = MoneyField(default=1, help_text="less than that is carried to the next payment")
    grace_days = models.PositiveSmallIntegerField(
        default=USUAL_GRACE_DAYS, help_text="after a period, before it is final"
    )
    accrued_through = models.DateField(help_text="the last day, in UTC, that has been accrued")

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "royalty_terms"
        verbose_name_plural = "royalty terms"
        constraints = [
            models.CheckConstraint(name="royalty_cadence_known", condition=Q(cadence__in=Cadence.values)),
            models.CheckConstraint(
                name="royalty_minimum_in_range", condition=Q(minimum__gte=0, minimum__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="royalty_grace_in_range", condition=Q(grace_days__lte=MOST_GRACE_DAYS)
            ),
        ]

    def __str__(self) -> str:
        return f"by {self.cadence}"


class RoyaltyPeriod(Changing):
    """A month or quarter of a platform's royalties, with the terms and the fee that held when it was opened.
    Moves through `PERIOD_MOVES`."""

    platform = models.ForeignKey(
        Platform, on_delete=models.PROTECT, related_name="royalty_periods", db_index=False
    )
    first = models.DateField(help_text="first day, in UTC")
    last = models.DateField(help_text="last day, in UTC")
    fee_bps = models.PositiveSmallIntegerField()
    grace_days = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=PeriodStatus.choices, default=PeriodStatus.OPEN)
    final_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(CommonQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "royalty_periods"
        constraints = [
            models.UniqueConstraint(name="royalty_period_once", fields=["platform", "first"]),
            models.UniqueConstraint(name="royalty_period_ends_once", fields=["platform", "last"]),
            models.CheckConstraint(name="royalty_period_in_order", condition=Q(last__gt=F("first"))),
            models.CheckConstraint(name="royalty_fee_in_range", condition=Q(fee_bps__lte=10_000)),
            models.CheckConstraint(
                name="royalty_period_status_known", condition=Q(status__in=PeriodStatus.values)
            ),
            models.CheckConstraint(
                name="royalty_period_final_has_time",
                condition=Q(status=PeriodStatus.FINAL, final_at__isnull=False)
                | Q(~Q(status=PeriodStatus.FINAL), final_at__isnull=True),
            ),
        ]
        triggers = [
            status_trigger(PERIOD_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            # Escrow holds the fee by this rate.
            pgtrigger.Protect(
                name="terms_of_period_fixed",
                operation=pgtrigger.UpdateOf("platform_id", "first", "last", "fee_bps"),
                condition=pgtrigger.AnyChange("platform", "first", "last", "fee_bps"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first} to {self.last}"


class Statement(Common):
    """The statement of a creator for a final period: each work's plays, those left out and why, the
    sums, and the parts that other ways of sharing would have given. Never changes: corrections afterwards
    are payments of their own."""

    period = models.ForeignKey(RoyaltyPeriod, on_delete=models.PROTECT, related_name="statements")
    creator = creator_field("royalty_statements")
    plays = models.BigIntegerField()
    plays_held = models.BigIntegerField()
    plays_refused = models.BigIntegerField()
    accrued = MoneyField(help_text="for plays, by their rates")
    held = MoneyField()
    sales = MoneyField(help_text="purchases and tips")
    unfunded = MoneyField()
    carried = MoneyField(help_text="to be paid, or carried on to a later payment")
    paid = MoneyField(help_text="until the period was final")
    pro_rata = MoneyField(help_text="of the same money, by all plays")
    user_centric = MoneyField(
        null=True,
        blank=True,
        help_text="of the same money, by the plays of each listener; empty where these are no longer known",
    )
    lines = models.JSONField(help_text="by work and rate")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "royalty_statements"
        constraints = [
            models.UniqueConstraint(name="royalty_statement_once", fields=["creator", "period"]),
            models.CheckConstraint(
                name="royalty_statement_not_negative",
                condition=Q(
                    plays__gte=0,
                    plays_held__gte=0,
                    plays_refused__gte=0,
                    accrued__gte=0,
                    held__gte=0,
                    sales__gte=0,
                    unfunded__gte=0,
                    carried__gte=0,
                    paid__gte=0,
                    pro_rata__gte=0,
                    user_centric__gte=0,
                ),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"statement of {self.accrued}"
