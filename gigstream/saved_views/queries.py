"""Conditions, filters and order of a list as a saved view keeps them, and as an address writes them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, QueryDict

from gigstream.adminkit.filter_builder.columns import Kind
from gigstream.adminkit.filter_builder.conditions import Condition
from gigstream.adminkit.filter_builder.list_query import (
    SORT,
    is_own,
    missing_columns,
    read_list_query,
    withheld_columns,
)
from gigstream.saved_views.errors import CannotBeSaved

Query = dict[str, Any]
# Parameters of an address that are no part of a view.
_PASSING = frozenset({"p", "e", "all", "o"})
# Letters of a personal value that a view may keep.
_MOST_LETTERS = 3


def read_query(page: Any, request: HttpRequest, address: str) -> Query:
    """Return the query that a view of the page's list keeps. Raise CannotBeSaved for an address with
    refused conditions, with nothing to keep, or with personal data."""
    given = QueryDict(address)
    read = read_list_query(page, request, dict(given.lists()))
    if read.refusals:
        raise CannotBeSaved(f"A condition of the list does not hold: {read.refusals[0]}")
    filters = {name: values for name, values in given.lists() if not is_own(name) and name not in _PASSING}
    _refuse_texts(page, request, filters)
    for one in read.conditions:
        _refuse_personal(one)
    if not read.conditions and not filters and not read.sort:
        raise CannotBeSaved("The list has no conditions: there is nothing to save.")
    return {
        "conditions": [
            {"column": one.column.path, "operator": one.operator, "values": list(one.values)}
            for one in read.conditions
        ],
        "filters": [{"name": name, "values": values} for name, values in sorted(filters.items())],
        "sort": read.sort,
    }


def _refuse_texts(page: Any, request: HttpRequest, filters: Mapping[str, Sequence[str]]) -> None:
    if "q" in filters:
        raise CannotBeSaved("A view keeps no search, which may be a name: save the list without it.")
    for one in page.get_list_filter(request):
        name = getattr(one, "parameter_name", "")
        if name in filters and getattr(one, "is_text", False):
            raise CannotBeSaved(f"A view keeps no words or names: save the list without “{one.title}”.")
    for name, values in filters.items():
        if not all(page.lookup_allowed(name, value, request) for value in values):
            raise CannotBeSaved(f"The list cannot be filtered by “{name[:40]}”.")


def _refuse_personal(given: Condition) -> None:
    """Refuse a value of a person, which would stay when the person is deleted."""
    if not given.column.is_personal or given.column.kind != Kind.TEXT:
        return
    if given.operator != "begins" or len(given.values[0].strip()) > _MOST_LETTERS:
        raise CannotBeSaved(
            f"A view keeps no personal data: of {given.column.label} at most {_MOST_LETTERS} letters."
        )


class ReadableView:
    """A view's query as a reader may use it on the page of its list."""

    def __init__(self, page: Any, request: HttpRequest, query: Query) -> None:
        self._page, self._request, self._query = page, request, query
        self._names = [_name_of(one) for one in query["conditions"]]

    @property
    def withheld(self) -> list[str]:
        """The titles of columns that are hidden from the reader: with any, the view is not applied."""
        return withheld_columns(self._page, self._request, self._names, self._query["sort"])

    @property
    def missing(self) -> list[str]:
        """The columns and filters that the list does not have any more."""
        gone = [one["name"] for one in self._query["filters"] if not self._allows(one)]
        return [*missing_columns(self._page, self._names, self._query["sort"]), *gone]

    def _allows(self, one: Mapping[str, Any]) -> bool:
        return all(self._page.lookup_allowed(one["name"], value, self._request) for value in one["values"])

    def parameters(self) -> QueryDict:
        """Return the parameters of the address that shows the view: none of a view that is withheld."""
        found = QueryDict(mutable=True)
        if self.withheld:
            return found
        missing = set(self.missing)
        for name, values in _parameters_of(self._query):
            if name not in missing and not (name == SORT and values[0].removeprefix("-") in missing):
                found.setlist(name, values)
        return found


def _name_of(one: Mapping[str, Any]) -> str:
    return f"{one['column']}.{one['operator']}"


def _parameters_of(query: Query) -> Iterator[tuple[str, list[str]]]:
    yield from ((_name_of(one), list(one["values"])) for one in query["conditions"])
    yield from ((one["name"], list(one["values"])) for one in query["filters"])
    if query["sort"]:
        yield SORT, [query["sort"]]


def is_same_list(parameters: QueryDict, given: QueryDict) -> bool:
    """Whether an address shows the same list as the parameters of a view."""
    return _comparable(parameters.lists()) == _comparable(given.lists())


def _comparable(lists: Iterable[tuple[str, list[str]]]) -> dict[str, list[str]]:
    return {name: sorted(values) for name, values in lists if name not in _PASSING and name != "view"}


def page_of(list_of: str) -> Any:
    """Return the page of the list that a view names, None where there is none any more."""
    known = {model._meta.label_lower: page for model, page in admin.site._registry.items()}
    return known.get(list_of)
