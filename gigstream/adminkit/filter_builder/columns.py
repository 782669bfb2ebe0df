"""Columns that a list may be filtered and sorted by, derived from the list, and their indexes."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import get_fields_from_path
from django.contrib.postgres.indexes import BTreeIndex
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import Q
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest

from gigstream.adminkit.columns import is_secret
from gigstream.adminkit.row_pages.words import words_of_column
from gigstream.core.people import masking


class Kind(StrEnum):
    """Kind of a column, by which its conditions are made."""

    CHOICE = "choice"
    YES_NO = "yes_no"
    AMOUNT = "amount"
    NUMBER = "number"
    DAY = "day"
    INSTANT = "instant"
    TEXT = "text"
    ROW = "row"


RANGES = frozenset({Kind.AMOUNT, Kind.NUMBER})
DATES = frozenset({Kind.DAY, Kind.INSTANT})
# Conditions that each kind of column offers.
OPERATORS: dict[Kind, tuple[str, ...]] = {
    Kind.CHOICE: ("is",),
    Kind.YES_NO: ("is",),
    Kind.AMOUNT: ("from", "to"),
    Kind.NUMBER: ("from", "to"),
    Kind.DAY: ("from", "to", "last", "older", "is"),
    Kind.INSTANT: ("from", "to", "last", "older", "is"),
    Kind.TEXT: ("is", "begins"),
    Kind.ROW: ("is", "named"),
}


@dataclass(frozen=True)
class FilterColumn:
    """Column of a list that conditions may name, as a path through related rows."""

    path: str
    label: str
    kind: Kind
    field: Any
    is_indexed: bool
    finds_empty: bool = False

    @property
    def is_personal(self) -> bool:
        """Whether the column holds personal data."""
        return self.field.name in masking.PERSONAL

    @cached_property
    def operators(self) -> tuple[str, ...]:
        """The conditions that the column offers: whether it has a date only where it may have none."""
        return tuple(
            one for one in OPERATORS[self.kind] if self.kind not in DATES or one != "is" or self.field.null
        )

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The values that a choice, or yes or no, may have."""
        if self.kind == Kind.CHOICE:
            return [(str(value), str(words)) for value, words in self.field.flatchoices if value != ""]
        return [("yes", "yes"), ("no", "no")]

    def is_served(self, operator: str, value: str) -> bool:
        """Whether an index serves the condition, so that no part of the table has to be searched."""
        if self.kind in DATES and operator == "is" and value == "no" and self.finds_empty:
            return True
        # The usual index of a text is ordered by the rules of a language, which its beginnings are not.
        return self.is_indexed and operator != "begins"

    def hidden_from(self, request: HttpRequest) -> bool:
        """Whether the values of the column are hidden from this member of staff."""
        if self.kind == Kind.ROW:
            return not admin.site.get_model_admin(self.field.related_model).has_view_permission(request)
        return self.is_personal and masking.are_hidden()


def offered_columns(page: Any) -> dict[str, FilterColumn]:
    """Return the columns by which the page's list may be filtered, by path: those that it declares
    (`filtered_by`), or else its columns and filters that are fields, the dates of its calendar and the rows
    that its rows belong to. Of a report only its filters, as the others are computed for each row."""
    paths = _derived_paths(page) if page.filtered_by is None else iter(page.filtered_by)
    found = (_column_at(page, path) for path in dict.fromkeys(paths))
    return {one.path: one for one in found if one is not None}


def _derived_paths(page: Any) -> Iterator[str]:
    if page.model._meta.managed:
        # A row's own key to a worker may have no index where the path through its task has one.
        indexed = {path.rpartition(LOOKUP_SEP)[2]: path for path in page.belongs}
        listed = (_path_listed(page, name) for name in page.list_display)
        yield from (indexed.get(path, path) for path in listed)
    for one in page.list_filter:
        name = one[0] if isinstance(one, tuple | list) else one
        if isinstance(name, str):
            yield name
    if page.date_hierarchy:
        yield page.date_hierarchy
    yield from page.belongs


def _path_listed(page: Any, name: Any) -> str:
    """Return the path of the column that the list shows; a display names the field that it shows."""
    display = getattr(page, name, None) if isinstance(name, str) else name
    return str(getattr(display, "admin_order_field", name)).removeprefix("-")


def _column_at(page: Any, path: str) -> FilterColumn | None:
    field = _field_at(page.model, path)
    if field is None or is_secret(field) or field.primary_key:
        return None
    kind = _kind_of(field)
    if kind is None:
        return None
    names = path.split(LOOKUP_SEP)
    words = str(getattr(field, "verbose_name", names[-1]))
    label = " ".join([names[-2].replace("_", " "), words]) if len(names) > 1 and kind != Kind.ROW else words
    is_own = len(names) == 1
    return FilterColumn(
        path=path,
        label=label[:1].upper() + label[1:],
        kind=kind,
        field=field,
        is_indexed=not page.model._meta.managed
        or all(map(_leads_index, get_fields_from_path(page.model, path))),
        finds_empty=is_own and _has_index_of_empty(field),
    )


def _field_at(model: type[models.Model], path: str) -> Any:
    try:
        field = get_fields_from_path(model, path)[-1]
    except (FieldDoesNotExist, AttributeError):
        return None
    return field if getattr(field, "concrete", False) and not field.many_to_many else None


def _kind_of(field: Any) -> Kind | None:
    if isinstance(field, models.ForeignKey):
        related = admin.site._registry.get(field.related_model)
        return Kind.ROW if getattr(related, "searches", ()) else None
    given = field.output_field if isinstance(field, models.GeneratedField) else field
    if isinstance(given, models.BooleanField):
        return Kind.YES_NO
    if words_of_column(field.name, given):
        # Its numbers are read in other units than they are kept in.
        return None
    if field.choices:
        return Kind.CHOICE
    match given:
        case models.DecimalField():
            return Kind.AMOUNT
        case models.IntegerField():
            return Kind.NUMBER
        case models.DateTimeField():
            return Kind.INSTANT
        case models.DateField():
            return Kind.DAY
        case models.CharField() if given is field:
            return Kind.TEXT
    return None


def _indexes_of(field: Any) -> Iterator[tuple[str, Q | None]]:
    """Yield the first column and the condition of each index of the field's table that is ordered."""
    meta = field.model._meta
    for index in meta.indexes:
        if index.fields and type(index) in (models.Index, BTreeIndex):
            yield index.fields[0].removeprefix("-"), index.condition
    for one in meta.constraints:
        if isinstance(one, models.UniqueConstraint) and one.fields:
            yield one.fields[0], one.condition


def _leads_index(field: Any) -> bool:
    """Whether an index over all rows begins with the field."""
    if field.unique or field.db_index:
        return True
    return (field.name, None) in _indexes_of(field)


def _has_index_of_empty(field: Any) -> bool:
    """Whether an index holds just the rows in which the field is empty."""
    empty = (Q(**{f"{field.name}__isnull": True}), Q(**{field.name: None}))
    return any(condition in empty for _, condition in _indexes_of(field) if condition is not None)
