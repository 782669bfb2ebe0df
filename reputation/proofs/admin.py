"""Transactions and referrals for staff."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, by_email, by_uuid
from gigstream.adminkit.list_exports import Exports
from reputation.models import ChainProof, Referral


@admin.register(ChainProof)
class ChainProofAdmin(Exports, ReadOnlyAdmin):
    """Transactions that workers have named for quests."""

    list_display = ("created_at", "worker", "quest", "tx_hash", "status", "amount", "code")
    list_select_related = ("worker", "quest")
    list_filter = ("status",)
    belongs = ("worker", "quest", "event")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("worker_id"), by_uuid("quest_id"), by_email("worker__email"))
    search_help_text = "id of a worker or quest, or a worker's email"


@admin.register(Referral)
class ReferralAdmin(Exports, ReadOnlyAdmin):
    """Workers whom others have referred."""

    list_display = ("created_at", "worker", "referrer", "counted_at")
    list_select_related = ("worker", "referrer")
    belongs = ("worker", "referrer")
    ordering = ("-created_at", "-id")
    sortable_by = ("created_at",)
    searches = (by_uuid("worker_id"), by_uuid("referrer_id"), by_email("worker__email"))
    search_help_text = "id of a worker or a referrer, or a worker's email"
