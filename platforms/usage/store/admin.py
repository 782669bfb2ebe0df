"""The place of raw events for staff: the events that wait for the store, and who has switched."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, by_number
from platforms.models import UsageStoreBatch, UsageStoreSwitch


@admin.register(UsageStoreBatch)
class UsageStoreBatchAdmin(ReadOnlyAdmin):
    """Events that wait to be written to the store of raw events."""

    list_display = ("id", "receipt", "events")
    list_select_related = ("receipt",)
    ordering = ("id",)
    searches = (by_number("id", "receipt_id"),)
    search_help_text = "number of a row, or of a receipt's row"


@admin.register(UsageStoreSwitch)
class UsageStoreSwitchAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "mode", "decided_by", "reason")
    list_filter = ("mode",)
    ordering = ("-id",)
    searches = (by_number("id"),)
    search_help_text = "number of a switch"
