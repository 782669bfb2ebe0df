from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from audit.log.admin import Subject
from audit.models import PersonalChange
from gigstream.adminkit import EMPTY, Pair, ReadOnlyAdmin, by_text, by_uuid, names_of, pair_of
from gigstream.core.people import masking


@admin.register(PersonalChange)
class PersonalChangeAdmin(ReadOnlyAdmin):
    """Corrections of names and contacts, with the values that the log does not keep."""

    list_display = ("created_at", "resource", "field", "old", "new", "reason", "by")
    list_filter = (Subject,)
    ordering = ("-created_at", "-id")
    searches = (by_uuid("id"), by_text("resource_id"))
    search_help_text = "id of a worker or a platform"
    fields = (("created_at", "resource"), "field", ("old", "new"), "reason", "by")

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        """Read the values with the rows: the list shows them."""
        return super().get_queryset(request).defer(None)

    def named_pairs(self, row: PersonalChange) -> list[Pair]:
        return [(row.resource_type, row.resource_id), pair_of(row.changed_by)]

    @admin.display(description="of")
    def resource(self, row: PersonalChange) -> SafeString | str:
        return names_of(row).link(row.resource_type, row.resource_id)

    @admin.display(description="old value")
    def old(self, row: PersonalChange) -> str:
        return masking.mask_value(row.field, row.old_value) or EMPTY

    @admin.display(description="new value")
    def new(self, row: PersonalChange) -> str:
        return masking.mask_value(row.field, row.new_value) or EMPTY

    @admin.display(description="corrected by")
    def by(self, row: PersonalChange) -> SafeString | str:
        return names_of(row).actor(row.changed_by)
