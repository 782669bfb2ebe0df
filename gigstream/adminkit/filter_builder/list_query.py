"""The conditions and the order that an address gives a list, and refusals of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest, QueryDict

from gigstream.adminkit.filter_builder.columns import FilterColumn, Kind, offered_columns
from gigstream.adminkit.filter_builder.conditions import (
    MOST_NAMED,
    Condition,
    InvalidCondition,
    crossed_ranges,
)
from gigstream.core.people import masking

SORT = "sort"
VIEW = "view"
_LONGEST_SHOWN = 40


@dataclass
class ListQuery:
    """Conditions of a list that hold, joined by AND, its order, and why others are refused."""

    columns: Mapping[str, FilterColumn]
    conditions: list[Condition] = field(default_factory=list)
    sort: str = ""
    refusals: list[str] = field(default_factory=list)

    @property
    def sorted_by(self) -> FilterColumn | None:
        """The column that orders the list, where the address names one."""
        return self.columns[self.sort.removeprefix("-")] if self.sort else None

    @property
    def unserved(self) -> list[FilterColumn]:
        """The columns whose conditions, or whose order, no index serves."""
        found = [one.column for one in self.conditions if not one.is_served]
        if self.sorted_by is not None and not self.sorted_by.is_indexed:
            found.append(self.sorted_by)
        return list(dict.fromkeys(found))

    def as_q(self) -> Q:
        """Return all conditions for a query."""
        return Q(*(one.as_q() for one in self.conditions))


def is_own(name: str) -> bool:
    """Whether a parameter of an address belongs to the filter builder: Django's have no dots."""
    return name in (SORT, VIEW) or "." in name


def condition_names(given: Mapping[str, Any]) -> list[str]:
    """Return the parameters that are conditions."""
    return [name for name in given if "." in name]


def read_list_query(page: Any, request: HttpRequest, given: Mapping[str, Sequence[str]]) -> ListQuery:
    """Return the conditions and the order that the parameters give to the page's list. Refused ones
    are left out, with the reason."""
    query = ListQuery(offered_columns(page))
    for name in condition_names(given):
        values = tuple(one for one in given[name] if one.strip())
        if values:
            _add_condition(query, request, name, values)
    _refuse_crossed(query)
    _read_sort(query, request, (list(given.get(SORT, ())) or [""])[-1])
    return query


def withheld_columns(page: Any, request: HttpRequest, names: Iterable[str], sort: str) -> list[str]:
    """Return the titles of the columns by which this member of staff may not filter or sort so, since they
    would learn hidden values."""
    columns = offered_columns(page)
    found = [
        columns[path]
        for path, operator in map(_parts, names)
        if path in columns and _withholds(columns[path], request, operator)
    ]
    by = columns.get(sort.removeprefix("-"))
    if by is not None and _hides(by, request):
        found.append(by)
    return list(dict.fromkeys(one.label for one in found))


def missing_columns(page: Any, names: Iterable[str], sort: str) -> list[str]:
    """Return the parameters by which the list cannot be filtered or sorted any more."""
    columns = offered_columns(page)
    found = [
        name
        for name in names
        if _parts(name)[0] not in columns or _parts(name)[1] not in columns[_parts(name)[0]].operators
    ]
    by = columns.get(sort.removeprefix("-"))
    return [*found, *([sort.removeprefix("-")] if sort and (by is None or not can_sort(by)) else [])]


def _parts(name: str) -> tuple[str, str]:
    path, _, operator = name.rpartition(".")
    return path, operator


def _add_condition(query: ListQuery, request: HttpRequest, name: str, values: tuple[str, ...]) -> None:
    path, operator = _parts(name)
    refusal = _refusal_of(query, request, path, operator)
    if refusal:
        query.refusals.append(refusal)
        return
    condition = Condition(query.columns[path], operator, values)
    try:
        condition.as_q()
    except InvalidCondition as invalid:
        query.refusals.append(str(invalid))
        return
    query.conditions.append(condition)


def _refusal_of(query: ListQuery, request: HttpRequest, path: str, operator: str) -> str:
    column = query.columns.get(path)
    if column is None:
        return f"This list has no column “{path[:_LONGEST_SHOWN]}” to filter by."
    if operator not in column.operators:
        return f"{column.label} has no condition “{operator[:_LONGEST_SHOWN]}”."
    if column.hidden_from(request):
        return f"{column.label} is hidden from you: the list is not filtered by it."
    if _withholds(column, request, operator):
        return f"{column.label}: give the text in full, as parts of it may be hidden from you."
    return ""


def _withholds(column: FilterColumn, request: HttpRequest, operator: str) -> bool:
    """Whether the condition would give away values that are hidden from this member of staff. Beginnings of
    any text would, a letter at a time, as personal data may stand in it."""
    return column.hidden_from(request) or (operator == "begins" and masking.are_hidden())


def _refuse_crossed(query: ListQuery) -> None:
    crossed = crossed_ranges(query.conditions)
    query.refusals += crossed.values()
    query.conditions = [
        one for one in query.conditions if one.operator not in ("from", "to") or one.column not in crossed
    ]


def _read_sort(query: ListQuery, request: HttpRequest, sort: str) -> None:
    if not sort:
        return
    refusal = _refusal_of_sort(query, request, sort)
    if refusal:
        query.refusals.append(refusal)
    else:
        query.sort = sort


def _refusal_of_sort(query: ListQuery, request: HttpRequest, sort: str) -> str:
    path = sort.removeprefix("-")
    column = query.columns.get(path)
    if column is None or not can_sort(column):
        return f"This list has no column “{path[:_LONGEST_SHOWN]}” to sort by."
    return (
        f"{column.label} is hidden from you: the list is not sorted by it." if _hides(column, request) else ""
    )


def _hides(column: FilterColumn, request: HttpRequest) -> bool:
    """Whether the order of the column would give away values that are hidden from this member of staff."""
    return column.hidden_from(request) or (column.kind == Kind.TEXT and masking.are_hidden())


def can_sort(column: FilterColumn) -> bool:
    """Whether a list can be sorted by the column: ids of related rows have no order that means anything."""
    return column.kind != Kind.ROW


def usable_columns(page: Any, request: HttpRequest) -> list[FilterColumn]:
    """Return the columns by which this member of staff may filter the page's list."""
    return [one for one in offered_columns(page).values() if not one.hidden_from(request)]


def sortable_columns(page: Any, request: HttpRequest) -> list[FilterColumn]:
    """Return the columns by which this member of staff may sort the page's list."""
    return [one for one in offered_columns(page).values() if can_sort(one) and not _hides(one, request)]


def loggable_parameters(query: ListQuery, given: QueryDict) -> list[tuple[str, str]]:
    """Return the parameters of an address for the audit log, which holds no personal data: without the search
    and the texts of conditions."""
    texts = {one.name for one in query.conditions if one.column.kind == Kind.TEXT}
    return [
        (name, "a text" if name in texts else value)
        for name, values in given.lists()
        for value in values
        if name != "q"
    ]


def tidy_parameters(page: Any, request: HttpRequest) -> QueryDict:
    """Return the parameters of the address without empty conditions, and with the ids of the rows that a
    name finds in its place. A name that finds none or too many stays, and is refused."""
    tidy = request.GET.copy()
    columns = offered_columns(page)
    for name in [one for one in tidy if is_own(one)]:
        values = list(dict.fromkeys(one for one in tidy.getlist(name) if one.strip()))
        if values:
            tidy.setlist(name, values)
        else:
            del tidy[name]
    for name in condition_names(tidy):
        path, operator = _parts(name)
        column = columns.get(path)
        if operator == "named" and column is not None and column.kind == Kind.ROW:
            _name_rows(tidy, request, column)
    return tidy


def _name_rows(tidy: QueryDict, request: HttpRequest, column: FilterColumn) -> None:
    term = str(tidy[f"{column.path}.named"])
    if column.hidden_from(request) or "\x00" in term:
        return
    found = list(_rows_named(request, column, term))
    if 0 < len(found) <= MOST_NAMED:
        del tidy[f"{column.path}.named"]
        name = f"{column.path}.is"
        tidy.setlist(name, list(dict.fromkeys([*tidy.getlist(name), *found])))


def _rows_named(request: HttpRequest, column: FilterColumn, term: str) -> Iterator[str]:
    """Yield the ids of the related rows that the search of their own list finds, up to one too many."""
    related = column.field.related_model
    page = admin.site.get_model_admin(related)
    rows, _ = page.get_search_results(request, related._default_manager.order_by("-pk"), term)
    return map(str, rows.values_list("pk", flat=True)[: MOST_NAMED + 1])
