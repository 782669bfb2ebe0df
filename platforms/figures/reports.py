"""Database views of the app, as models that are only read."""

from django.db import models

from gigstream.core.postgres.reports import Report
from platforms.tasks.enums import TaskType


class TaskCompletionStats(Report):
    """Outcomes of a platform's tasks of a type. Every platform has a row for each of the three types.

    Completed tasks are timed from start to completion, time in dispute included; the median and the 95th
    percentile are interpolated. Times are NULL while nothing has been completed.
    """

    id = models.CharField(primary_key=True, max_length=60, help_text="platform:task_type")
    platform = models.ForeignKey(
        "platforms.Platform", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    task_type = models.CharField(max_length=16, choices=TaskType.choices)
    total_tasks = models.PositiveIntegerField()
    open_tasks = models.PositiveIntegerField(help_text="created, assigned or in progress")
    completed_tasks = models.PositiveIntegerField()
    cancelled_tasks = models.PositiveIntegerField()
    disputed_tasks = models.PositiveIntegerField(help_text="in dispute now")
    success_rate = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        help_text="percent: completed of completed, cancelled and disputed; 0 while there are none",
    )
    average_seconds = models.DecimalField(max_digits=15, decimal_places=3, null=True)
    median_seconds = models.DecimalField(max_digits=15, decimal_places=3, null=True)
    p95_seconds = models.DecimalField(
        max_digits=15, decimal_places=3, null=True, help_text="95 of 100 completed tasks took no longer"
    )

    class Meta(Report.Meta):
        db_table = "task_completion_stats_view"
        verbose_name = "task completion statistics"
        verbose_name_plural = "task completion statistics"

    def __str__(self) -> str:
        return self.id
