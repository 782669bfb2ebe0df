from datetime import timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q

from gigstream.core.clock import DatabaseNow
from gigstream.core.models import Common, GuardedQuerySet
from gigstream.core.states import append_only
from reputation.streaks.calculations import LONGEST_PAUSE_DAYS
from workers.models import Worker

LONGEST_OUTAGE = timedelta(days=14)


class StreakZone(models.Model):
    """A time zone that a worker's dates are of, from its first date until the next row's. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="streak_zones", db_index=False)
    time_zone = models.CharField(max_length=64, help_text="of IANA")
    first_date = models.DateField(help_text="the first date that is of this zone")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "streak_zones"
        constraints = [
            models.UniqueConstraint(name="streak_zone_once_per_date", fields=["worker", "first_date"]),
            models.CheckConstraint(name="streak_zone_named", condition=~Q(time_zone="")),
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.time_zone} from {self.first_date}"


class CheckIn(models.Model):
    """The presence of a worker on a date of theirs: made by a sign-in, claimed by the worker on that date.

    The streak is the one that the claim led to; an outage that is declared later may make it longer.
    """

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="check_ins", db_index=False)
    local_date = models.DateField(help_text="in the worker's time zone")
    claimed_at = models.DateTimeField(null=True, blank=True)
    streak_started_on = models.DateField(null=True, blank=True)
    streak_days = models.PositiveIntegerField(null=True, blank=True, help_text="with this date")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "check_ins"
        constraints = [
            models.UniqueConstraint(name="check_in_once_per_date", fields=["worker", "local_date"]),
            models.CheckConstraint(
                name="check_in_claimed_with_its_streak",
                condition=Q(claimed_at__isnull=True, streak_started_on__isnull=True, streak_days__isnull=True)
                | Q(
                    claimed_at__isnull=False,
                    streak_started_on__isnull=False,
                    streak_started_on__lte=F("local_date"),
                    streak_days__isnull=False,
                    streak_days__gte=1,
                ),
            ),
        ]
        indexes = [models.Index(name="check_ins_recent", fields=["-created_at", "-id"])]
        triggers = [
            pgtrigger.Protect(
                name="claimed_once",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(old__claimed_at__isnull=False),
            ),
            pgtrigger.Protect(
                name="date_fixed", operation=pgtrigger.UpdateOf("worker_id", "local_date", "created_at")
            ),
        ]

    def __str__(self) -> str:
        return f"check-in of {self.local_date}"


class StreakPause(models.Model):
    """Dates on which a worker's streak rests, declared ahead. Never changes."""

    id = models.BigAutoField(primary_key=True)
    created_at = models.DateTimeField(db_default=DatabaseNow(), editable=False)
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="streak_pauses", db_index=False)
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="the last date of the pause")

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "streak_pauses"
        constraints = [
            models.UniqueConstraint(name="streak_pause_once_per_date", fields=["worker", "starts_on"]),
            models.CheckConstraint(
                name="streak_pause_of_at_most_14_days",
                condition=Q(ends_on__gte=F("starts_on"))
                & Q(ends_on__lt=F("starts_on") + timedelta(days=LONGEST_PAUSE_DAYS)),
            ),
        ]
        triggers = [pgtrigger.Protect(name="never_changed", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"pause from {self.starts_on} to {self.ends_on}"


class Outage(Common):
    """A time in which workers could not check in, declared by two members of staff. No streak breaks by the
    dates that it lay in. Never changes."""

    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.TextField()
    requested_by = models.CharField(max_length=80)
    approved_by = models.CharField(max_length=80)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "outages"
        constraints = [
            models.CheckConstraint(
                name="outage_of_at_most_14_days",
                condition=Q(ends_at__gt=F("starts_at")) & Q(ends_at__lte=F("starts_at") + LONGEST_OUTAGE),
            ),
            models.CheckConstraint(name="outage_has_a_reason", condition=~Q(reason="")),
            models.CheckConstraint(
                name="outage_by_two_people",
                condition=~Q(requested_by="") & ~Q(approved_by="") & ~Q(requested_by=F("approved_by")),
            ),
        ]
        indexes = [models.Index(name="outages_recent", fields=["-starts_at", "-id"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"outage from {self.starts_at:%Y-%m-%d %H:%M} to {self.ends_at:%Y-%m-%d %H:%M} UTC"
