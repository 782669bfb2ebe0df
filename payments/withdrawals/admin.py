"""Addresses of platforms' withdrawals, for staff."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_hash, by_number, by_uuid, show_on
from platforms.models import Platform
from platforms.withdrawal_addresses.models import WithdrawalAddress


@admin.register(WithdrawalAddress)
class WithdrawalAddressAdmin(ReadOnlyAdmin):
    """Addresses that platforms have proved, with the times from which they hold."""

    list_display = ("id", "platform", "address", "created_at", "holds_from")
    list_select_related = ("platform",)
    belongs = ("platform",)
    ordering = ("-id",)
    searches = (by_number("id"), by_uuid("platform_id"), by_hash("address"))
    search_help_text = "number of a row, id of a platform, or an address"


show_on(
    Platform,
    Table(WithdrawalAddress, by="platform", columns=("address", "created_at", "holds_from"), limit=3),
)
