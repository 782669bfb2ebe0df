"""Royalties: by day, by period, and how they were funded and paid."""

from typing import Any

from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Common, CommonQuerySet, GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.states import append_only
from payments.ledger.models import LedgerEntry
from payments.royalties.enums import PaySource
from payments.royalties.models.periods import RoyaltyPeriod, creator_field
from platforms.models import Platform


def _not_below_zero(*names: str) -> Q:
    condition: Any = Q()
    for name in names:
        condition &= Q(**{f"{name}__gte": 0})
    return condition


class DayToAccrue(models.Model):
    """A day that is to be accrued, or accrued anew: of a creator, or (without one) of all a platform has. The
    rows are a queue; a day can stand in it several times."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="+", db_index=False)
    creator_number = models.BigIntegerField(null=True, blank=True)
    day = models.DateField()

    objects = models.Manager.from_queryset(CommonQuerySet)()

    class Meta:
        db_table = "days_to_accrue"
        indexes = [models.Index(name="days_to_accrue_of_platform", fields=["platform", "id"])]

    def __str__(self) -> str:
        return f"{self.day}"


class DailyAccrual(models.Model):
    """The royalties of a creator on a day, as the roll-ups have it: plays by their rates without those that
    were refused, the part that is held, and purchases and tips."""

    id = models.BigAutoField(primary_key=True)
    period = models.ForeignKey(
        RoyaltyPeriod, on_delete=models.PROTECT, related_name="days", db_constraint=False, db_index=False
    )
    creator = creator_field("accruals", is_checked=False)
    day = models.DateField(help_text="in UTC")
    plays = models.BigIntegerField()
    plays_held = models.BigIntegerField()
    plays_refused = models.BigIntegerField()
    amount = MoneyField(help_text="for plays, those refused left out")
    held = MoneyField(help_text="part of the amount")
    sales = MoneyField(help_text="purchases and tips")
    above_price = MoneyField(help_text="part of the purchases that goes beyond the works' prices")
    accrued_at = models.DateTimeField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "daily_accruals"
        constraints = [
            models.UniqueConstraint(name="accrual_once", fields=["creator", "day"]),
            models.CheckConstraint(
                name="accrual_not_negative",
                condition=_not_below_zero(
                    "plays", "plays_held", "plays_refused", "amount", "held", "sales", "above_price"
                ),
            ),
            models.CheckConstraint(
                name="accrual_held_is_a_part", condition=Q(held__lte=F("amount"), amount__lte=LARGEST)
            ),
        ]
        indexes = [models.Index(name="accruals_of_period", fields=["period", "creator", "day"])]

    def __str__(self) -> str:
        return f"{self.amount} on {self.day}"


class PeriodPay(models.Model):
    """The royalties of a creator in a period from one source, and where each part of them is. Carried pay
    stands in the platform's escrow, with the fee on it."""

    id = models.BigAutoField(primary_key=True)
    period = models.ForeignKey(RoyaltyPeriod, on_delete=models.PROTECT, related_name="pays", db_index=False)
    creator = creator_field("period_pays")
    source = models.CharField(max_length=16, choices=PaySource.choices)
    accrued = MoneyField(default=0)
    held = MoneyField(default=0, help_text="for plays that a rule leaves out until a person decides")
    unfunded = MoneyField(default=0, help_text="the platform's money has not covered it")
    carried = MoneyField(default=0, help_text="in escrow, to be paid")
    paid = MoneyField(default=0)
    recovered = MoneyField(default=0, help_text="of payments, for a remainder")
    taken_back = MoneyField(default=0, help_text="paid before a correction took it away")
    payments = models.PositiveIntegerField(default=0)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "period_pays"
        constraints = [
            models.UniqueConstraint(name="period_pay_once", fields=["creator", "period", "source"]),
            models.CheckConstraint(name="period_pay_source_known", condition=Q(source__in=PaySource.values)),
            models.CheckConstraint(
                name="period_pay_not_negative",
                condition=_not_below_zero(
                    "accrued", "held", "unfunded", "carried", "paid", "recovered", "taken_back"
                ),
            ),
            models.CheckConstraint(
                name="period_pay_is_whole",
                condition=Q(
                    accrued=F("paid")
                    + F("recovered")
                    + F("carried")
                    + F("unfunded")
                    + F("held")
                    - F("taken_back")
                ),
            ),
        ]
        indexes = [
            models.Index(name="period_pays_of_period", fields=["period", "creator"]),
            models.Index(name="period_pays_unfunded", fields=["period"], condition=Q(unfunded__gt=0)),
            models.Index(name="period_pays_carried", fields=["period"], condition=Q(carried__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.accrued} for {self.source}"


class CarriedBalance(models.Model):
    """A creator's pay of final periods, paid once it reaches the minimum, and the negative remainder
    that later payments make up for."""

    creator = models.OneToOneField(
        "platforms.CreatorProfile",
        models.PROTECT,
        to_field="number",
        primary_key=True,
        related_name="carried_balance",
        db_column="creator_number",
    )
    carried = MoneyField(default=0, help_text="for plays, of final periods")
    remainder = MoneyField(
        default=0, help_text="paid too much; at most a tenth of each payment makes up for it"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "carried_balances"
        constraints = [
            models.CheckConstraint(
                name="carried_balance_not_negative", condition=_not_below_zero("carried", "remainder")
            ),
        ]
        indexes = [
            models.Index(name="carried_balances_due", fields=["carried"], condition=Q(carried__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.carried}"


class PeriodFunding(Common):
    """A sum that a period's royalties got from the platform, with the fee on it, or gave back. Never
    changes."""

    period = models.ForeignKey(RoyaltyPeriod, on_delete=models.PROTECT, related_name="fundings")
    amount = MoneyField(help_text="below 0 where it was given back")
    fee = MoneyField(help_text="below 0 where it was given back")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "period_fundings"
        constraints = [
            models.CheckConstraint(
                name="period_funding_moves_something",
                condition=Q(amount__gt=0, fee__gte=0, amount__lte=LARGEST)
                | Q(amount__lt=0, fee__lte=0, amount__gte=-LARGEST),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.amount}"


class RoyaltyPayment(models.Model):
    """A payment of royalties of a creator and period: the entry, its fee, and the part that made up for
    a remainder and went back to the platform. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    pay = models.ForeignKey(PeriodPay, on_delete=models.PROTECT, related_name="paid_by", db_index=False)
    number = models.PositiveIntegerField(help_text="1, 2, … of this pay")
    amount = MoneyField(help_text="to the creator")
    recovered = MoneyField(default=0, help_text="back to the platform")
    fee = MoneyField(default=0)
    entry = models.OneToOneField(LedgerEntry, on_delete=models.PROTECT, related_name="royalty_payment")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "royalty_payments"
        constraints = [
            models.UniqueConstraint(name="royalty_payment_once", fields=["pay", "number"]),
            models.CheckConstraint(
                name="royalty_payment_pays",
                condition=Q(number__gte=1, amount__gt=0, amount__lte=LARGEST, fee__gte=0),
            ),
            # A tenth of the whole, which is a ninth of the rest.
            models.CheckConstraint(
                name="royalty_payment_recovers_a_tenth",
                condition=Q(recovered__gte=0, recovered__lte=F("amount") / 9),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.amount}"
