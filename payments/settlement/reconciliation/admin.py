from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.claims.services import claimed_by_column
from audit.log.context import current_actor
from audit.log.enums import ActorType
from gigstream.adminkit import (
    EMPTY,
    ContextLine,
    Pair,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    add_context,
    against,
    by_uuid,
    isolate_text,
    link_with_reference,
    names_of,
)
from payments import services
from payments.models import Discrepancy, Reconciliation, Transaction
from payments.settlement.reconciliation.enums import DiscrepancyBucket


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "ended_at", "since", "matched", "discrepancies", "treasury")
    ordering = ("-id",)
    sortable_by = ()


class ExplainForm(ReasonForm):
    resolved = forms.BooleanField(required=False, label="It is settled: close the discrepancy")
    field_order = ("reason", "resolved")


# Meaning of each kind of discrepancy for the money.
MEANINGS = {
    DiscrepancyBucket.AMOUNT_DIFFERS: "the provider or the chain has another amount than the ledger",
    DiscrepancyBucket.MISSING_THERE: "the ledger has a transfer that the provider or the chain does not know",
    DiscrepancyBucket.MISSING_HERE: "the provider or the chain has a transfer that the ledger does not know",
    DiscrepancyBucket.STATE_DIFFERS: "it has ended there in another way than here",
    DiscrepancyBucket.LATE: "it is not settled after the usual time",
    DiscrepancyBucket.TREASURY: "our wallets hold another sum than the ledger expects",
}


def _context(rows: Sequence[Discrepancy]) -> dict[Any, list[ContextLine]]:
    """Return the difference, as each of the three sides has it, and the owner of the transfer."""
    return {
        row.pk: [
            against("Means", MEANINGS[DiscrepancyBucket(row.bucket)]),
            ContextLine("Transfer", link_with_reference(row.transaction) or "none of ours"),
            *([ContextLine("Of", _owner(row.transaction))] if row.transaction else ()),
            *(
                ContextLine(label, isolate_text(_side(values)))
                for label, values in (("Ledger", row.ours), ("Provider", row.theirs), ("Chain", row.chain))
            ),
            ContextLine("Seen last", f"{row.last_seen_at:%Y-%m-%d at %H:%M} UTC", on_card=False),
            *([ContextLine("Noted before", isolate_text(row.note))] if row.note else ()),
        ]
        for row in rows
    }


def _owner(row: Transaction) -> SafeString | str:
    return link_with_reference(row.worker or row.platform) or EMPTY


def _side(values: Any) -> str:
    """Return the values of one side, in words."""
    if not values:
        return "nothing"
    if not isinstance(values, dict):
        return str(values)
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in values.items())


add_context(Discrepancy, _context)


@admin.register(Discrepancy)
class DiscrepancyAdmin(ReadOnlyAdmin):
    actions = (
        RowAction(
            name="explain",
            label="Explain",
            done="explained",
            run=lambda row, reason, resolved: services.explain_discrepancy(
                discrepancy_id=row.pk, note=reason, by=current_actor().id, resolved=resolved
            ),
            form=ExplainForm,
            when=lambda row: row.resolved_at is None,
            effect=lambda row: "No money moves: your words and, if it is settled, its end are on record.",
            note="The next reconciliation opens a closed discrepancy again if it still finds it.",
        ),
    )
    list_display = ("created_at", "bucket", "subject", "transaction", "holder", "last_seen_at", "resolved_at")
    list_select_related = ("transaction__worker", "transaction__platform")
    list_filter = ("bucket", ("resolved_at", admin.EmptyFieldListFilter))
    belongs = ("transaction",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "transaction_id"),)
    search_help_text = "id of a discrepancy or of a transaction"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(claimed_by=claimed_by_column("discrepancy"))

    def named_pairs(self, row: Any) -> list[Pair]:
        return [(str(ActorType.STAFF), row.claimed_by or "")]

    @admin.display(description="claimed by")
    def holder(self, row: Any) -> SafeString | str:
        return names_of(row).link(ActorType.STAFF, row.claimed_by) if row.claimed_by else EMPTY
