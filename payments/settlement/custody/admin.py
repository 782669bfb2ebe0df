from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, by_uuid
from payments.models import (
    WalletOrder,
)


@admin.register(WalletOrder)
class WalletOrderAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "owner", "made_at", "calls", "next_attempt_at", "error_message")
    list_filter = (("made_at", admin.EmptyFieldListFilter),)
    ordering = ("-created_at", "key")
    sortable_by = ()
    searches = (by_uuid("key", "worker_id", "platform_id"),)
    search_help_text = "key of an order, or id of a worker or platform"
