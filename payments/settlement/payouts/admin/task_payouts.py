"""Pages of the pay that payouts carry, by task and by platform."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_number, by_uuid, show_on
from payments.models import CoveredTask, PlatformPayout, Transaction
from platforms.models import Platform, Task


@admin.register(CoveredTask)
class CoveredTaskAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "task", "payout", "entry", "amount", "pay")
    list_select_related = ("task", "payout", "entry")
    belongs = ("task", "payout", "entry")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("task_id", "payout_id"), by_number("entry_id"))
    search_help_text = "id of a task or a payout, or number of the entry that took it"


@admin.register(PlatformPayout)
class PlatformPayoutAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "platform", "payout", "amount", "task_count")
    list_select_related = ("platform", "payout")
    belongs = ("platform", "payout")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("platform_id", "payout_id"),)
    search_help_text = "id of a platform or a payout"


show_on(
    Transaction,
    Table(PlatformPayout, by="payout", title="Platforms", columns=("platform", "amount", "task_count")),
    Table(
        CoveredTask,
        by="payout",
        title="Tasks that it pays",
        columns=("task", "amount", "pay"),
        ordering=("id",),
        opened=True,
    ),
)
show_on(
    Task,
    Table(CoveredTask, by="task", title="Paid out", columns=("created_at", "payout", "amount"), opened=True),
)
show_on(
    Platform,
    Table(
        PlatformPayout,
        by="platform",
        title="Payouts to its workers",
        columns=("created_at", "payout", "amount", "task_count"),
        limit=10,
    ),
)
