from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_hash, by_number, by_text, by_uuid, show_on
from payments.models import SignedCall, SignedVersion, SignerAccount


@admin.register(SignerAccount)
class SignerAccountAdmin(ReadOnlyAdmin):
    list_display = ("address", "next_nonce")
    ordering = ("address",)


@admin.register(SignedCall)
class SignedCallAdmin(ReadOnlyAdmin):
    list_display = ("created_at", "nonce", "function", "contract", "gas_limit", "mined_at")
    list_filter = (("mined_at", admin.EmptyFieldListFilter),)
    ordering = ("-created_at", "-id")
    sortable_by = ()
    searches = (by_number("nonce"), by_uuid("id", "idempotency_key"), by_text("contract"))
    search_help_text = "nonce, id or key of a call, or address of a contract"
    fields = (
        ("created_at", "mined_at"),
        ("account", "nonce"),
        ("contract", "function"),
        ("gas_limit", "idempotency_key"),
    )


@admin.register(SignedVersion)
class SignedVersionAdmin(ReadOnlyAdmin):
    list_display = ("signed_at", "call", "number", "max_fee", "priority_fee", "is_empty", "tx_hash")
    list_select_related = ("call",)
    ordering = ("-id",)
    searches = (by_hash("tx_hash"), by_uuid("call_id"))
    search_help_text = "tx hash, or id of a call"


show_on(
    SignedCall,
    Table(
        SignedVersion,
        by="call",
        title="Versions that were signed",
        columns=("number", "signed_at", "max_fee", "priority_fee", "is_empty", "tx_hash"),
        ordering=("number",),
    ),
)
