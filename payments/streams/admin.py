from collections.abc import Sequence
from typing import Any

from django.contrib import admin

from gigstream.adminkit import (
    EMPTY,
    ContextLine,
    ReadOnlyAdmin,
    RowAction,
    Table,
    add_context,
    add_subjects,
    against,
    by_email,
    by_uuid,
    link_with_reference,
    show_on,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.search import by_parts, by_reference, by_related
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
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
    CoveredTask,
    LedgerEntry,
    Stream,
    Transaction,
)
from payments.streams.enums import STREAM_MOVES, StreamStatus
from payments.streams.services import streams
from payments.streams.services.overdue_streams import longest_pause
from platforms import services as platforms


def _effect_of_cancelling(stream: Stream) -> str:
    due = streams.vested_at(stream, database_now()) - stream.released_amount
    back = usdc(stream.remaining_amount - due)
    return (
        f"{usdc(due)}, which has vested, is paid at once, and {back} with its fee is the platform's again;"
        " so it is"
        " now, and each second moves it a little. The task is cancelled."
    )


def _context(rows: Sequence[Stream]) -> dict[Any, list[ContextLine]]:
    """Return the parties of the streams, and the amounts that each has released and owes now."""
    now = database_now()
    found = {}
    for stream in rows:
        due = streams.vested_at(stream, now) - stream.released_amount
        progress = f"{usdc(stream.released_amount)} of {usdc(stream.total_amount)}"
        lines = [
            ContextLine("Task", link_with_reference(stream.task) or EMPTY),
            ContextLine("Worker", link_with_reference(stream.worker) or EMPTY),
            ContextLine("Platform", link_with_reference(stream.platform) or EMPTY),
            ContextLine("Released", progress),
            ContextLine("Vested and not paid yet", usdc(due)),
        ]
        if stream.parked_at is not None:
            since = f"{stream.parked_at:%Y-%m-%d at %H:%M} UTC"
            text = f"since {since}, after {stream.release_failures} releases in a row that failed"
            lines.append(against("Not released any more", text))
        found[stream.pk] = lines
    return found


add_context(Stream, _context)
add_subjects(Stream, lambda stream: [("task", str(stream.task_id))])


# --- Streams ------------------------------------------------------------------------------------------------
@admin.register(Stream)
class StreamAdmin(ReadOnlyAdmin):
    list_display = (
        "task",
        "status",
        "worker",
        "progress",
        "released_amount",
        "total_amount",
        "next_release_at",
        "end_at",
        "platform",
        "release_failures",
    )
    list_select_related = ("task", "worker", "platform")
    page_select_related = (
        "worker_account__worker",
        "worker_account__platform",
        "escrow_account__worker",
        "escrow_account__platform",
    )
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
            {"fields": (("task", "status"), ("worker", "platform"))},
        ),
        (
            "Money",
            {
                "fields": (
                    ("released_amount", "remaining_amount", "total_amount"),
                    ("progress", "sequence", "release_failures"),
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
                ),
                "classes": ("collapse",),
            },
        ),
        (
            "Ids and technical data",
            {
                "fields": (
                    ("id", "shard"),
                    ("paid_from", "paid_to"),
                    ("first_total", "first_duration_seconds", "last_act_at"),
                    ("contract_address", "contract_stream_id"),
                    ("created_at", "updated_at"),
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
            effect=lambda stream: (
                "What has vested to the second is paid at once. Nothing vests while it is paused; the rest"
                f" stays in escrow. Its end moves by the pause; after {longest_pause().days} days of it the"
                " stream is cancelled and the rest goes back."
            ),
        ),
        RowAction(
            name="resume",
            label="Resume",
            done="resumed",
            run=lambda stream, reason: services.resume_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.status == StreamStatus.PAUSED,
            money=lambda stream: stream.remaining_amount,
            effect=lambda stream: "It vests on at the same rate; the time of the pause is never paid.",
        ),
        RowAction(
            name="take_up_again",
            label="Release again",
            done="released again",
            run=lambda stream, reason: services.release_parked_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.parked_at is not None,
            money=lambda stream: stream.remaining_amount,
            effect=lambda stream: (
                "What has vested since its last release is paid in one sum when the next run succeeds."
            ),
            note="Its release failed eight times in a row.",
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
            kind="task.cancel",
            effect=_effect_of_cancelling,
            note="Above the amount that you may give back alone, a second person approves it.",
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
    Table(
        CoveredTask,
        by="task",
        title="Payouts that carry its pay",
        columns=("created_at", "payout", "amount"),
        rows=lambda parts, stream: parts.filter(task=stream.task_id),
        key=lambda stream: stream.task_id,
        opened=True,
    ),
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
