from django import forms
from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, ReasonForm, RowAction, by_hash, by_number, by_uuid, shorten_id
from gigstream.adminkit.approval_results import as_action_result
from payments import services
from payments.models import (
    ChainCursor,
    ObservedTransfer,
)
from payments.settlement.deposits.enums import ObservedStatus


@admin.register(ChainCursor)
class ChainCursorAdmin(ReadOnlyAdmin):
    list_display = ("token", "block_number", "block_hash", "updated_at")


class CreditForm(ReasonForm):
    platform = forms.UUIDField(label="Platform", help_text="its id")
    field_order = ("platform", "reason")


@admin.register(ObservedTransfer)
class ObservedTransferAdmin(ReadOnlyAdmin):
    list_display = (
        "seen_at",
        "status",
        "amount",
        "platform",
        "short_hash",
        "log_index",
        "block_number",
        "note",
    )
    list_select_related = ("platform",)
    list_filter = ("status",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_number("id"), by_hash("tx_hash"), by_uuid("transaction_id"))
    search_help_text = "number, tx hash, or id of the deposit"
    actions = (
        RowAction(
            name="credit",
            label="Credit it to a platform",
            done="requested",
            run=lambda row, platform, reason: as_action_result(
                services.request_credit(observed_id=row.pk, platform_id=platform, reason=reason)
            ),
            form=CreditForm,
            when=lambda row: row.status == ObservedStatus.UNKNOWN_PLATFORM,
            money=lambda row: row.amount,
            note="It is credited when a second person has approved it.",
        ),
    )

    @admin.display(description="tx hash")
    def short_hash(self, row: ObservedTransfer) -> str | None:
        return shorten_id(row.tx_hash)
