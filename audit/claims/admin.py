from django.contrib import admin
from django.utils.safestring import SafeString

from audit.log.enums import ActorType
from audit.models import Claim
from gigstream.adminkit import (
    EMPTY,
    Pair,
    ReadOnlyAdmin,
    by_number,
    by_text,
    names_of,
)


@admin.register(Claim)
class ClaimAdmin(ReadOnlyAdmin):
    list_display = ("claimed_at", "subject", "holder", "reason", "ended_at", "ender")
    list_filter = ("subject_type", ("ended_at", admin.EmptyFieldListFilter))
    searches = (by_number("id"), by_text("subject_id", "claimed_by"))
    search_help_text = "number of a claim, id of an item, or of a member of staff"

    def named_pairs(self, row: Claim) -> list[Pair]:
        people = (row.claimed_by, row.ended_by)
        return [(row.subject_type, row.subject_id), *((str(ActorType.STAFF), key) for key in people)]

    @admin.display(description="item")
    def subject(self, row: Claim) -> SafeString | str:
        return names_of(row).link(row.subject_type, row.subject_id)

    @admin.display(description="claimed by")
    def holder(self, row: Claim) -> SafeString | str:
        return names_of(row).link(ActorType.STAFF, row.claimed_by)

    @admin.display(description="ended by")
    def ender(self, row: Claim) -> SafeString | str:
        return names_of(row).link(ActorType.STAFF, row.ended_by) if row.ended_by else EMPTY
