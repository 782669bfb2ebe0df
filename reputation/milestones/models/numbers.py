from django.db import models
from django.db.models import Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.states import append_only
from platforms.models import CreatorProfile

CURRENCY_PATTERN = "^[A-Z][A-Z0-9]{1,10}$"


class CreatorTotal(models.Model):
    """The metrics of a creator over all time: the sums of the days, kept by the same changes. All who count
    use or followers of the creator wait for the row."""

    creator = models.OneToOneField(
        CreatorProfile,
        models.PROTECT,
        to_field="number",
        primary_key=True,
        db_constraint=False,
        related_name="totals",
        db_column="creator_number",
    )
    plays = models.BigIntegerField(default=0)
    followers = models.BigIntegerField(default=0, help_text="those who follow now")
    likes = models.BigIntegerField(default=0, help_text="less unlikes")
    comments = models.BigIntegerField(default=0)
    shares = models.BigIntegerField(default=0)
    purchases = models.BigIntegerField(default=0)
    revenue = MoneyField(default=0, help_text="amounts of purchases and tips")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "creator_totals"
        constraints = [
            models.CheckConstraint(
                name="creator_total_not_below_zero",
                condition=Q(plays__gte=0, comments__gte=0, shares__gte=0, purchases__gte=0, revenue__gte=0),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plays} plays, {self.followers} followers"


class TokenValue(models.Model):
    """The market value of a creator's token at a time, as its platform reported it: an amount in some
    currency, and the rate at which it is USDC. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    creator = models.ForeignKey(
        CreatorProfile, on_delete=models.PROTECT, related_name="token_values", db_index=False
    )
    amount = models.DecimalField(max_digits=20, decimal_places=6, help_text="in the currency")
    currency = models.CharField(max_length=11)
    rate = models.DecimalField(max_digits=20, decimal_places=6, help_text="USDC for one of the currency")
    market_value = MoneyField(help_text="USDC: the amount at the rate, rounded down")
    as_of = models.DateTimeField(help_text="time of the amount and the rate")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "token_values"
        constraints = [
            models.UniqueConstraint(name="token_value_once_per_time", fields=["creator", "as_of"]),
            models.CheckConstraint(
                name="token_value_in_range",
                condition=Q(amount__gte=0, rate__gt=0, market_value__gte=0, market_value__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="token_value_currency_well_formed", condition=Q(currency__regex=CURRENCY_PATTERN)
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.market_value} USDC"
