from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q, Value

from gigstream.core.models import Changing, Common, GuardedQuerySet, is_readable
from gigstream.core.money import LARGEST, MoneyField
from gigstream.core.postgres.parts import parts_index
from gigstream.core.postgres.short_numbers import ShortNumberField, reference_field
from gigstream.core.states import append_only, status_trigger
from platforms.figures import reports  # noqa: F401 - the models of the views
from platforms.platforms.models import Platform
from platforms.tasks.enums import (
    TASK_MOVES,
    Fault,
    PartySide,
    PayoutStatus,
    TaskStatus,
    TaskType,
    WorkEventType,
)
from platforms.tasks.querysets import TaskQuerySet
from workers.models import Worker


class Task(Changing):
    """A gig: a piece of work and its pay. Moves through `TASK_MOVES`; after it has ended only a dispute or a
    rating changes it. `paid_amount` is set once, when the money side has closed."""

    short_number = ShortNumberField("tasks")
    reference = reference_field(Value("TA"))
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="tasks", db_index=False)
    worker = models.ForeignKey(
        Worker, on_delete=models.CASCADE, related_name="tasks", null=True, blank=True, db_index=False
    )
    external_task_id = models.CharField(max_length=120, null=True, blank=True)
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    task_type = models.CharField(max_length=16, choices=TaskType.choices)
    amount = MoneyField(help_text="the worker's pay in USDC, without the platform's fee")
    fee_bps = models.PositiveSmallIntegerField(help_text="the platform's rate when the task was posted")
    status = models.CharField(max_length=16, choices=TaskStatus.choices, default=TaskStatus.CREATED)
    due_at = models.DateTimeField(null=True, blank=True)
    assigned_at = models.DateTimeField(null=True, blank=True)
    assignment_number = models.PositiveSmallIntegerField(
        default=0, db_default=0, help_text="how often it was assigned; part of the keys of its entries"
    )
    started_at = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    cancelled_at = models.DateTimeField(null=True, blank=True)
    cancelled_by = models.CharField(
        max_length=16,
        choices=PartySide.choices,
        null=True,
        blank=True,
        help_text="the side that cancelled it",
    )
    at_fault = models.CharField(
        max_length=16, choices=Fault.choices, null=True, blank=True, help_text="once it is decided"
    )
    disputed_at = models.DateTimeField(null=True, blank=True, help_text="the last time it was disputed")
    duration_seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="time_based: how long the pay streams"
    )
    release_interval = models.PositiveIntegerField(
        null=True, blank=True, help_text="time_based: seconds between releases"
    )
    paid_amount = MoneyField(
        null=True, blank=True, help_text="total paid to the worker; set when the task's money closed"
    )
    payout_status = models.CharField(
        max_length=16,
        choices=PayoutStatus.choices,
        default=PayoutStatus.NONE,
        db_default=PayoutStatus.NONE,
        help_text="how much of the pay has reached the worker's wallet; follows from the worker's payouts",
    )
    paid_out_at = models.DateTimeField(
        null=True, blank=True, help_text="when the last of the pay had left; set exactly while it is paid"
    )
    verification_data = models.JSONField(default=dict, blank=True)
    completion_proof = models.JSONField(default=dict, blank=True)
    worker_rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="of the worker, 1-5")
    platform_rating = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="of the platform, 1-5"
    )
    metadata = models.JSONField(default=dict, blank=True)

    # The stored row, kept by the receivers while the task is being saved.
    _stored: dict[str, Any] | None = None

    objects = models.Manager.from_queryset(TaskQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "tasks"
        constraints = [
            models.UniqueConstraint(
                name="task_external_id_once_per_platform", fields=["platform", "external_task_id"]
            ),
            models.CheckConstraint(name="task_title_readable", condition=is_readable("title")),
            models.CheckConstraint(
                name="task_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="task_type_known", condition=Q(task_type__in=TaskType.values)),
            models.CheckConstraint(name="task_status_known", condition=Q(status__in=TaskStatus.values)),
            models.CheckConstraint(
                name="task_worker_once_assigned",
                condition=Q(worker__isnull=False) | Q(status__in=[TaskStatus.CREATED, TaskStatus.CANCELLED]),
            ),
            models.CheckConstraint(
                name="task_completed_has_time",
                condition=~Q(status=TaskStatus.COMPLETED)
                | Q(completed_at__isnull=False, paid_amount__isnull=False),
            ),
            models.CheckConstraint(
                name="task_cancelled_has_time",
                condition=~Q(status=TaskStatus.CANCELLED)
                | Q(cancelled_at__isnull=False, paid_amount__isnull=False),
            ),
            models.CheckConstraint(
                name="task_cancelled_by_known",
                condition=Q(cancelled_by__isnull=True)
                | Q(status=TaskStatus.CANCELLED, cancelled_by__in=PartySide.values),
            ),
            models.CheckConstraint(
                name="task_at_fault_once_ended",
                condition=Q(at_fault__isnull=True)
                | Q(
                    status__in=[TaskStatus.COMPLETED, TaskStatus.CANCELLED, TaskStatus.DISPUTED],
                    at_fault__in=Fault.values,
                ),
            ),
            models.CheckConstraint(
                name="task_due_after_posting",
                condition=Q(due_at__isnull=True) | Q(due_at__gt=F("created_at")),
            ),
            models.CheckConstraint(
                name="task_disputed_has_time",
                condition=~Q(status=TaskStatus.DISPUTED) | Q(disputed_at__isnull=False),
            ),
            models.CheckConstraint(
                name="task_paid_within_amount",
                condition=Q(paid_amount__isnull=True) | Q(paid_amount__gte=0, paid_amount__lte=F("amount")),
            ),
            models.CheckConstraint(
                name="task_payout_status_known", condition=Q(payout_status__in=PayoutStatus.values)
            ),
            models.CheckConstraint(
                name="task_paid_out_has_time",
                condition=Q(
                    payout_status=PayoutStatus.PAID, paid_out_at__isnull=False, paid_amount__isnull=False
                )
                | (~Q(payout_status=PayoutStatus.PAID) & Q(paid_out_at__isnull=True)),
            ),
            models.CheckConstraint(
                name="task_ratings_1_to_5",
                condition=(Q(worker_rating__isnull=True) | Q(worker_rating__range=(1, 5)))
                & (Q(platform_rating__isnull=True) | Q(platform_rating__range=(1, 5))),
            ),
            models.CheckConstraint(
                name="task_schedule_only_when_time_based",
                condition=Q(
                    task_type=TaskType.TIME_BASED,
                    duration_seconds__isnull=False,
                    duration_seconds__gt=0,
                    release_interval__isnull=False,
                    release_interval__gt=0,
                )
                | Q(
                    ~Q(task_type=TaskType.TIME_BASED),
                    duration_seconds__isnull=True,
                    release_interval__isnull=True,
                ),
            ),
            models.CheckConstraint(name="task_fee_in_range", condition=Q(fee_bps__range=(0, 10_000))),
        ]
        indexes = [
            models.Index(name="tasks_worker_created", fields=["worker", "created_at"]),
            models.Index(name="tasks_platform_created", fields=["platform", "created_at"]),
            models.Index(name="tasks_status_created", fields=["status", "created_at"]),
            models.Index(name="tasks_created", fields=["created_at"]),
            models.Index(name="tasks_amount_created", fields=["amount", "created_at"]),
            parts_index("tasks_by_parts_of_title", "title"),
            models.Index(name="tasks_completed", fields=["completed_at"]),
            # Percentiles are read from this index alone, so it holds all that they need.
            models.Index(
                "platform",
                "task_type",
                F("completed_at") - F("started_at"),
                name="tasks_by_time_taken",
                include=["started_at", "completed_at"],
                condition=Q(status=TaskStatus.COMPLETED),
            ),
            models.Index(
                name="tasks_under_way",
                fields=["platform", "task_type"],
                condition=Q(
                    status__in=[TaskStatus.IN_PROGRESS, TaskStatus.DISPUTED], paid_amount__isnull=True
                ),
            ),
        ]
        triggers = [
            status_trigger(TASK_MOVES),
            pgtrigger.Protect(
                name="worker_keeps_the_task",
                operation=pgtrigger.UpdateOf("worker_id"),
                # A worker who has not begun may go.
                condition=pgtrigger.Condition(
                    "OLD.worker_id IS NOT NULL AND OLD.worker_id IS DISTINCT FROM NEW.worker_id"
                    " AND NOT (NEW.worker_id IS NULL AND OLD.status = 'assigned' AND NEW.status = 'created')"
                ),
            ),
            # The platform's figures count by these columns, and would stay with the old terms.
            pgtrigger.Protect(
                name="terms_stay_as_posted",
                operation=pgtrigger.UpdateOf("platform_id", "task_type", "fee_bps"),
                condition=pgtrigger.AnyChange("platform", "task_type", "fee_bps"),
            ),
        ]

    def __str__(self) -> str:
        return self.title


class Milestone(models.Model):
    """A step of a milestone task. Fixed when the task is posted; `approved_at` is set once."""

    id = models.BigAutoField(primary_key=True)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="milestones", db_index=False)
    number = models.PositiveSmallIntegerField(help_text="1, 2, … in the order of approval")
    title = models.CharField(max_length=200)
    amount = MoneyField()
    approved_at = models.DateTimeField(null=True, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "milestones"
        ordering = ["task", "number"]
        constraints = [
            models.UniqueConstraint(name="milestone_number_once_per_task", fields=["task", "number"]),
            models.CheckConstraint(
                name="milestone_amount_positive", condition=Q(amount__gt=0, amount__lte=LARGEST)
            ),
            models.CheckConstraint(name="milestone_number_from_1", condition=Q(number__gte=1)),
            models.CheckConstraint(name="milestone_title_readable", condition=is_readable("title")),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class WorkEvent(Common):
    """A platform's report about a task. Never changes; a repeated report is this same row. Money follows from
    it: a ledger entry refers to at most one work event."""

    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="work_events", db_index=False)
    event_type = models.CharField(max_length=24, choices=WorkEventType.choices)
    external_id = models.CharField(max_length=120, null=True, blank=True, help_text="the platform's own id")
    event_date = models.DateField(null=True, blank=True)
    milestone_number = models.PositiveSmallIntegerField(null=True, blank=True)
    amount = MoneyField(null=True, blank=True, help_text="bonus: its amount")
    data = models.JSONField(default=dict, blank=True)

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "work_events"
        constraints = [
            models.UniqueConstraint(
                name="work_event_reported_once",
                fields=["task", "event_type", "external_id", "event_date"],
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                name="work_event_type_known", condition=Q(event_type__in=WorkEventType.values)
            ),
            models.CheckConstraint(
                name="work_event_bonus_has_amount",
                condition=Q(event_type=WorkEventType.BONUS, amount__isnull=False, amount__gt=0)
                | Q(~Q(event_type=WorkEventType.BONUS), amount__isnull=True),
            ),
            models.CheckConstraint(
                name="work_event_milestone_has_number",
                condition=Q(
                    event_type=WorkEventType.MILESTONE_REACHED,
                    milestone_number__isnull=False,
                    milestone_number__gte=1,
                )
                | Q(~Q(event_type=WorkEventType.MILESTONE_REACHED), milestone_number__isnull=True),
            ),
        ]
        indexes = [models.Index(name="work_events_created", fields=["created_at"])]
        triggers = [append_only()]

    def __str__(self) -> str:
        return f"{self.event_type} {self.external_id or ''}".strip()
