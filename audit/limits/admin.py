from collections.abc import Sequence
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Max, QuerySet
from django.http import HttpRequest

from audit.limits import services as limits
from audit.models import LimitChange
from gigstream.adminkit import (
    EMPTY,
    ContextLine,
    ReadOnlyAdmin,
    ReasonForm,
    RowAction,
    add_context,
    add_subjects,
    by_number,
    by_text,
)
from gigstream.adminkit.approval_results import as_action_result


class LimitForm(ReasonForm):
    value = forms.CharField(
        required=False, max_length=32, help_text="Left empty, the value of the environment holds again."
    )
    field_order = ("value", "reason")


class Holding(admin.SimpleListFilter):
    """The whole history, or only the values that hold now."""

    title, parameter_name = "time", "when"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("now", "Now")]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self.value():
            return queryset
        newest = LimitChange.objects.values("name").annotate(newest=Max("id"))
        return queryset.filter(pk__in=newest.values("newest"))


def _context(rows: Sequence[LimitChange]) -> dict[Any, list[ContextLine]]:
    """Return the meaning of the limits, and their values now."""
    known = limits.all_limits()
    named = [known[row.name] for row in rows if row.name in known]
    values = dict(zip([limit.name for limit in named], limits.values_of(*named), strict=True))
    return {
        row.pk: [
            ContextLine("Limit", known[row.name].words),
            ContextLine("Now", f"{values[row.name]:f} {known[row.name].unit}"),
            ContextLine("By the environment", f"{known[row.name].default()} {known[row.name].unit}"),
        ]
        for row in rows
        if row.name in known
    }


add_context(LimitChange, _context)
add_subjects(LimitChange, lambda row: [("limit", row.name)])


@admin.register(LimitChange)
class LimitChangeAdmin(ReadOnlyAdmin):
    list_display = ("name", "words", "set_to", "changed_by", "changed_at", "approval")
    list_select_related = ("approval",)
    list_filter = (Holding,)
    ordering = ("-id",)
    searches = (by_number("id"), by_text("name"))
    search_help_text = "name of a limit, or number of a change"
    actions = (
        RowAction(
            name="set",
            label="Change the limit",
            done="requested",
            run=lambda row, value, reason: as_action_result(
                limits.request_change(name=row.name, value=value, reason=reason)
            ),
            form=LimitForm,
            kind="limit.change",
            effect=lambda row: (
                "It holds from the next run of each job on. What was done before stays as it is."
            ),
            single=True,
            note="It changes when a second person has approved it.",
        ),
    )

    @admin.display(description="meaning")
    def words(self, row: LimitChange) -> str:
        known = limits.all_limits().get(row.name)
        return known.words if known else EMPTY

    @admin.display(description="set to")
    def set_to(self, row: LimitChange) -> str:
        known = limits.all_limits().get(row.name)
        unit, default = (known.unit, known.default()) if known else ("", EMPTY)
        return f"{default} {unit}, by the environment" if row.value is None else f"{row.value} {unit}"
