"""Streams, transfers, accounts and the ledger."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.urls import path
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from audit.exports import Exports
from audit.pages import told
from gigstream.lib.admin import (
    ActForm,
    BelongsTo,
    NewestChoices,
    NewestDates,
    ReadOnlyAdmin,
    Table,
    by_email,
    by_hash,
    by_number,
    by_text,
    by_uuid,
    each,
    isolated,
    link,
    shorter,
    show_on,
)
from gigstream.lib.money import usdc
from payments import services
from payments.admin.hand import AdjustmentForm
from payments.admin.holds import CancelForm
from payments.admin.reports import PlatformPerformanceAdmin
from payments.admin.statements import statement_page
from payments.enums import (
    OUTGOING,
    STREAM_MOVES,
    TO_WORKERS,
    UNDER_WAY,
    StreamStatus,
    TransactionStatus,
    TransactionType,
)
from payments.models import (
    Account,
    Adjustment,
    LedgerEntry,
    SandboxFault,
    SandboxTransfer,
    SandboxWallet,
    Stream,
    Transaction,
)
from payments.reports import PlatformPerformance
from payments.selectors import payout_parts
from payments.timeline import timeline
from platforms import services as platforms
from platforms.models import Platform, Task
from workers.models import Worker

SHOWN_PARTS = 20


def owner(account: Account) -> models.Model | None:
    """The worker or platform that the account belongs to; None for the house."""
    return account.worker or account.platform


def account_link(name: str, label: str) -> Callable[[Any, Any], SafeString | str | None]:
    """A column that says whose account it is and which, and links to it."""

    @admin.display(description=label)
    def show(self: Any, row: Any) -> SafeString | str | None:
        account = getattr(row, name)
        words = account.get_name_display().lower()
        return link(account, format_html("{} · {}", isolated(owner(account) or "house"), words))

    return show


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
    searches = (by_uuid("id", "task_id"), by_email("task__worker__email"))
    search_help_text = "id of a stream or task, or a worker's email"
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
        each(
            "pause",
            "Pause",
            "paused",
            lambda stream, reason: services.pause_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.status == StreamStatus.ACTIVE,
            money=lambda stream: stream.remaining_amount,
        ),
        each(
            "resume",
            "Resume",
            "resumed",
            lambda stream, reason: services.resume_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.status == StreamStatus.PAUSED,
            money=lambda stream: stream.remaining_amount,
        ),
        each(
            "take_up_again",
            "Release again",
            "released again",
            lambda stream, reason: services.release_parked_stream(stream_id=stream.pk, reason=reason),
            when=lambda stream: stream.parked_at is not None,
            money=lambda stream: stream.remaining_amount,
            note="Its release failed eight times in a row. The next tick tries it again.",
        ),
        each(
            "cancel",
            "Cancel",
            "cancelled",
            lambda stream, reason: told(platforms.cancel_or_ask(task_id=stream.task_id, reason=reason)),
            when=lambda stream: StreamStatus.CANCELLED in STREAM_MOVES[stream.status],
            money=lambda stream: stream.remaining_amount,
            note="What has vested is paid, the rest goes back; where that is more than one may give back"
            " alone, a second person approves it.",
        ),
    )

    paid_from = account_link("escrow_account", "paid from")
    paid_to = account_link("worker_account", "paid to")

    @admin.display(description="released")
    def progress(self, stream: Stream) -> str:
        return f"{int(100 * stream.released_amount / stream.total_amount)} %"


# --- Transfers ----------------------------------------------------------------------------------------------
@admin.register(Transaction)
class TransactionAdmin(Exports, ReadOnlyAdmin):
    list_display = (
        "created_at",
        "type",
        "status",
        "amount",
        "worker",
        "platform",
        "short_hash",
        "confirmations",
        "error_message",
    )
    list_select_related = ("worker", "platform", "task", "loan")
    list_filter = ("status", "type", "created_at")
    date_hierarchy = "created_at"
    belongs = ("worker", "platform", "task", "stream", "loan")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (
        by_uuid("id", "worker_id", "platform_id", "task_id", "stream_id", "loan_id"),
        by_email("worker__email"),
        by_hash("tx_hash"),
        by_text("circle_tx_id", "idempotency_key"),
    )
    search_help_text = "tx hash, id of a transaction or of what it belongs to, key, or a worker's email"
    fieldsets = (
        (None, {"fields": ("type", "status", "amount", "fee", "id")}),
        ("Belongs to", {"fields": (("worker", "platform"), ("task", "stream", "loan"))}),
        ("Covers, first in, first out", {"fields": ("covers",)}),
        (
            "On the chain",
            {
                "fields": (
                    "tx_hash",
                    ("block_number", "confirmations"),
                    ("from_wallet", "to_wallet"),
                    ("circle_tx_id", "provider_state"),
                )
            },
        ),
        ("What has happened", {"fields": ("happened",)}),
        (
            "The call to the provider",
            {
                "fields": (
                    "idempotency_key",
                    ("retry_count", "next_attempt_at"),
                    "not_before",
                    ("parked_at", "parked_reason"),
                    "error_message",
                )
            },
        ),
        ("Times", {"fields": (("created_at", "submitted_at"), ("confirmed_at", "ended_at"))}),
        ("Metadata", {"fields": ("metadata",), "classes": ("collapse",)}),
    )
    actions = (
        each(
            "cancel",
            "Cancel payout",
            "cancelled",
            lambda payout, **given: services.cancel_payout(transaction_id=payout.pk, **given),
            form=CancelForm,
            when=lambda payout: payout.type in TO_WORKERS and payout.status == TransactionStatus.PENDING,
            money=lambda payout: payout.amount,
            note="The money is the worker's again. It is held, until another person ends the hold or its days"
            " are over, unless you have it paid again. The worker reads the reason.",
        ),
        each(
            "stop",
            "Stop withdrawal",
            "stopped",
            lambda row, reason: services.stop_withdrawal(transaction_id=row.pk, reason=reason),
            when=lambda row: (
                row.type == TransactionType.WITHDRAWAL and row.status == TransactionStatus.PENDING
            ),
            money=lambda row: row.amount,
        ),
        each(
            "release",
            "Let a withdrawal go at once",
            "released",
            lambda row, reason: told(
                services.ask_to_release_withdrawal(transaction_id=row.pk, reason=reason)
            ),
            when=lambda row: (
                row.type == TransactionType.WITHDRAWAL and row.status == TransactionStatus.PENDING
            ),
            money=lambda row: row.amount,
        ),
        each(
            "offer_again",
            "Take up again what is parked",
            "taken up again",
            lambda payout, reason: services.offer_again(transaction_id=payout.pk, reason=reason),
            when=lambda payout: payout.next_attempt_at is None and payout.status in UNDER_WAY,
            money=lambda payout: payout.amount,
        ),
        each(
            "look_for",
            "Look for it at the provider",
            "looked for",
            lambda payout: services.look_for(transaction_id=payout.pk),
            form=ActForm,
            when=lambda payout: payout.type in OUTGOING and payout.status == TransactionStatus.PENDING,
            money=lambda payout: payout.amount,
        ),
        each(
            "accelerate",
            "Offer it to the chain at a higher price",
            "offered again",
            lambda payout, reason: services.accelerate_payout(transaction_id=payout.pk, reason=reason),
            when=lambda payout: payout.status == TransactionStatus.SUBMITTED,
            money=lambda payout: payout.amount,
        ),
        each(
            "ask_to_cancel",
            "Ask the provider to drop it",
            "asked to be dropped",
            lambda payout, reason: services.cancel_transfer(transaction_id=payout.pk, reason=reason),
            when=lambda payout: payout.status == TransactionStatus.SUBMITTED,
            money=lambda payout: payout.amount,
        ),
    )

    @admin.display(description="in order")
    def happened(self, row: Transaction) -> SafeString:
        return format_html_join(
            "",
            "<div>{} {}</div>",
            ((f"{one.at:%Y-%m-%d %H:%M:%S}", one.text) for one in timeline(row)),
        )

    @admin.display(description="tx hash")
    def short_hash(self, row: Transaction) -> str | None:
        return shorter(row.tx_hash)

    @admin.display(description="earnings")
    def covers(self, row: Transaction) -> SafeString | None:
        if row.type != TransactionType.PAYOUT:
            return None
        parts = payout_parts(row.pk, most=SHOWN_PARTS)
        lines = format_html_join(
            "", "<div>{} of {}</div>", ((usdc(part.amount), link(part.entry)) for part in parts)
        )
        more = parts.total - SHOWN_PARTS
        return format_html("{}<div>and {} more</div>", lines, more) if more > 0 else lines


@admin.register(SandboxWallet)
class SandboxWalletAdmin(ReadOnlyAdmin):
    list_display = ("owner", "address", "funded", "reserved", "next_nonce")
    ordering = ("owner",)
    sortable_by = ()
    searches = (by_uuid("id", "idempotency_key"),)
    search_help_text = "id or key"


@admin.register(SandboxFault)
class SandboxFaultAdmin(ReadOnlyAdmin):
    list_display = ("call", "kind", "about", "after", "times")
    ordering = ("pk",)
    sortable_by = ()


@admin.register(SandboxTransfer)
class SandboxTransferAdmin(ReadOnlyAdmin):
    list_display = ("accepted_at", "amount", "to_wallet", "block_number", "tx_hash", "fate", "failure")
    ordering = ("-accepted_at",)
    sortable_by = ("accepted_at",)
    searches = (by_uuid("id", "idempotency_key"), by_hash("tx_hash"))
    search_help_text = "id, key or tx hash"


# --- Accounts and the ledger --------------------------------------------------------------------------------
class AccountOf(BelongsTo):
    """Keeps the entries that moved the balance of one account, except an escrow account's releases: those
    are found through their streams, which is where they have an index."""

    title = "account"
    parameter_name = "account"

    def related(self, model_admin: Any) -> type[models.Model]:
        return Account

    def condition(self, value: Any) -> Q:
        return entries_of(value)


class StreamOf(BelongsTo):
    """Keeps the releases of one stream."""

    title = "stream"
    parameter_name = "stream"

    def condition(self, value: Any) -> Q:
        return releases_of(value)


def entries_of(account: Any) -> Q:
    """What an account's entries fulfil, in the words of the two indexes."""
    return Q(credit_account=account) | Q(debit_account=account, sequence__isnull=True)


def releases_of(stream: Any) -> Q:
    """What a stream's releases fulfil, in the words of their index."""
    return Q(stream=stream, sequence__isnull=False)


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "owner", "balance", "oldest_part_at", "negative_since", "payout_count")
    list_select_related = ("worker", "platform")
    list_filter = ("name",)
    belongs = ("worker", "platform")
    searches = (by_number("id"), by_uuid("worker_id", "platform_id"), by_email("worker__email"))
    search_help_text = "number of an account, id of its worker or platform, or a worker's email"
    fieldsets = (
        (None, {"fields": ("id", "name", "owner", "balance", "may_go_below_zero")}),
        ("Since when", {"fields": (("oldest_part_at", "negative_since"), "payout_count")}),
    )
    actions = (
        each(
            "adjust",
            "Move money out of it by an adjustment",
            "asked for",
            lambda account, **given: told(services.ask_to_adjust(debit_account=account.pk, **given)),
            form=AdjustmentForm,
            money=lambda account: account.balance,
            single=True,
            note="It is booked when a second person has approved it.",
        ),
    )

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(statement_page)
        return [path("statement/<id:worker_id>/", page, name="payments_statement"), *super().get_urls()]

    @admin.display(description="owner")
    def owner(self, account: Account) -> SafeString | str | None:
        return link(owner(account)) or "house"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "created_at", "kind", "amount", "debit", "credit")
    list_select_related = (
        "debit_account__worker",
        "debit_account__platform",
        "credit_account__worker",
        "credit_account__platform",
    )
    list_filter = (AccountOf, StreamOf, ("kind", NewestChoices), ("created_at", NewestDates))
    belongs = ("task", "transaction", "loan")
    ordering = ("-id",)
    searches = (
        by_number("id"),
        by_uuid("task_id", "transaction_id", "loan_id", "work_event_id"),
        by_text("idempotency_key"),
    )
    search_help_text = (
        "number or key of an entry, or id of a task, transaction, loan or work event; a stream's releases are"
        " listed on its page"
    )
    fieldsets = (
        (None, {"fields": ("id", "created_at", "kind", "amount", "debit", "credit", "fact")}),
        ("Belongs to", {"fields": ("task", ("stream", "sequence"), "transaction", "loan", "work_event")}),
    )
    export_more = (
        "debit_account__worker_id",
        "debit_account__platform_id",
        "credit_account__worker_id",
        "credit_account__platform_id",
    )
    debit = account_link("debit_account", "debit")
    credit = account_link("credit_account", "credit")

    @admin.display(description="fact")
    def fact(self, entry: LedgerEntry) -> str:
        """The key that lets it be booked only once."""
        return entry.idempotency_key or f"stream:{entry.stream_id}:{entry.sequence}"


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    list_display = ("entry", "requested_by", "approved_by", "reason")
    list_select_related = ("entry",)
    ordering = ("-entry",)
    searches = (by_number("entry_id"),)
    search_help_text = "number of the entry"


# --- What hangs on the pages of this and the lower floors ---------------------------------------------------
def _releases(entries: QuerySet, stream: Any) -> QuerySet:
    return entries.filter(releases_of(stream))


ENTRY_COLUMNS = ("created_at", "kind", "amount", "debit", "credit")
TRANSACTION_COLUMNS = ("created_at", "type", "status", "amount", "short_hash", "confirmations")
STREAM_COLUMNS = ("status", "released_amount", "total_amount", "progress", "next_release_at", "end_at")

show_on(
    Worker,
    Table(Account, by="worker", columns=("name", "balance", "oldest_part_at", "negative_since")),
    Table(
        Stream,
        by="task__worker",
        columns=("task", *STREAM_COLUMNS),
        ordering=("-task__created_at",),
        limit=10,
    ),
    Table(
        Transaction,
        by="worker",
        title="Payouts and other transactions",
        columns=(*TRANSACTION_COLUMNS, "error_message"),
        limit=10,
    ),
)
show_on(
    Platform,
    Table(Account, by="platform", columns=("name", "balance", "oldest_part_at")),
    Table(PlatformPerformance, by="platform", columns=PlatformPerformanceAdmin.list_display[1:]),
    Table(
        Stream,
        by="task__platform",
        columns=("task", *STREAM_COLUMNS),
        ordering=("-task__created_at",),
        limit=10,
    ),
    Table(Transaction, by="platform", columns=TRANSACTION_COLUMNS, limit=10),
)
show_on(
    Task,
    Table(Stream, by="task", title="Stream", columns=(*STREAM_COLUMNS, "sequence")),
    Table(LedgerEntry, by="task", columns=ENTRY_COLUMNS),
    Table(Transaction, by="task", columns=TRANSACTION_COLUMNS),
)
show_on(
    Stream,
    Table(
        LedgerEntry,
        by="stream",
        title="Releases",
        columns=("sequence", *ENTRY_COLUMNS),
        ordering=("-sequence",),
        rows=_releases,
    ),
    Table(
        LedgerEntry,
        by="task",
        title="Other ledger entries of its task",
        columns=ENTRY_COLUMNS,
        rows=lambda entries, stream: entries.filter(task=stream.task_id),
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
show_on(Transaction, Table(LedgerEntry, by="transaction", columns=(*ENTRY_COLUMNS, "fact")))
show_on(
    Account,
    Table(
        LedgerEntry,
        by="account",
        title="Ledger entries (releases out of escrow are with their streams)",
        columns=(*ENTRY_COLUMNS, "fact"),
        rows=lambda entries, account: entries.filter(entries_of(account)),
    ),
)
