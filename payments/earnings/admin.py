"""Pages of the pay that reports of work have led to, and of the sums of rewards."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_number, by_uuid, show_on
from payments.models import LedgerEntry, PlatformRewards, ReportedEarning
from platforms.models import WorkEvent


@admin.register(ReportedEarning)
class ReportedEarningAdmin(ReadOnlyAdmin):
    list_display = ("id", "work_event", "entry")
    list_select_related = ("work_event", "entry")
    belongs = ("work_event", "entry")
    ordering = ("-id",)
    sortable_by = ()
    searches = (by_uuid("work_event_id"), by_number("id", "entry_id"))
    search_help_text = "id of a work event, or number of the entry that it led to"


@admin.register(PlatformRewards)
class PlatformRewardsAdmin(ReadOnlyAdmin):
    list_display = ("platform", "bonus_amount", "bonus_fee", "quest_amount", "quest_fee")
    list_select_related = ("platform",)
    belongs = ("platform",)
    searches = (by_uuid("platform_id"),)
    search_help_text = "platform id"


show_on(WorkEvent, Table(ReportedEarning, by="work_event", title="Pay", columns=("entry",)))
show_on(LedgerEntry, Table(ReportedEarning, by="entry", title="Reported by", columns=("work_event",)))
