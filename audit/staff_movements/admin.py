from django.contrib import admin
from django.utils.safestring import SafeString

from audit.log.action_registry import action_text
from audit.models import StaffMovement
from gigstream.adminkit import (
    NewestDates,
    Pair,
    ReadOnlyAdmin,
    by_number,
    by_text,
    names_of,
    pair_of,
)


@admin.register(StaffMovement)
class StaffMovementAdmin(ReadOnlyAdmin):
    """Money that members of staff have moved alone: it counts against their limit of 24 hours."""

    list_display = ("id", "created_at", "by", "done", "receiver", "amount")
    list_filter = (("created_at", NewestDates),)
    ordering = ("-id",)
    searches = (by_number("id"), by_text("staff", "receiver_id"))
    search_help_text = "number of a row, staff:number, or id of a worker or a platform"

    def named_pairs(self, row: StaffMovement) -> list[Pair]:
        return [(row.receiver_type, row.receiver_id), pair_of(row.staff)]

    @admin.display(description="action")
    def done(self, row: StaffMovement) -> str:
        return action_text(row.action)

    @admin.display(description="by")
    def by(self, row: StaffMovement) -> SafeString | str:
        return names_of(row).actor(row.staff)

    @admin.display(description="receiver")
    def receiver(self, row: StaffMovement) -> SafeString | str:
        return names_of(row).link(row.receiver_type, row.receiver_id)
