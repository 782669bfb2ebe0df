"""Pages for staff over the reports of payments and the closed days."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from gigstream.adminkit import ReadOnlyAdmin, ReportAdmin, by_uuid
from gigstream.adminkit.list_exports import Exports
from gigstream.core.clock import database_now
from payments.figures.reports import ActiveStream, DailyTransactionSummary, PlatformPerformance
from payments.models import TransactionDay

LATE = timedelta(minutes=1)


class Lateness(admin.SimpleListFilter):
    """Filter for streams whose next release was due a minute ago or more."""

    title, parameter_name = "release", "release"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("late", "Late")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        return queryset.filter(next_release_at__lt=database_now() - LATE) if self.value() else queryset


@admin.register(ActiveStream)
class ActiveStreamAdmin(Exports, ReportAdmin):
    list_display = (
        "task_title",
        "worker_name",
        "platform_name",
        "progress_percent",
        "released_amount",
        "claimable_amount",
        "remaining_amount",
        "seconds_to_next_release",
        "end_at",
    )
    list_filter = (Lateness, "platform__is_active")
    date_hierarchy = "task__created_at"
    belongs = ("worker", "platform")
    searches = (by_uuid("stream_id", "task_id", "worker_id", "platform_id"),)
    search_help_text = "id of a stream, task, worker or platform"


@admin.register(PlatformPerformance)
class PlatformPerformanceAdmin(Exports, ReportAdmin):
    list_display = (
        "platform",
        "total_tasks",
        "open_tasks",
        "completed_tasks",
        "cancelled_tasks",
        "paid_amount",
        "bonus_amount",
        "quest_amount",
        "fee_amount",
        "unique_workers",
        "unique_workers_7_days",
        "unique_workers_30_days",
        "average_completion_seconds",
    )
    list_select_related = ("platform",)
    list_filter = ("platform__is_active",)
    date_hierarchy = "platform__created_at"
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


@admin.register(TransactionDay)
class TransactionDayAdmin(ReadOnlyAdmin):
    list_display = ("day", "type", "status", "transactions", "total_amount", "total_fees")
    list_filter = ("day", "type", "status")
    ordering = ("-day", "type", "status")


@admin.register(DailyTransactionSummary)
class DailyTransactionSummaryAdmin(Exports, ReportAdmin):
    list_display = (
        "day",
        "type",
        "status",
        "transactions",
        "total_amount",
        "total_fees",
        "average_amount",
    )
    list_filter = ("day", "type", "status")
    date_hierarchy = "day"
    ordering = ("-day", "type", "status")
