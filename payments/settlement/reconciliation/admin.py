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
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    by_uuid,
    link_by_kind,
)
from payments import services
from payments.models import (
    Discrepancy,
    Reconciliation,
)


@admin.register(Reconciliation)
class ReconciliationAdmin(ReadOnlyAdmin):
    list_display = ("started_at", "ended_at", "since", "matched", "discrepancies", "treasury")
    ordering = ("-id",)
    sortable_by = ()


class ExplainForm(ReasonForm):
    resolved = forms.BooleanField(required=False, label="It is settled: close the discrepancy")
    field_order = ("reason", "resolved")


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
            note="The next reconciliation opens a closed discrepancy again if it still finds it.",
        ),
    )
    list_display = ("created_at", "bucket", "subject", "transaction", "holder", "last_seen_at", "resolved_at")
    list_select_related = ("transaction",)
    list_filter = ("bucket", ("resolved_at", admin.EmptyFieldListFilter))
    belongs = ("transaction",)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_uuid("id", "transaction_id"),)
    search_help_text = "id of a discrepancy or of a transaction"

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        return super().get_queryset(request).annotate(claimed_by=claimed_by_column("discrepancy"))

    @admin.display(description="claimed by")
    def holder(self, row: Any) -> SafeString | str:
        return link_by_kind(ActorType.STAFF, row.claimed_by) if row.claimed_by else EMPTY
