"""Lookups that the address of a list may carry: those that the list's own filters make."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models.constants import LOOKUP_SEP

# The ends that Django's filters of choices, yes and no, dates, emptiness and related rows put on a name.
_ENDS = ("", "exact", "in", "isnull", "isempty", "gte", "gt", "lte", "lt", "id__exact", "pk__exact")
# Of the calendar: the last day is the one before the year that Python cannot count.
_CALENDAR = {"year": range(1, 9999), "month": range(1, 13), "day": range(1, 32)}


def lookup_named(lookup: str, value: str, filters: Iterable[Any], calendar: str | None) -> bool:
    """Whether a filter of the list makes this lookup, or its calendar does with a number that a date has."""
    if lookup in {_joined(_name(one), end) for one in filters for end in _ends(one)}:
        return True
    name, _, part = lookup.rpartition(LOOKUP_SEP)
    if not calendar or name != calendar:
        return False
    if part in _CALENDAR:
        return value.isascii() and value.isdigit() and len(value) < 5 and int(value) in _CALENDAR[part]
    return part in ("gte", "lt")


def _name(one: Any) -> str:
    """Return the path of the column, or the parameter, that a filter of a list is for."""
    if isinstance(one, type) and issubclass(one, SimpleListFilter):
        return one.parameter_name or ""
    return str(one[0] if isinstance(one, list | tuple) else one)


def _ends(one: Any) -> Iterable[str]:
    return ("",) if isinstance(one, type) and issubclass(one, SimpleListFilter) else _ENDS


def _joined(name: str, end: str) -> str:
    return f"{name}{LOOKUP_SEP}{end}" if end else name
