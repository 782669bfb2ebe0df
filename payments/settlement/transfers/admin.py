"""Pages of calls to the provider and of its notifications."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_number, by_text, by_uuid, show_on
from payments.models import (
    ProviderNotification,
    SettlementAttempt,
    Transaction,
)

CALL_COLUMNS = (
    "number",
    "operation",
    "started_at",
    "milliseconds",
    "state",
    "error_class",
    "error_message",
)


@admin.register(SettlementAttempt)
class SettlementAttemptAdmin(ReadOnlyAdmin):
    list_display = (
        "started_at",
        "transaction",
        "number",
        "operation",
        "state",
        "error_class",
        "milliseconds",
        "error_message",
    )
    list_select_related = ("transaction",)
    list_filter = ("operation", "error_class", "service")
    belongs = ("transaction",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("transaction_id"))
    search_help_text = "number of an attempt, or id of a transaction"


@admin.register(ProviderNotification)
class ProviderNotificationAdmin(ReadOnlyAdmin):
    list_display = ("received_at", "provider", "status", "state", "transfer_id", "applied_at")
    list_filter = ("status", "provider")
    ordering = ("-id",)
    searches = (by_number("id"), by_text("transfer_id"))
    search_help_text = "number of an arrival, or the provider's id of a transfer"
    fields = (
        ("provider", "status"),
        ("received_at", "applied_at"),
        ("transfer_id", "state", "notification_id"),
        ("key_id", "signature"),
        "text",
    )

    @admin.display(description="body")
    def text(self, row: ProviderNotification) -> str:
        return bytes(row.body).decode(errors="replace")


show_on(
    Transaction,
    Table(
        SettlementAttempt,
        by="transaction",
        title="Calls to the provider",
        columns=CALL_COLUMNS,
        ordering=("number",),
    ),
)
