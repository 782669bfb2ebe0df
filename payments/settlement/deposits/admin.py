from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin

from gigstream.adminkit import (
    EMPTY,
    ContextLine,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    add_context,
    against,
    by_hash,
    by_number,
    by_uuid,
    shorten_id,
)
from gigstream.adminkit.approval_results import as_action_result
from gigstream.core.money import usdc
from gigstream.core.people import masking
from payments import services
from payments.models import (
    ChainCursor,
    ObservedTransfer,
)
from payments.settlement.deposits.enums import ObservedStatus
from platforms.models import Platform


@admin.register(ChainCursor)
class ChainCursorAdmin(ReadOnlyAdmin):
    list_display = ("token", "block_number", "block_hash", "updated_at")


class CreditForm(ReasonForm):
    platform = forms.ModelChoiceField(Platform.objects.none())
    field_order = ("platform", "reason")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["platform"]
        chosen.queryset = Platform.objects.filter(deleted_at=None).order_by("name").only("name")


def _context(rows: Sequence[ObservedTransfer]) -> dict[Any, list[ContextLine]]:
    """Return amount, sender and receiver, as the chain shows them."""
    return {
        row.pk: [
            ContextLine("Arrived", f"{usdc(row.amount)} in block {row.block_number}"),
            ContextLine("From", masking.mask_value("from_wallet", row.from_wallet) or EMPTY),
            ContextLine("To", masking.mask_value("to_wallet", row.to_wallet) or EMPTY),
            ContextLine("Chain transaction", row.tx_hash),
            *([against("Kept because", row.note)] if row.note else ()),
        ]
        for row in rows
    }


add_context(ObservedTransfer, _context)


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
                services.request_credit(observed_id=row.pk, platform_id=platform.pk, reason=reason)
            ),
            form=CreditForm,
            kind="deposit.credit_observed",
            when=lambda row: row.status == ObservedStatus.UNKNOWN_PLATFORM,
            money=lambda row: row.amount,
            note="It is credited when a second person has approved it.",
        ),
    )

    @admin.display(description="tx hash")
    def short_hash(self, row: ObservedTransfer) -> str | None:
        return shorten_id(row.tx_hash)
