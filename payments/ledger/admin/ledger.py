from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.db import models
from django.db.models import Q
from django.urls import path
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from gigstream.adminkit import (
    ContextLine,
    NewestChoices,
    NewestDates,
    ReadOnlyAdmin,
    RowAction,
    add_context,
    by_email,
    by_number,
    by_text,
    by_uuid,
    link_to,
    link_with_reference,
    name_rows_by,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.adminkit.columns import secret_columns
from gigstream.adminkit.list_exports import Exports
from gigstream.adminkit.search import by_reference, by_related
from gigstream.core.money import usdc
from payments import services
from payments.ledger.admin.columns import (
    AccountOf,
    LoanOf,
    ReleasesOf,
    StreamOf,
    TaskOf,
    account_link,
    owner_of,
)
from payments.ledger.admin.manual import AdjustmentForm
from payments.ledger.enums import AccountName
from payments.models import (
    Account,
    Adjustment,
    CoveredParts,
    LedgerEntry,
    ReportedEarning,
)
from payments.statements.admin.statements import statement_page

# An earning that holds keep in parts is paid out by several payouts.
MOST_COVERING = 5


def _by_subject(model: type[models.Model], term: str) -> Q | None:
    """Look for a UUID among tasks and loans that have entries, and among reports that have led to some."""
    try:
        value = UUID(term)
    except ValueError:
        return None
    reported = ReportedEarning.objects.filter(work_event=value).values_list("entry", flat=True)
    return Q(subject_id=value, sequence__isnull=True) | Q(pk__in=list(reported))


def _context(rows: Sequence[Account]) -> dict[Any, list[ContextLine]]:
    """Return the owners of the accounts, and their balances."""
    return {
        account.pk: [
            ContextLine("Account", f"{AccountName(account.name).label.lower()}, number {account.pk}"),
            ContextLine("Of", link_with_reference(owner_of(account)) or "the house"),
            ContextLine("Balance", usdc(account.balance)),
        ]
        for account in rows
    }


add_context(Account, _context)
name_rows_by(Account, "name", "worker_id", "platform_id", "worker__full_name", "platform__name")


@admin.register(Account)
class AccountAdmin(ReadOnlyAdmin):
    list_display = ("id", "name", "owner", "balance", "oldest_part_at", "negative_since", "payout_count")
    list_select_related = ("worker", "platform")
    list_filter = ("name",)
    belongs = ("worker", "platform")
    searches = (
        by_number("id"),
        by_uuid("worker_id", "platform_id"),
        by_email("worker__email"),
        by_related("worker", by_reference()),
        by_related("platform", by_reference()),
    )
    search_help_text = "number of an account, id or reference of its worker or platform, or a worker's email"
    fieldsets = (
        (None, {"fields": ("id", "name", "owner", "balance", "may_go_below_zero")}),
        ("Since when", {"fields": (("oldest_part_at", "negative_since"), "payout_count")}),
    )
    actions = (
        RowAction(
            name="adjust",
            label="Move money out by an adjustment",
            done="requested",
            run=lambda account, **given: as_action_result(
                services.request_adjustment(debit_account=account.pk, **given)
            ),
            form=AdjustmentForm,
            kind="ledger.adjust",
            single=True,
            note="It is booked when a second person has approved it.",
        ),
    )

    def get_urls(self) -> list[Any]:
        page = self.admin_site.admin_view(statement_page)
        return [path("statement/<id:worker_id>/", page, name="payments_statement"), *super().get_urls()]

    @admin.display(description="owner")
    def owner(self, account: Account) -> SafeString | str | None:
        return link_to(owner_of(account)) or "house"


@admin.register(LedgerEntry)
class LedgerEntryAdmin(Exports, ReadOnlyAdmin):
    list_display = ("id", "created_at", "kind", "amount", "debit", "credit")
    list_select_related = (
        "debit_account__worker",
        "debit_account__platform",
        "credit_account__worker",
        "credit_account__platform",
    )
    list_filter = (
        AccountOf,
        TaskOf,
        StreamOf,
        ReleasesOf,
        LoanOf,
        ("kind", NewestChoices),
        ("created_at", NewestDates),
    )
    belongs = ("transaction",)
    ordering = ("-id",)
    searches = (
        by_number("id"),
        by_uuid("transaction_id"),
        _by_subject,
        by_text("idempotency_key"),
    )
    search_help_text = (
        "number or key of an entry, or id of a task, transaction, loan or work event; a stream's releases are"
        " listed on its page"
    )
    fieldsets = (
        (None, {"fields": (("kind", "amount"), "created_at", ("debit", "credit"), "paid_out_by")}),
        (
            "Belongs to",
            {"fields": (("subject", "sequence"), "transaction", "withheld_from", "work_event")},
        ),
        ("Ids and technical data", {"fields": (("id", "fact"),), "classes": ("collapse",)}),
    )
    export_more = (
        "debit_account__worker_id",
        "debit_account__platform_id",
        "credit_account__worker_id",
        "credit_account__platform_id",
    )
    debit = account_link("debit_account", "debit")
    credit = account_link("credit_account", "credit")

    @admin.display(description="paid out by")
    def paid_out_by(self, entry: LedgerEntry) -> SafeString | None:
        """Return the payouts that carry it, or to which it went otherwise."""
        covering = CoveredParts.objects.filter(
            account=entry.credit_account_id,
            given_back=False,
            last_part__gte=entry.pk,
            first_part__lte=entry.pk,
        )
        found = covering.select_related("entry__transaction").order_by("last_part", "pk")[:MOST_COVERING]
        parts = [link_to(one.entry.transaction or one.entry) for one in found]
        return format_html_join("", "<div>{}</div>", ((part,) for part in parts)) if parts else None

    @admin.display(description="fact")
    def fact(self, entry: LedgerEntry) -> str:
        """Return the name of the fact, which lets it be booked only once."""
        return entry.fact

    @admin.display(description="subject")
    def subject(self, entry: LedgerEntry) -> SafeString | str | None:
        if entry.subject is None:
            return None
        model = apps.get_model(entry.subject.kind.model)
        row = model._default_manager.filter(pk=entry.subject.id).defer(*secret_columns(model)).first()
        return link_to(row) or f"{entry.subject.kind.name} {entry.subject.id}"

    @admin.display(description="work event")
    def work_event(self, entry: LedgerEntry) -> str | None:
        """Return the id of the report that has led to it."""
        report = entry.reports.first()
        return str(report.work_event_id) if report else None


@admin.register(Adjustment)
class AdjustmentAdmin(ReadOnlyAdmin):
    list_display = ("entry", "requested_by", "approved_by", "reason")
    list_select_related = ("entry",)
    ordering = ("-entry",)
    searches = (by_number("entry_id"),)
    search_help_text = "number of the entry"
