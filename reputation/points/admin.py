"""Points for staff: entries, balances and their order."""

from django.contrib import admin

from gigstream.adminkit import (
    OF_THE_HOUSE,
    ReadOnlyAdmin,
    RowAction,
    Table,
    by_email,
    by_number,
    by_uuid,
    show_on,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.list_exports import Exports
from platforms.models import Platform
from reputation.models import PointsBalance, PointsEntry
from reputation.points.enums import PointsKind
from reputation.points.services import request_reversal
from workers.models import Worker


@admin.register(PointsEntry)
class PointsEntryAdmin(Exports, ReadOnlyAdmin):
    """Entries of points; two members of staff reverse one."""

    list_display = (
        "created_at",
        "worker",
        "platform",
        "kind",
        "amount",
        "balance_after",
        "reason",
        "reverses",
    )
    list_select_related = ("worker", "platform", "reverses")
    list_filter = ("kind", "created_at")
    empty_words = OF_THE_HOUSE
    belongs = ("worker", "platform")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_number("id", "quest_event_id"),
        by_uuid("worker_id", "platform_id"),
        by_email("worker__email"),
    )
    search_help_text = "number of an entry or of an event, id of a worker or platform, or a worker's email"
    actions = (
        RowAction(
            name="reverse",
            label="Reverse",
            done="reversed",
            run=lambda entry, reason: as_action_result(request_reversal(entry_id=entry.pk, reason=reason)),
            when=lambda entry: entry.kind == PointsKind.GRANT,
            note="A second person approves it. The worker can read the reason.",
        ),
    )


@admin.register(PointsBalance)
class PointsBalanceAdmin(Exports, ReadOnlyAdmin):
    """Balances of points, the largest first: the leaderboard of all time."""

    list_display = ("worker", "platform", "balance", "updated_at")
    list_select_related = ("worker", "platform")
    empty_words = OF_THE_HOUSE
    belongs = ("worker", "platform")
    ordering = ("-balance", "worker")
    sortable_by = ("balance",)
    searches = (by_uuid("worker_id", "platform_id"), by_email("worker__email"))
    search_help_text = "id of a worker or platform, or a worker's email"


show_on(
    Worker,
    Table(PointsBalance, by="worker", columns=("platform", "balance", "updated_at")),
    Table(
        PointsEntry,
        by="worker",
        columns=("created_at", "platform", "kind", "amount", "balance_after", "reason"),
    ),
)
show_on(Platform, Table(PointsBalance, by="platform", columns=("worker", "balance", "updated_at")))
