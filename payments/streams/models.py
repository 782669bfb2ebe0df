from datetime import timedelta
from decimal import Decimal

import pgtrigger
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.lookups import GreaterThan, LessThanOrEqual

from gigstream.core.models import Changing
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.people.row_names import with_owner
from gigstream.core.postgres.short_numbers import BorrowedNumberField, reference_field
from gigstream.core.states import status_trigger
from payments.ledger.models import Account
from payments.streams.enums import STREAM_MOVES, StreamStatus
from payments.streams.querysets import StreamQuerySet
from platforms.models import Platform, Task
from workers.models import Worker


class Epoch(Func):
    """Seconds in an interval, as a query expression."""

    template = "extract(epoch from %(expressions)s)"
    output_field = models.DecimalField()


_AT_THE_FIRST_RATE = F("first_duration_seconds") * F("total_amount")


class Stream(Changing):
    """Pay that vests by the second and is released interval by interval. Changes with each release, pause and
    top-up; never again once completed or cancelled. The released amount never falls.

    A release rewrites the row and with it every index, so there are few. The streams of a worker or platform
    are found through their tasks, whose worker and platform are the same.
    """

    task = models.OneToOneField(Task, on_delete=models.CASCADE, related_name="stream")
    short_number = BorrowedNumberField()
    reference = reference_field(Value("ST"))
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="streams", db_index=False)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="streams", db_index=False)
    worker_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="where it pays to"
    )
    escrow_account = models.ForeignKey(
        Account, on_delete=models.PROTECT, related_name="+", db_index=False, help_text="where it pays from"
    )
    shard = models.PositiveSmallIntegerField(
        help_text="by worker: two releasers never touch the same worker's balance"
    )
    total_amount = MoneyField()
    released_amount = MoneyField(default=Decimal(0))
    remaining_amount = models.GeneratedField(
        expression=F("total_amount") - F("released_amount"), output_field=MoneyField(), db_persist=True
    )
    sequence = models.PositiveIntegerField(default=0, help_text="number of the last release")
    start_at = models.DateTimeField()
    end_at = models.DateTimeField(help_text="start + duration + paused time")
    duration_seconds = models.PositiveIntegerField(help_text="without pauses")
    first_total = MoneyField(help_text="when it was opened: top-ups keep its rate")
    first_duration_seconds = models.PositiveIntegerField(help_text="when it was opened")
    release_interval = models.PositiveIntegerField(help_text="seconds")
    next_release_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=16, choices=StreamStatus.choices, default=StreamStatus.ACTIVE)
    paused_at = models.DateTimeField(null=True, blank=True)
    paused_for = models.DurationField(default=timedelta(0), help_text="all pauses that have ended")
    last_act_at = models.DateTimeField(
        help_text="of the latest release, claim, pause, resume, top-up or end; for a clock that steps back it"
        " is still this late"
    )
    completed_at = models.DateTimeField(null=True, blank=True, help_text="no later than its end")
    cancelled_at = models.DateTimeField(null=True, blank=True)
    parked_at = models.DateTimeField(
        null=True, blank=True, help_text="no release is tried any more: staff must look"
    )
    release_failures = models.PositiveSmallIntegerField(
        default=0, help_text="releases in a row that raised an error; each defers the next try"
    )
    contract_address = models.CharField(max_length=42, blank=True)
    contract_stream_id = models.CharField(max_length=80, blank=True)
    metadata = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(StreamQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "streams"
        constraints = [
            models.CheckConstraint(
                name="stream_total_positive", condition=Q(total_amount__gt=0, total_amount__lte=LARGEST)
            ),
            models.CheckConstraint(
                name="stream_released_within_total",
                condition=Q(released_amount__gte=0, released_amount__lte=F("total_amount")),
            ),
            models.CheckConstraint(name="stream_status_known", condition=Q(status__in=StreamStatus.values)),
            models.CheckConstraint(
                name="stream_schedule_positive", condition=Q(duration_seconds__gt=0, release_interval__gt=0)
            ),
            models.CheckConstraint(
                name="stream_end_is_start_duration_and_pauses",
                condition=Q(
                    duration_seconds=Epoch(F("end_at") - F("start_at") - F("paused_for")),
                ),
            ),
            # duration = first_duration * total / first_total, rounded down: without a division, so exactly.
            models.CheckConstraint(
                name="stream_vests_at_first_rate",
                condition=Q(first_total__gt=0, first_duration_seconds__gt=0)
                & LessThanOrEqual(F("duration_seconds") * F("first_total"), _AT_THE_FIRST_RATE)
                & GreaterThan((F("duration_seconds") + 1) * F("first_total"), _AT_THE_FIRST_RATE),
            ),
            models.CheckConstraint(
                name="stream_active_has_next_release",
                condition=~Q(status=StreamStatus.ACTIVE)
                | Q(next_release_at__isnull=False, parked_at__isnull=True)
                | Q(next_release_at__isnull=True, parked_at__isnull=False),
            ),
            models.CheckConstraint(
                name="stream_parked_is_active",
                condition=Q(parked_at__isnull=True) | Q(status=StreamStatus.ACTIVE),
            ),
            models.CheckConstraint(
                name="stream_last_act_is_its_latest_time",
                condition=Q(last_act_at__gte=F("start_at"))
                & (Q(paused_at__isnull=True) | Q(last_act_at__gte=F("paused_at"))),
            ),
            models.CheckConstraint(
                name="stream_paused_has_time",
                condition=Q(status=StreamStatus.PAUSED, paused_at__isnull=False)
                | Q(~Q(status=StreamStatus.PAUSED), paused_at__isnull=True),
            ),
            models.CheckConstraint(
                name="stream_completed_in_full",
                condition=Q(
                    status=StreamStatus.COMPLETED,
                    completed_at__isnull=False,
                    released_amount=F("total_amount"),
                )
                | Q(~Q(status=StreamStatus.COMPLETED), completed_at__isnull=True),
            ),
            models.CheckConstraint(
                name="stream_with_nothing_left_is_completed",
                condition=Q(status=StreamStatus.COMPLETED) | ~Q(released_amount=F("total_amount")),
            ),
            models.CheckConstraint(
                name="stream_cancelled_has_time",
                condition=Q(status=StreamStatus.CANCELLED, cancelled_at__isnull=False)
                | Q(~Q(status=StreamStatus.CANCELLED), cancelled_at__isnull=True),
            ),
        ]
        indexes = [
            models.Index(
                name="streams_due",
                fields=["shard", "next_release_at"],
                condition=Q(status=StreamStatus.ACTIVE),
            ),
            # Only rows that no release rewrites any more.
            models.Index(
                name="streams_stopped",
                fields=["status", "created_at"],
                condition=~Q(status=StreamStatus.ACTIVE),
            ),
            models.Index(name="streams_parked", fields=["parked_at"], condition=Q(parked_at__isnull=False)),
        ]
        triggers = [
            status_trigger(STREAM_MOVES),
            pgtrigger.Trigger(
                name="has_the_short_number_of_its_task",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    SELECT short_number INTO NEW.short_number FROM tasks WHERE id = NEW.task_id;
                    RETURN NEW;
                """,
            ),
            pgtrigger.Protect(
                name="released_never_goes_back",
                operation=pgtrigger.Update,
                condition=pgtrigger.Q(new__released_amount__lt=pgtrigger.F("old__released_amount"))
                | pgtrigger.Q(new__sequence__lt=pgtrigger.F("old__sequence"))
                | pgtrigger.Q(new__last_act_at__lt=pgtrigger.F("old__last_act_at")),
            ),
        ]

    def __str__(self) -> str:
        return with_owner(f"stream {self.reference}", self, "task")
