from django.contrib import admin

from audit.models import AuditSeal
from gigstream.adminkit import (
    ReadOnlyAdmin,
    by_hash,
    by_number,
    by_text,
)


@admin.register(AuditSeal)
class AuditSealAdmin(ReadOnlyAdmin):
    list_display = ("id", "created_at", "before_transaction", "row_count", "hash")
    searches = (by_number("id", "before_transaction"), by_hash("hash"), by_text("hash", "previous_hash"))
    search_help_text = "number or hash of a seal"
