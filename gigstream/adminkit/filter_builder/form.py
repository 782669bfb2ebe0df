"""The form of the filter builder: a field for each column that a list offers, a chip for each condition."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, QueryDict

from gigstream.adminkit.filter_builder.columns import DATES, RANGES, FilterColumn, Kind
from gigstream.adminkit.filter_builder.conditions import condition_words
from gigstream.adminkit.filter_builder.list_query import (
    SORT,
    VIEW,
    is_own,
    sortable_columns,
    usable_columns,
)
from gigstream.adminkit.filters import BelongsTo
from gigstream.adminkit.names import Names
from gigstream.core.people import masking

_PAGE = ("p", "e", "all")
# Filters that the form offers as links have at most so many choices.
_MOST_CHOICES = 40


@dataclass(frozen=True)
class Choice:
    """A value that a field offers, and whether it is chosen."""

    value: str
    words: str
    is_chosen: bool


@dataclass(frozen=True)
class Field:
    """A column in the form, with its values from the address."""

    column: FilterColumn
    given: dict[str, str]
    choices: list[Choice]
    can_begin: bool

    @property
    def shape(self) -> str:
        """The part of the template that draws it."""
        if self.column.kind in RANGES:
            return "range"
        return "dates" if self.column.kind in DATES else str(self.column.kind)

    @property
    def has_empty(self) -> bool:
        """Whether the column may be empty, so that the form offers to choose by that."""
        return "is" in self.column.operators


@dataclass(frozen=True)
class Chip:
    """A condition in force, in words, and the address without it."""

    words: str
    without: str


@dataclass(frozen=True)
class LinkFilter:
    """A filter of the page's own, whose choices are links."""

    title: str
    choices: list[dict[str, Any]]


@dataclass(frozen=True)
class BuilderForm:
    """All that the template needs of the filter builder."""

    fields: list[Field]
    links: list[LinkFilter]
    chips: list[Chip]
    kept: list[tuple[str, str]]
    orders: list[Choice]
    cleared: str

    @property
    def is_offered(self) -> bool:
        """Whether there is anything to filter by."""
        return bool(self.fields or self.links)


def make_form(listed: Any, request: HttpRequest) -> BuilderForm:
    """Return the form for the list, filled in from its address."""
    page, given = listed.model_admin, request.GET
    names = _names_of_rows(listed)
    offered = {one.path for one in usable_columns(page, request)}
    sort = given.get(SORT, "")
    return BuilderForm(
        fields=[_field_of(one, given, names) for one in usable_columns(page, request)],
        links=list(_link_filters(listed, offered)),
        chips=[*_condition_chips(listed, given, names), *_filter_chips(listed, given)],
        kept=list(_kept_parameters(given, offered)),
        orders=[
            Choice(f"{sign}{one.path}", f"{one.label}, {direction}", f"{sign}{one.path}" == sort)
            for one in sortable_columns(page, request)
            for sign, direction in (("", "rising"), ("-", "falling"))
        ],
        cleared=_address(_without(given, [name for name in given if name != "q"])),
    )


def _names_of_rows(listed: Any) -> Names:
    """Return the names of all rows that the conditions name, read by one statement."""
    rows = [one for one in listed.list_query.conditions if one.column.kind == Kind.ROW]
    return Names((_kind_of(one.column), key) for one in rows for key in one.values)


def _kind_of(column: FilterColumn) -> str:
    return str(column.field.related_model._meta.model_name)


def _field_of(column: FilterColumn, given: QueryDict, names: Names) -> Field:
    chosen = given.getlist(f"{column.path}.is")
    if column.kind == Kind.ROW:
        kind = _kind_of(column)
        choices = [Choice(key, names.text(kind, key), True) for key in chosen if names.knows(kind, key)]
    elif column.kind in (Kind.CHOICE, Kind.YES_NO):
        choices = [Choice(value, words, value in chosen) for value, words in column.choices]
    else:
        choices = []
    values = {one: given.get(f"{column.path}.{one}", "") for one in column.operators}
    return Field(column, values, choices, can_begin=not masking.are_hidden())


def _kept_parameters(given: QueryDict, offered: set[str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters without a field in the form: searches, filters of the page."""
    for name, values in given.lists():
        if name in _PAGE or name == SORT or name.rpartition(".")[0] in offered:
            continue
        if name == VIEW or not is_own(name):
            yield from ((name, value) for value in values)


def _condition_chips(listed: Any, given: QueryDict, names: Names) -> Iterator[Chip]:
    for one in listed.list_query.conditions:
        kind = _kind_of(one.column) if one.column.kind == Kind.ROW else ""
        words = condition_words(one, lambda key, kind=kind: names.text(kind, key))  # type: ignore[misc]
        yield Chip(words, _address(_without(given, [one.name])))


def _filter_chips(listed: Any, given: QueryDict) -> Iterator[Chip]:
    for spec in listed.filter_specs:
        used = [name for name in spec.expected_parameters() if name in given]
        if used:
            yield Chip(f"{_title_of(spec)}: {_chosen_words(spec, listed)}", _address(_without(given, used)))


def _title_of(spec: Any) -> str:
    title = str(spec.title)
    return title[:1].upper() + title[1:]


def _chosen_words(spec: Any, listed: Any) -> str:
    """Return the words of the choice; a field's own text where it has none."""
    chosen = [str(one["display"]) for one in list(spec.choices(listed))[1:] if one.get("selected")]
    return ", ".join(chosen) or str(getattr(spec, "given", "")) or "as the address says"


def _link_filters(listed: Any, offered: set[str]) -> Iterator[LinkFilter]:
    """Yield the page's filters that no column of the form replaces."""
    for spec in listed.filter_specs:
        path = getattr(spec, "field_path", None) or getattr(spec, "parameter_name", "")
        choices = list(spec.choices(listed))
        if path in offered or isinstance(spec, BelongsTo):
            continue
        if 1 < len(choices) <= _MOST_CHOICES:
            yield LinkFilter(_title_of(spec), choices)


def _without(given: QueryDict, names: list[str]) -> QueryDict:
    kept = given.copy()
    for name in (*names, *_PAGE):
        kept.pop(name, None)
    return kept


def _address(given: QueryDict) -> str:
    return f"?{given.urlencode()}"
