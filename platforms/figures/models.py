from datetime import timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q

from gigstream.core.models import GuardedQuerySet
from gigstream.core.money import MoneyField
from gigstream.core.people.row_names import loaded_name, with_owner
from platforms.figures import reports  # noqa: F401 - the models of the views
from platforms.platforms.models import Platform
from platforms.tasks.enums import TaskType
from workers.models import Worker


class Engagement(models.Model):
    """A platform and a worker who have ever worked together, with their counted tasks. Derived: written only
    by `update_platform_statistics`."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(
        Platform, on_delete=models.CASCADE, related_name="engagements", db_index=False
    )
    worker = models.ForeignKey(Worker, on_delete=models.CASCADE, related_name="engagements")
    open_tasks = models.PositiveIntegerField(default=0)
    finished_tasks = models.PositiveIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_assigned_at = models.DateTimeField(
        null=True, help_text="when the worker last got a task of the platform"
    )
    paid_amount = MoneyField(
        default=Decimal(0), db_default=Decimal(0), help_text="for tasks whose money has closed"
    )
    small_pay = MoneyField(
        default=Decimal(0),
        db_default=Decimal(0),
        help_text="the part of it for completed tasks that paid less than 1 USDC each",
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()
    unguarded = models.Manager()

    class Meta:
        db_table = "engagements"
        constraints = [
            models.UniqueConstraint(name="engagement_once_per_pair", fields=["platform", "worker"]),
            models.CheckConstraint(name="engagement_times_in_order", condition=Q(first_at__lte=F("last_at"))),
        ]
        indexes = [models.Index(name="engagements_lately", fields=["platform", "last_assigned_at"])]

    def __str__(self) -> str:
        return (
            " · ".join(filter(None, (loaded_name(self, "platform"), loaded_name(self, "worker"))))
            or "engagement"
        )


class TaskTally(models.Model):
    """A platform's tasks of a type, counted by status and summed up. Derived: written only by
    `update_platform_statistics`, so that a summary of all tasks need not read them."""

    id = models.BigAutoField(primary_key=True)
    platform = models.ForeignKey(Platform, on_delete=models.CASCADE, related_name="tallies", db_index=False)
    task_type = models.CharField(max_length=16, choices=TaskType.choices)
    # Not checked to be positive: an upsert proposes the change, not the sum.
    created_tasks = models.IntegerField(default=0)
    assigned_tasks = models.IntegerField(default=0)
    in_progress_tasks = models.IntegerField(default=0)
    completed_tasks = models.IntegerField(default=0)
    disputed_tasks = models.IntegerField(default=0)
    cancelled_tasks = models.IntegerField(default=0)
    paid_amount = MoneyField(default=Decimal(0), help_text="to workers, for tasks whose money has closed")
    fee_amount = MoneyField(default=Decimal(0), help_text="taken on that pay")
    took = models.DurationField(
        default=timedelta(0), help_text="all completed tasks, from start to completion"
    )

    objects = models.Manager.from_queryset(GuardedQuerySet)()

    class Meta:
        db_table = "task_tallies"
        verbose_name_plural = "task tallies"
        constraints = [
            models.UniqueConstraint(name="task_tally_once_per_type", fields=["platform", "task_type"]),
            models.CheckConstraint(name="task_tally_type_known", condition=Q(task_type__in=TaskType.values)),
        ]

    def __str__(self) -> str:
        return with_owner(f"{self.task_type} tasks", self, "platform")
