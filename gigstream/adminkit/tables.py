"""Tables on a row's page, added by the app that owns their rows (`show_on`), so that imports go down only."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import label_for_field, lookup_field
from django.db import models
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.text import capfirst, slugify
from unfold.utils import display_for_field, display_for_value

from gigstream.adminkit.columns import Column
from gigstream.adminkit.drawings import Drawing, may_see
from gigstream.adminkit.links import admin_url, list_url
from gigstream.adminkit.names import share_names


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of `model` that belong to another row, newest first, with a link to all of them.

    `by` is the parameter of the target list that names the row; `rows` filters the target's queryset if an
    equality of `by` does not suffice, and `known` returns rows that the page has read already; `key` returns
    the parameter's value, by default the row's key. It is on the page at once if it is `opened`.
    """

    model: type[models.Model]
    by: str
    columns: Sequence[Column]
    title: str = ""
    limit: int = 20
    ordering: Sequence[str] = ()
    rows: Callable[[QuerySet, Any], QuerySet] | None = None
    known: Callable[[Any], Sequence[Any]] | None = None
    key: Callable[[Any], object] = lambda row: row.pk
    opened: bool = False

    @property
    def heading(self) -> str:
        """The title, by default the name of the rows."""
        return self.title or str(capfirst(str(self.model._meta.verbose_name_plural)))

    @property
    def is_counted(self) -> bool:
        """Whether its rows are counted before they are read: those of a view would be computed for that."""
        return not self.known and bool(self.model._meta.managed)

    def may_see(self, request: HttpRequest) -> bool:
        """Whether this member of staff may see its rows."""
        return may_see(request, self.model)

    def list_address(self, row: models.Model) -> str:
        """Return the address of the list of all its rows."""
        return list_url(self.model, **{self.by: self.key(row)})

    def render(self, request: HttpRequest, row: models.Model) -> dict[str, Any] | None:
        """Return the template's context, or None for staff who may not see these rows."""
        target: Any = admin.site.get_model_admin(self.model)
        if not self.may_see(request):
            return None
        columns = [target.display_for(column) for column in self.columns]
        found = self._rows(target, request, row)
        share_names(found)
        return {
            "title": self.heading,
            "headers": [column_header(column, target) for column in columns],
            "rows": [
                (admin_url(one), [(_column_name(c), render_cell(c, one, target)) for c in columns])
                for one in found
            ],
            "all": self.list_address(row),
            "more": len(found) == self.limit,
        }

    def _rows(self, target: Any, request: HttpRequest, row: models.Model) -> Sequence[models.Model]:
        if self.known:
            return self.known(row)
        own = self.rows_for(request, row).select_related(*target.list_select_related)
        return list(own.order_by(*(self.ordering or target.ordering))[: self.limit])

    def rows_for(self, request: HttpRequest, row: models.Model) -> QuerySet:
        """Return its rows, in no order."""
        queryset: QuerySet = admin.site.get_model_admin(self.model).get_queryset(request)
        return self.rows(queryset, row) if self.rows else queryset.filter(**{self.by: row})


@dataclass(frozen=True, slots=True)
class Figures:
    """Computed lines about a row, for staff who may see the rows of `model`, from which they follow."""

    title: str
    model: type[models.Model]
    headers: Sequence[str]
    lines: Callable[[Any], Sequence[Sequence[object]]]
    opened: bool = False

    @property
    def heading(self) -> str:
        """The title."""
        return self.title

    def may_see(self, request: HttpRequest) -> bool:
        """Whether this member of staff may see the rows that they follow from."""
        return may_see(request, self.model)

    def render(self, request: HttpRequest, row: models.Model) -> dict[str, Any] | None:
        """Return the template's context, or None for staff who may not see it."""
        if not self.may_see(request):
            return None
        names = [slugify(header) for header in self.headers]
        lines = [(None, list(zip(names, line, strict=True))) for line in self.lines(row)]
        return {"title": self.title, "headers": self.headers, "rows": lines, "all": None, "more": False}


def column_header(column: Column, target: Any) -> str:
    """Return the title of the column on the target list."""
    return str(capfirst(str(label_for_field(column, target.model, target))))


def _column_name(column: Column) -> str:
    return column.__name__ if callable(column) else column


def render_cell(column: Column, row: models.Model, target: Any) -> Any:
    """Return the value of the row in the column of the target list."""
    field, attribute, value = lookup_field(column, row, target)
    empty = target.get_empty_value_display()
    if field is not None:
        return display_for_field(value, field, empty)
    if value is None or hasattr(value, "__html__"):
        return empty if value is None else value
    return display_for_value(value, empty, getattr(attribute, "boolean", False))


tables_by_model: dict[type[models.Model], list[Table | Figures | Drawing]] = {}


def show_on(model: type[models.Model], *tables: Table | Figures | Drawing) -> None:
    """Add the tables to the pages of `model`, in the order of the calls, drawings first, then figures;
    those not `opened` are loaded when they are."""
    tables_by_model.setdefault(model, []).extend(tables)


def show_everywhere(table: Table) -> None:
    """Add the table to every page."""
    show_on(models.Model, table)
