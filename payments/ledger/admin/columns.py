from collections.abc import Callable
from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.adminkit import (
    BelongsTo,
    Table,
    isolate_text,
    link_to,
    show_on,
)
from payments.figures.admin.reports import PlatformPerformanceAdmin
from payments.figures.reports import PlatformPerformance
from payments.ledger.querysets import belong_to
from payments.ledger.subjects import LOAN, STREAM, TASK, SubjectKind
from payments.models import (
    Account,
    LedgerEntry,
    Stream,
    Transaction,
)
from platforms.models import Platform, Task
from workers.models import Worker


def owner_of(account: Account) -> models.Model | None:
    """Return the worker or platform that the account belongs to; None for the house."""
    return account.worker or account.platform


def account_link(name: str, label: str) -> Callable[[Any, Any], SafeString | str | None]:
    """Return a column that names an account and its owner, and links to it."""

    @admin.display(description=label)
    def show(self: Any, row: Any) -> SafeString | str | None:
        account = getattr(row, name)
        words = account.get_name_display().lower()
        return link_to(account, format_html("{} · {}", isolate_text(owner_of(account) or "house"), words))

    return show


# --- Accounts and the ledger --------------------------------------------------------------------------------
class AccountOf(BelongsTo):
    """Filter of the entries that moved the balance of an account, except an escrow account's releases, which
    are found through their streams: there they have an index."""

    title = "account"
    parameter_name = "account"

    def related(self, model_admin: Any) -> type[models.Model]:
        return Account

    def condition(self, value: Any) -> Q:
        return entries_of(value)


class SubjectOf(BelongsTo):
    """Filter of the entries that belong to a row of a kind."""

    kind: ClassVar[SubjectKind]

    def related(self, model_admin: Any) -> type[models.Model]:
        return apps.get_model(self.kind.model)

    def condition(self, value: Any) -> Q:
        return belong_to(self.kind, value)


class TaskOf(SubjectOf):
    title = "task"
    parameter_name = "task"
    kind = TASK


class StreamOf(SubjectOf):
    title = "stream"
    parameter_name = "stream"
    kind = STREAM


class ReleasesOf(admin.SimpleListFilter):
    """Filter of a stream's releases by their numbers, as in "61-120", which its timeline links to."""

    title = parameter_name = "releases"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        given = self.value() or ""
        return [(given, given)] if given else []

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        first, _, last = str(self.value()).partition("-")
        numbers = [int(one) for one in (first, last) if one.isascii() and one.isdigit() and len(one) < 10]
        return queryset.filter(sequence__range=numbers) if len(numbers) == 2 else queryset.none()


class LoanOf(SubjectOf):
    title = "loan"
    parameter_name = "loan"
    kind = LOAN


def entries_table(kind: SubjectKind, **more: Any) -> Table:
    """Return the table of the entries that belong to the row of a page."""
    return Table(
        LedgerEntry,
        by=kind.name,
        rows=lambda entries, row: entries.filter(belong_to(kind, row.pk)),
        **more,
    )


def entries_of(account: Any) -> Q:
    """Return the condition of an account's entries, in the terms of the two indexes."""
    return Q(credit_account=account) | Q(debit_account=account, sequence__isnull=True)


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
        opened=True,
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
    entries_table(TASK, columns=ENTRY_COLUMNS),
    Table(Transaction, by="task", columns=TRANSACTION_COLUMNS),
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
