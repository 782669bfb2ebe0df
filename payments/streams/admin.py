from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, RowAction, Table, by_email, by_uuid, show_on
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.search import by_parts, by_reference, by_related
from payments import services
from payments.ledger.admin.columns import (
    ENTRY_COLUMNS,
    TRANSACTION_COLUMNS,
    account_link,
    entries_table,
)
from payments.ledger.querysets import belong_to
from payments.ledger.subjects import STREAM, TASK
from payments.models import (
    LedgerEntry,
    Stream,
    Transaction,
)
from payments.streams.enums import STREAM_MOVES, StreamStatus
from platforms import services as platforms


# --- Streams ------------------------------------------------------------------------------------------------
@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    list_display = (
        "task",
        "status",
        "worker",
        "platform",
        "released_amount",
        "total_amount",
        "progress",
        "next_release_at",
        "end_at",
        "release_failures",
    )
    list_select_related = ("task", "worker", "platform")
    list_filter = ("status", ("parked_at", admin.EmptyFieldListFilter))
    belongs = ("task", "task__worker", "task__platform")
    searches = (
        by_reference("task__reference"),
        by_uuid("id", "task_id"),
        by_email("task__worker__email"),
        by_related("task", by_parts("title")),
        by_related("task__worker", by_parts("full_name")),
    )
    search_help_text = "reference, parts of the task's title or the worker's name, worker's email, or an id"
    fieldsets = (
        (
            None,
            {"fields": ("status", "task", ("worker", "platform"), "id")},
        ),
        (
            "Money",
            {
                "fields": (
                    ("released_amount", "remaining_amount", "total_amount"),
                    ("progress", "sequence", "release_failures"),
                    ("paid_from", "paid_to"),
                )
            },
        ),
        (
            "Schedule",
            {
                "fields": (
                    ("start_at", "end_at"),
                    ("duration_seconds", "release_interval"),
                    ("next_release_at", "paused_at", "paused_for"),
                    ("parked_at", "completed_at", "cancelled_at"),
                    ("first_total", "first_duration_seconds", "last_act_at"),
                )
            },
        ),
        (
            "More",
            {
                "fields": (
                    ("contract_address", "contract_stream_id"),
                    ("created_at", "updated_at", "shard"),
                    "metadata",
                ),
                "classes": ("collapse",),
            },
        ),
    )
    actions = (
        RowAction(
            name="pause",
            label="Pause",
            done="paused",
            run=lambda stream, reason: services.pause_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.status == StreamStatus.ACTIVE,
            money=lambda stream: stream.remaining_amount,
        ),
        RowAction(
            name="resume",
            label="Resume",
            done="resumed",
            run=lambda stream, reason: services.resume_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.status == StreamStatus.PAUSED,
            money=lambda stream: stream.remaining_amount,
        ),
        RowAction(
            name="take_up_again",
            label="Release again",
            done="released again",
            run=lambda stream, reason: services.release_parked_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.parked_at is not None,
            money=lambda stream: stream.remaining_amount,
            note="Its release failed eight times in a row. The next tick tries it again.",
        ),
        RowAction(
            name="cancel",
            label="Cancel",
            done="cancelled",
            run=lambda stream, reason: as_action_result(
                platforms.cancel_or_request(task_id=stream.task_id, reason=reason)
            ),
            when=lambda stream: StreamStatus.CANCELLED in STREAM_MOVES[stream.status],
            money=lambda stream: stream.remaining_amount,
            note="The vested part is paid, the rest goes back; above the amount that you may give back"
            " alone, a second person approves it.",
        ),
    )

    paid_from = account_link("escrow_account", "paid from")
    paid_to = account_link("worker_account", "paid to")

    @admin.display(description="released")
    def progress(self, stream: Stream) -> str:
        return f"{int(100 * stream.released_amount / stream.total_amount)} %"


# --- Tables on the pages of streams -------------------------------------------------------------------------
show_on(
    Stream,
    entries_table(STREAM, title="Releases", columns=("sequence", *ENTRY_COLUMNS), ordering=("-sequence",)),
    Table(
        LedgerEntry,
        by="task",
        title="Other ledger entries of its task",
        columns=ENTRY_COLUMNS,
        rows=lambda entries, stream: entries.filter(belong_to(TASK, stream.task_id)),
        key=lambda stream: stream.task_id,
    ),
    Table(
        Transaction,
        by="task",
        columns=TRANSACTION_COLUMNS,
        rows=lambda transactions, stream: transactions.filter(task=stream.task_id),
        key=lambda stream: stream.task_id,
    ),
)
