"""Pages of the pay that reports of work have led to."""

from django.contrib import admin

from gigstream.adminkit import ReadOnlyAdmin, Table, by_number, by_uuid, show_on
from payments.models import LedgerEntry, ReportedEarning
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


show_on(WorkEvent, Table(ReportedEarning, by="work_event", title="Pay", columns=("entry",)))
show_on(LedgerEntry, Table(ReportedEarning, by="entry", title="Reported by", columns=("work_event",)))
