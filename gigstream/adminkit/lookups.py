"""Lookups that the address of a list may contain: only those made by the list's own filters."""

from collections.abc import Iterable
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models.constants import LOOKUP_SEP

# The suffixes that Django's filters of choices, booleans, dates, emptiness and related rows add to a name.
_ENDINGS = ("", "exact", "in", "isnull", "isempty", "gte", "gt", "lte", "lt", "id__exact", "pk__exact")
# The year 9999 is left out: Python has no day after it.
_CALENDAR = {"year": range(1, 9999), "month": range(1, 13), "day": range(1, 32)}


def lookup_named(lookup: str, value: str, filters: Iterable[Any], calendar: str | None) -> bool:
    """Whether a filter of the list makes this lookup, or its calendar does with a number that a date has."""
    if lookup in {_join_lookup(_filter_name(one), end) for one in filters for end in _filter_endings(one)}:
        return True
    name, _, part = lookup.rpartition(LOOKUP_SEP)
    if not calendar or name != calendar:
        return False
    if part in _CALENDAR:
        return value.isascii() and value.isdigit() and len(value) < 5 and int(value) in _CALENDAR[part]
    return part in ("gte", "lt")


def _filter_name(one: Any) -> str:
    """Return the path of the column, or the parameter, that a filter of a list is for."""
    if isinstance(one, type) and issubclass(one, SimpleListFilter):
        return one.parameter_name or ""
    return str(one[0] if isinstance(one, list | tuple) else one)


def _filter_endings(one: Any) -> Iterable[str]:
    return ("",) if isinstance(one, type) and issubclass(one, SimpleListFilter) else _ENDINGS


def _join_lookup(name: str, end: str) -> str:
    return f"{name}{LOOKUP_SEP}{end}" if end else name
