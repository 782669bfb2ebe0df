"""Pages of assignments: those of the reader, and all."""

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.utils.html import format_html
from django.utils.safestring import SafeString

from audit.notes.admin.visibility import AboutVisible
from audit.notes.enums import AssignmentState
from audit.notes.models import Assignment
from audit.notes.selectors import UNFINISHED, overdue_only, with_overdue
from gigstream.adminkit import EMPTY, Pair, by_number, by_text, names_of, pair_of
from gigstream.core.people.staff_names import actor_text

WHOSE, STATE, MINE, UNDONE = "whose", "at", "mine", "undone"


class Whose(admin.SimpleListFilter):
    """Assignments of the reader, or those that the reader has given to others."""

    title, parameter_name = "person", WHOSE

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(MINE, "assigned to me"), ("given", "assigned by me to others")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        user: Any = request.user
        me = actor_text(user)
        if self.value() == MINE:
            return queryset.filter(assignee=me)
        if self.value() == "given":
            return queryset.filter(~Q(assignee=me), assigned_by=me)
        return queryset


class State(admin.SimpleListFilter):
    """Assignments that are not done, those that are overdue, or those in a state."""

    title, parameter_name = "state", STATE

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, str]]:
        return [(UNDONE, "not done"), ("overdue", "overdue"), *AssignmentState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        value = self.value()
        if value == UNDONE:
            return queryset.filter(UNFINISHED)
        if value == "overdue":
            return overdue_only(queryset)
        return queryset.filter(state=value) if value in AssignmentState.values else queryset


@admin.register(Assignment)
class AssignmentAdmin(AboutVisible):
    """Objects that are assigned to members of staff, the next due first."""

    list_display = ("due", "subject", "person", "progress", "reason", "giver", "changed_at")
    list_filter = (Whose, State)
    ordering = ("due_on", "id")
    fields = (("person", "giver"), "subject", ("progress", "due"), "reason", ("assigned_at", "changed_at"))
    searches = (by_number("id"), by_text("subject_id", "assignee"))
    search_help_text = "id of an object, or a member of staff, as in staff:4"
    nothing_words = "Nothing is assigned."

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.mine)
        return [path("mine/", view, name="audit_assignment_mine"), *super().get_urls()]

    def mine(self, request: HttpRequest) -> HttpResponse:
        """Show what is assigned to the reader and not done, unless the address says otherwise."""
        given = request.GET.copy()
        for name, value in ((WHOSE, MINE), (STATE, UNDONE)):
            given.setdefault(name, value)
        narrowed: Any = request
        narrowed.GET = given
        return self.changelist_view(request, {"title": "Assigned to me"})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return with_overdue(super().get_queryset(request))

    def named_pairs(self, row: Assignment) -> list[Pair]:
        return [(row.subject_type, row.subject_id), pair_of(row.assignee), pair_of(row.assigned_by)]

    @admin.display(description="due", ordering="due_on")
    def due(self, row: Any) -> SafeString | str:
        if row.due_on is None:
            return "no date"
        day = f"{row.due_on:%Y-%m-%d}"
        if not row.is_overdue:
            return day
        return format_html('{} <span class="badge badge-overdue">overdue</span>', day)

    @admin.display(description="what")
    def subject(self, row: Assignment) -> SafeString | str:
        return names_of(row).link(row.subject_type, row.subject_id)

    @admin.display(description="assigned to")
    def person(self, row: Assignment) -> SafeString | str:
        return names_of(row).actor(row.assignee)

    @admin.display(description="assigned by")
    def giver(self, row: Assignment) -> SafeString | str:
        return names_of(row).actor(row.assigned_by) or EMPTY

    @admin.display(description="state")
    def progress(self, row: Assignment) -> SafeString:
        tone = {AssignmentState.OPEN: "open", AssignmentState.DONE: "ok"}
        mark = tone.get(AssignmentState(row.state), "waiting")
        return format_html('<span class="badge badge-{}">{}</span>', mark, row.get_state_display())
