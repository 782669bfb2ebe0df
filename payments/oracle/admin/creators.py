"""Creators' numbers on the chain, and the gas that they cost."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_hash, by_number, by_uuid, shorten_id, show_on
from payments.models import CreatorSync, GasAlarm, GasSpending, OperationCreator
from platforms.models import CreatorProfile

NUMBERS = ("plays", "followers", "likes", "listeners", "revenue")


@admin.register(CreatorSync)
class CreatorSyncAdmin(ReadOnlyAdmin):
    list_display = ("creator", *NUMBERS, "synced_at", "operation", "differs_at", "left_out")
    list_select_related = ("creator", "operation")
    list_filter = (("differs_at", admin.EmptyFieldListFilter), ("operation", admin.EmptyFieldListFilter))
    belongs = ("creator", "operation")
    ordering = ("-created_at", "-id")
    searches = (by_uuid("id", "creator_id", "operation_id"),)
    search_help_text = "id of a creator or of an operation"
    fields = (
        "creator",
        NUMBERS,
        ("synced_at", "confirmed_by"),
        ("operation", "differs_at"),
        "left_out",
    )


@admin.register(OperationCreator)
class OperationCreatorAdmin(ReadOnlyAdmin):
    list_display = ("operation", "position", "creator", *NUMBERS)
    list_select_related = ("operation", "creator")
    belongs = ("operation", "creator")
    ordering = ("-pk",)
    searches = (by_uuid("operation_id", "creator_id"),)
    search_help_text = "id of an operation or of a creator"


@admin.register(GasSpending)
class GasSpendingAdmin(ReadOnlyAdmin):
    list_display = (
        "spent_at",
        "operation",
        "round",
        "fee",
        "gas_used",
        "gas_price",
        "saved_gas",
        "short_hash",
        "block_number",
    )
    list_select_related = ("operation",)
    list_filter = ("provider",)
    date_hierarchy = "spent_at"
    belongs = ("operation",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("operation_id"), by_hash("tx_hash"))
    search_help_text = "number, id of an operation, or tx hash"

    @admin.display(description="tx hash")
    def short_hash(self, row: GasSpending) -> str | None:
        return shorten_id(row.tx_hash)


@admin.register(GasAlarm)
class GasAlarmAdmin(ReadOnlyAdmin):
    list_display = ("month", "raised_at", "spent", "budget")
    ordering = ("-month",)


show_on(
    CreatorProfile,
    Table(
        CreatorSync,
        by="creator",
        title="On the chain",
        columns=(*NUMBERS, "synced_at", "operation", "differs_at"),
    ),
)
