"""Use by UTC day: sums of the events that count, kept by deltas and equal to a recount."""

from datetime import timedelta
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.lookups import GreaterThan

from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from platforms.catalogue.models import CreatorProfile, Work
from platforms.platforms.models import Platform
from platforms.usage.calculations.batches import OLDEST

# The sums that a day row holds beside its listeners, in the order of the statements.
SUMS = ("plays", "likes", "comments", "shares", "seconds", "purchases", "sales", "tips")


class DayInUTC(models.Func):
    """The UTC day of a time."""

    template = "(%(expressions)s AT TIME ZONE 'UTC')::date"
    output_field = models.DateField()


class Day(models.Model):
    """Sums of a day. Sums shrink when an event is voided, and a row whose sums are all 0 stays."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(help_text="in UTC")
    plays = models.BigIntegerField(default=0)
    listeners = models.BigIntegerField(default=0, help_text="different people with a play")
    likes = models.BigIntegerField(default=0, help_text="less unlikes; can be below 0")
    comments = models.BigIntegerField(default=0)
    shares = models.BigIntegerField(default=0)
    seconds = models.BigIntegerField(default=0)
    purchases = models.BigIntegerField(default=0)
    sales = MoneyField(default=0, help_text="amounts of the purchases")
    tips = MoneyField(default=0)

    class Meta:
        abstract = True


def sums_not_below_zero(prefix: str, *more: str) -> models.CheckConstraint:
    """Return the constraint that no sum is below 0; likes may be."""
    names = ("plays", "listeners", "comments", "shares", "seconds", "purchases", "sales", "tips", *more)
    condition: Any = Q()
    for name in names:
        condition &= Q(**{f"{name}__gte": 0})
    return models.CheckConstraint(name=f"{prefix}_sums_not_below_zero", condition=condition)


class WorkDay(Day):
    """The use of a work on a day, for the creator whose it was: two rows on the day of a move."""

    work = models.ForeignKey(
        Work,
        models.PROTECT,
        to_field="number",
        db_constraint=False,
        db_index=False,
        related_name="days",
        db_column="work_number",
    )
    creator = models.ForeignKey(
        CreatorProfile,
        models.PROTECT,
        to_field="number",
        db_constraint=False,
        db_index=False,
        related_name="work_days",
        db_column="creator_number",
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "work_days"
        constraints = [
            models.UniqueConstraint(name="work_day_once", fields=["work", "day", "creator"]),
            sums_not_below_zero("work_day"),
        ]
        indexes = [models.Index(name="work_days_of_creator", fields=["creator", "day"])]

    def __str__(self) -> str:
        return f"{self.day}: {self.plays} plays"


class CreatorDay(Day):
    """The use of a creator's works on a day, and who began and ended to follow the creator."""

    creator = models.ForeignKey(
        CreatorProfile,
        models.PROTECT,
        to_field="number",
        db_constraint=False,
        db_index=False,
        related_name="days",
        db_column="creator_number",
    )
    followers_gained = models.BigIntegerField(default=0)
    followers_lost = models.BigIntegerField(default=0)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "creator_days"
        constraints = [
            models.UniqueConstraint(name="creator_day_once", fields=["creator", "day"]),
            sums_not_below_zero("creator_day", "followers_gained", "followers_lost"),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.plays} plays"


class PlatformDay(Day):
    """The use of all works of a platform on a day."""

    platform = models.ForeignKey(
        Platform,
        models.PROTECT,
        to_field="number",
        db_constraint=False,
        db_index=False,
        related_name="usage_days",
        db_column="platform_number",
    )
    followers_gained = models.BigIntegerField(default=0)
    followers_lost = models.BigIntegerField(default=0)
    changes = models.BigIntegerField(db_default=0, help_text="batches and corrections that have changed it")
    changes_judged = models.BigIntegerField(
        db_default=0, help_text="of these, those that rules of artificial use have seen"
    )
    listeners_final_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="since then the numbers of listeners of this day, its works and creators are final",
    )
    listeners_pruned_at = models.DateTimeField(
        null=True, blank=True, help_text="when the rows of who played what were deleted"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "platform_days"
        constraints = [
            models.UniqueConstraint(name="platform_day_once", fields=["platform", "day"]),
            sums_not_below_zero("platform_day", "followers_gained", "followers_lost"),
            # A day that may still be reported counts its listeners.
            models.CheckConstraint(
                name="platform_day_listeners_kept_while_reported",
                condition=Q(listeners_final_at__isnull=True)
                | Q(GreaterThan(DayInUTC("listeners_final_at"), F("day") + timedelta(days=OLDEST.days))),
            ),
            models.CheckConstraint(
                name="platform_day_listeners_pruned_once_final",
                condition=Q(listeners_pruned_at__isnull=True)
                | Q(listeners_final_at__isnull=False, listeners_pruned_at__gte=F("listeners_final_at")),
            ),
        ]
        indexes = [
            models.Index(
                name="platform_days_with_listeners",
                fields=["day", "platform"],
                condition=Q(listeners_pruned_at__isnull=True),
            ),
        ]
        triggers = [
            pgtrigger.Protect(
                name="listeners_final_for_good",
                operation=pgtrigger.UpdateOf("listeners_final_at", "listeners"),
                condition=pgtrigger.Q(old__listeners_final_at__isnull=False)
                & (
                    pgtrigger.Q(old__listeners_final_at__df=pgtrigger.F("new__listeners_final_at"))
                    | pgtrigger.Q(old__listeners__df=pgtrigger.F("new__listeners"))
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.plays} plays"


class ListenerDay(models.Model):
    """The plays of a listener on a day. The number of rows of a day is that of its different listeners, also
    after events are voided, until the platform's day says that its listeners are final."""

    day = models.DateField()
    listener_number = models.BigIntegerField()
    plays = models.IntegerField()

    class Meta:
        abstract = True


class WorkListenerDay(ListenerDay):
    """The plays of a work by a listener on a day."""

    pk = models.CompositePrimaryKey("day", "work_number", "creator_number", "listener_number")
    work_number = models.BigIntegerField()
    creator_number = models.BigIntegerField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "work_listener_days"
        constraints = [
            models.CheckConstraint(name="work_listener_day_has_plays", condition=Q(plays__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.plays} plays on {self.day}"


class CreatorListenerDay(ListenerDay):
    """The plays of a creator's works by a listener on a day."""

    pk = models.CompositePrimaryKey("day", "creator_number", "listener_number")
    creator_number = models.BigIntegerField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "creator_listener_days"
        constraints = [
            models.CheckConstraint(name="creator_listener_day_has_plays", condition=Q(plays__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.plays} plays on {self.day}"


class PlatformListenerDay(ListenerDay):
    """The plays of a platform's works by a listener on a day."""

    pk = models.CompositePrimaryKey("day", "platform_number", "listener_number")
    platform_number = models.BigIntegerField()

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "platform_listener_days"
        constraints = [
            models.CheckConstraint(name="platform_listener_day_has_plays", condition=Q(plays__gt=0)),
        ]

    def __str__(self) -> str:
        return f"{self.plays} plays on {self.day}"
