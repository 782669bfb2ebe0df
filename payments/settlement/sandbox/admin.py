from django.contrib import admin

from gigstream.adminkit import (
    ReadOnlyAdmin,
    by_hash,
    by_uuid,
)
from payments.models import (
    SandboxFault,
    SandboxTransfer,
    SandboxWallet,
)


@admin.register(SandboxWallet)
class SandboxWalletAdmin(ReadOnlyAdmin):
    list_display = ("owner", "address", "funded", "reserved", "next_nonce")
    ordering = ("owner",)
    sortable_by = ()
    searches = (by_uuid("id", "idempotency_key"),)
    search_help_text = "id or key"


@admin.register(SandboxFault)
class SandboxFaultAdmin(ReadOnlyAdmin):
    list_display = ("call", "kind", "about", "after", "times")
    ordering = ("pk",)
    sortable_by = ()


@admin.register(SandboxTransfer)
class SandboxTransferAdmin(ReadOnlyAdmin):
    list_display = ("accepted_at", "amount", "to_wallet", "block_number", "tx_hash", "fate", "failure")
    ordering = ("-accepted_at",)
    sortable_by = ("accepted_at",)
    searches = (by_uuid("id", "idempotency_key"), by_hash("tx_hash"))
    search_help_text = "id, key or tx hash"
