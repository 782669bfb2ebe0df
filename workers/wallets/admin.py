from django.contrib import admin

from gigstream.adminkit import (
    ReadOnlyAdmin,
    by_email,
    by_number,
    by_uuid,
)
from workers.models import (
    WalletChange,
    WalletNonce,
)


@admin.register(WalletChange)
class WalletChangeAdmin(ReadOnlyAdmin):
    list_display = (
        "id",
        "worker",
        "created_at",
        "effective_at",
        "notified_at",
        "applied_at",
        "dropped_at",
    )
    list_select_related = ("worker",)
    belongs = ("worker",)
    searches = (by_uuid("id", "worker_id"), by_email("worker__email"))
    search_help_text = "id of a change or worker, or a worker's email"


@admin.register(WalletNonce)
class WalletNonceAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "expires_at", "used_at")
    searches = (by_number("id"),)
