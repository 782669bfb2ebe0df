from collections.abc import Sequence
from typing import ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gigstream.adminkit import ReadOnlyAdmin, ReportAdmin, by_email, by_uuid
from gigstream.adminkit.list_exports import Exports
from gigstream.adminkit.search import Search
from platforms.figures.reports import TaskCompletionStats
from platforms.models import (
    Engagement,
    TaskTally,
)
from platforms.tasks.enums import TaskStatus


class PairAdmin(ReadOnlyAdmin):
    list_select_related = ("platform", "worker")
    belongs = ("platform", "worker")
    searches: ClassVar[Sequence[Search]] = (by_uuid("platform_id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a platform or worker, or a worker's email"


@admin.register(Engagement)
class EngagementAdmin(PairAdmin):
    list_display = ("platform", "worker", "open_tasks", "finished_tasks", "first_at", "last_at")


@admin.register(TaskTally)
class TaskTallyAdmin(ReadOnlyAdmin):
    list_display = (
        "platform",
        "task_type",
        *(f"{status}_tasks" for status in TaskStatus.values),
        "paid_amount",
        "fee_amount",
        "took",
    )
    list_select_related = ("platform",)
    list_filter = ("task_type",)
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


@admin.register(TaskCompletionStats)
class TaskCompletionStatsAdmin(Exports, ReportAdmin):
    list_display = (
        "platform",
        "task_type",
        "total_tasks",
        "open_tasks",
        "completed_tasks",
        "cancelled_tasks",
        "disputed_tasks",
        "success_rate",
        "average_seconds",
    )
    list_select_related = ("platform",)
    list_filter = ("task_type", "platform__is_active")
    date_hierarchy = "platform__created_at"
    belongs = ("platform",)
    ordering = ("platform", "task_type")
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[TaskCompletionStats]:
        """Leave the percentiles, which cost more than all the rest, to the rows that show them."""
        return super().get_queryset(request).defer("median_seconds", "p95_seconds")
