from django.contrib import admin
from django.utils.safestring import SafeString

from audit.models import Notice, NoticePreference
from audit.notices.kind_registry import find_notice_kind
from gigstream.adminkit import EMPTY, Pair, ReadOnlyAdmin, by_number, by_text, names_of, pair_of


def _kind_text(name: str) -> str:
    kind = find_notice_kind(name)
    return kind.label if kind else name


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Notices of all members of staff, for who looks into what somebody could know; the own notices have a
    page of their own."""

    list_display = ("created_at", "reader", "what", "subject", "words", "way", "read_at", "lettered_at")
    list_filter = ("kind", "way", ("read_at", admin.EmptyFieldListFilter))
    ordering = ("-id",)
    searches = (by_number("id"), by_text("subject_id", "recipient"))
    search_help_text = "number of a notice, id of its row, or staff:number"

    def named_pairs(self, row: Notice) -> list[Pair]:
        return [(row.subject_type, row.subject_id), pair_of(row.recipient)]

    @admin.display(description="for")
    def reader(self, row: Notice) -> SafeString | str:
        return names_of(row).actor(row.recipient)

    @admin.display(description="what")
    def what(self, row: Notice) -> str:
        return _kind_text(row.kind)

    @admin.display(description="about")
    def subject(self, row: Notice) -> SafeString | str:
        return names_of(row).link(row.subject_type, row.subject_id) or EMPTY


@admin.register(NoticePreference)
class NoticePreferenceAdmin(ReadOnlyAdmin):
    list_display = ("chosen_at", "person", "what", "way")
    list_filter = ("kind", "way")
    ordering = ("-chosen_at", "-id")
    searches = (by_number("id"), by_text("member"))
    search_help_text = "staff:number"

    def named_pairs(self, row: NoticePreference) -> list[Pair]:
        return [pair_of(row.member)]

    @admin.display(description="member of staff")
    def person(self, row: NoticePreference) -> SafeString | str:
        return names_of(row).actor(row.member)

    @admin.display(description="kind")
    def what(self, row: NoticePreference) -> str:
        return _kind_text(row.kind)
