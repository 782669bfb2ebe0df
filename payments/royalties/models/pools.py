"""Pools: money that arrives is shared among members by their units, by one write for any number of them."""

from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Changing, GuardedQuerySet, is_readable
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.states import append_only, status_trigger
from payments.royalties.calculations.shares import SCALE
from payments.royalties.enums import POOL_MOVES, PoolStatus
from payments.royalties.models.periods import creator_field
from platforms.models import Platform

INDEX_DIGITS = 60
MOST_UNITS = 10**12


def _whole(**options: Any) -> models.DecimalField:
    """Return a column of a whole number that no bigint holds."""
    return models.DecimalField(max_digits=INDEX_DIGITS, decimal_places=0, default=0, **options)


class Pool(Changing):
    """A pool of a platform, for creators who hold units of it. `index` is the sum that a unit has got
    since the beginning and `carry` the rest that no unit has got yet, in micro-USDC times 10^18. Escrow
    holds all that is not paid, with the fee on it. Moves through `POOL_MOVES`."""

    platform = models.ForeignKey(Platform, on_delete=models.PROTECT, related_name="pools", db_index=False)
    name = models.CharField(max_length=120)
    fee_bps = models.PositiveSmallIntegerField()
    status = models.CharField(max_length=16, choices=PoolStatus.choices, default=PoolStatus.OPEN)
    units = models.BigIntegerField(default=0)
    index = _whole()
    carry = _whole()
    received = MoneyField(default=0)
    paid = MoneyField(default=0)
    writes = models.PositiveIntegerField(default=0, help_text="arrivals of money so far")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "pools"
        constraints = [
            models.UniqueConstraint(name="pool_name_once_per_platform", fields=["platform", "name"]),
            models.CheckConstraint(name="pool_name_readable", condition=is_readable("name") & ~Q(name="")),
            models.CheckConstraint(name="pool_status_known", condition=Q(status__in=PoolStatus.values)),
            models.CheckConstraint(name="pool_fee_in_range", condition=Q(fee_bps__lte=10_000)),
            models.CheckConstraint(
                name="pool_pays_what_it_received",
                condition=Q(paid__gte=0, received__gte=F("paid"), received__lte=LARGEST),
            ),
            models.CheckConstraint(
                name="pool_sums_in_range",
                condition=Q(units__gte=0, units__lt=SCALE, index__gte=0, carry__gte=0),
            ),
            models.CheckConstraint(
                name="pool_closed_as_a_whole",
                condition=Q(
                    status=PoolStatus.CLOSED,
                    closed_at__isnull=False,
                    units=0,
                    carry=0,
                    paid=F("received"),
                )
                | Q(~Q(status=PoolStatus.CLOSED), closed_at__isnull=True),
            ),
        ]
        indexes = [models.Index(name="pools_of_platform", fields=["platform", "-created_at", "-id"])]
        triggers = [
            status_trigger(POOL_MOVES),
            pgtrigger.Protect(name="never_deleted", operation=pgtrigger.Delete),
            pgtrigger.Protect(
                name="terms_of_money_fixed",
                operation=pgtrigger.UpdateOf("platform_id", "fee_bps"),
                condition=pgtrigger.AnyChange("platform", "fee_bps"),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PoolMember(models.Model):
    """A creator who holds units of a pool. Due is `units * (index - index_at) + fraction`, divided by 10^18;
    the rest of the division stays in `fraction`."""

    id = models.BigAutoField(primary_key=True)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="members", db_index=False)
    creator = creator_field("pool_members")
    units = models.BigIntegerField(default=0)
    index_at = _whole(help_text="the pool's index when the member was settled last")
    fraction = _whole()
    paid = MoneyField(default=0)
    payments = models.PositiveIntegerField(default=0)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "pool_members"
        constraints = [
            models.UniqueConstraint(name="pool_member_once", fields=["pool", "creator"]),
            models.CheckConstraint(
                name="pool_member_units_in_range", condition=Q(units__gte=0, units__lte=MOST_UNITS)
            ),
            # A whole one is the part of the rest that a member of a closing pool gets.
            models.CheckConstraint(
                name="pool_member_fraction_at_most_one",
                condition=Q(fraction__gte=0, fraction__lte=SCALE, index_at__gte=0),
            ),
            models.CheckConstraint(
                name="pool_member_paid_in_payments",
                condition=Q(paid=0, payments=0) | Q(paid__gt=0, paid__lte=LARGEST, payments__gt=0),
            ),
        ]
        indexes = [
            models.Index(name="pool_members_of_creator", fields=["creator"]),
            models.Index(name="pool_members_in_order", fields=["pool", "id"]),
        ]

    def __str__(self) -> str:
        return f"{self.units} units"


class PoolWrite(models.Model):
    """An arrival of money in a pool, with the index that follows. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    pool = models.ForeignKey(Pool, on_delete=models.PROTECT, related_name="arrivals", db_index=False)
    number = models.PositiveIntegerField(help_text="1, 2, … of the pool")
    amount = MoneyField()
    fee = MoneyField()
    units = models.BigIntegerField(help_text="among which it was shared")
    index_after = _whole()
    carry_after = _whole()

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "pool_writes"
        constraints = [
            models.UniqueConstraint(name="pool_write_number_once", fields=["pool", "number"]),
            models.CheckConstraint(
                name="pool_write_shares_an_amount",
                condition=Q(amount__gt=0, amount__lte=LARGEST, fee__gte=0, units__gt=0, number__gte=1),
            ),
        ]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.amount}"
