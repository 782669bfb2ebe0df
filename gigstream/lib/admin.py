"""The bases of the staff's pages: read-only, quick on large tables, linked to each other.

A page names model fields; how each is shown follows from its type (`shown`). What hangs on a row is a list of
tables under it, which the app that owns the rows adds (`show_on`), so that imports go down only.
"""

import functools
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin import helpers
from django.contrib.admin.utils import (
    display_for_field,
    display_for_value,
    flatten_fieldsets,
    label_for_field,
    lookup_field,
    quote,
)
from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.core.paginator import Paginator
from django.db import OperationalError, models
from django.db.models import Q, QuerySet
from django.db.models.constants import LOOKUP_SEP
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst

from gigstream.lib.encryption import EncryptedTextField
from gigstream.lib.errors import Refusal
from gigstream.lib.money import MoneyField, usdc

admin.site.site_header = admin.site.site_title = "GigStream"
admin.site.index_title = "Operations"
admin.site.site_url = None
EMPTY = "–"  # noqa: RUF001 - a dash for people
admin.site.empty_value_display = EMPTY

Display = Callable[[Any], Any]
Column = str | Display
SECRET_NAMES = frozenset({"password_hash", "secret_hash"})


# --- How values are shown -----------------------------------------------------------------------------------
def admin_url(row: models.Model) -> str:
    """The address of the row's page."""
    return reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[quote(str(row.pk))])


def list_url(model: type[models.Model], **query: object) -> str:
    """The address of the model's list, filtered by `query`."""
    path = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    return f"{path}?{urlencode(query)}" if query else path


def link(row: models.Model | None, text: object = None) -> SafeString | str | None:
    """A link to the row's page, or nothing where there is no row."""
    if row is None:
        return None
    return format_html('<a href="{}">{}</a>', admin_url(row), row if text is None else text)


def shorter(text: str | None) -> str | None:
    """The two ends of a long id or hash."""
    return f"{text[:8]}…{text[-6:]}" if text and len(text) > 20 else text


def _named(display: Display, name: str, label: str) -> Display:
    """Give the function what Django's admin reads from it."""
    display.__name__ = name
    display.short_description = label  # type: ignore[attr-defined]
    return display


def _at(path: str, row: Any) -> Any:
    for name in path.split(LOOKUP_SEP):
        row = None if row is None else getattr(row, name)
    return row


def linked(path: str, label: str = "") -> Display:
    """A column that links to a related row; `path` may cross several, as in "stream__task"."""
    words = label or path.replace(LOOKUP_SEP, " ").replace("_", " ")
    return _named(lambda row: link(_at(path, row)) or EMPTY, path, words)


def money(path: str, label: str = "") -> Display:
    """A column that shows an amount as people read it, as in "12.50"."""

    def show(row: Any) -> str:
        value = _at(path, row)
        return EMPTY if value is None else usdc(value).removesuffix(" USDC")

    return _named(show, path, label or f"{path.replace('_', ' ')} (USDC)")


def instant(path: str, label: str = "") -> Display:
    """A column that shows a time to the second, in UTC."""

    def show(row: Any) -> str:
        value: datetime | None = _at(path, row)
        return EMPTY if value is None else f"{value:%Y-%m-%d %H:%M:%S}"

    return _named(show, path, label or path.replace("_", " "))


def day(name: str, label: str) -> Display:
    """A column that shows a date."""

    def show(row: Any) -> str:
        value = getattr(row, name)
        return EMPTY if value is None else value.isoformat()

    return _named(show, name, label)


def badge(name: str, label: str) -> Display:
    """A column that shows a choice as a coloured word."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        text = getattr(row, f"get_{name}_display")()
        return EMPTY if value is None else format_html('<span class="badge badge-{}">{}</span>', value, text)

    return _named(show, name, label)


def pretty(name: str, label: str) -> Display:
    """A column that shows JSON as indented text."""

    def show(row: Any) -> SafeString | str:
        value = getattr(row, name)
        return format_html('<pre class="json">{}</pre>', json.dumps(value, indent=2)) if value else EMPTY

    return _named(show, name, label)


@functools.cache
def shown(model: type[models.Model], name: str) -> Column:
    """How the model's field is shown: a function of the row, or the bare name where Django does well."""
    try:
        field = model._meta.get_field(name)
    except FieldDoesNotExist:
        return name
    label = str(getattr(field, "verbose_name", name))
    match field:
        case models.GeneratedField(output_field=MoneyField()) | MoneyField():
            return money(name, f"{label} (USDC)")
        case models.DateTimeField():
            return instant(name, label)
        case models.DateField():
            return day(name, label)
        case models.JSONField():
            return pretty(name, label)
        case models.ForeignKey():
            return linked(name, label)
        case models.CharField() if field.choices:
            return badge(name, label)
    return name


def is_secret(field: Any) -> bool:
    """Whether the column is never shown and not even loaded for a page."""
    return isinstance(field, EncryptedTextField) or field.name in SECRET_NAMES


def _secrets(model: type[models.Model], path: str = "") -> list[str]:
    for name in filter(None, path.split(LOOKUP_SEP)):
        model = model._meta.get_field(name).related_model  # type: ignore[assignment]
    prefix = f"{path}{LOOKUP_SEP}" if path else ""
    return [prefix + field.name for field in model._meta.concrete_fields if is_secret(field)]


# --- Searching: by the shape of the term, in columns that have an index -------------------------------------
Search = Callable[[type[models.Model], str], Q | None]


def _as_uuid(term: str) -> UUID | None:
    try:
        return UUID(term)
    except ValueError:
        return None


def _is_words(term: str) -> bool:
    return not (_as_uuid(term) or "@" in term or term.startswith("0x"))


def _any_of(lookups: Iterable[str], value: object) -> Q:
    return functools.reduce(Q.__or__, (Q(**{lookup: value}) for lookup in lookups))


def by_uuid(*lookups: str) -> Search:
    """A UUID is looked for in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        value = _as_uuid(term)
        return _any_of(lookups, value) if value else None

    return search


def by_number(*lookups: str) -> Search:
    """A whole number that fits a bigint is looked for in these columns."""

    def search(model: type[models.Model], term: str) -> Q | None:
        fits = term.isascii() and term.isdigit() and len(term) < 19
        return _any_of(lookups, int(term)) if fits else None

    return search


def by_email(*lookups: str) -> Search:
    """Something with an @ is looked for in lower case in these columns."""
    return lambda model, term: _any_of(lookups, term.lower()) if "@" in term else None


def by_hash(*lookups: str) -> Search:
    """Something that begins with 0x is looked for in lower case in these columns."""
    return lambda model, term: _any_of(lookups, term.lower()) if term.lower().startswith("0x") else None


def by_text(*lookups: str) -> Search:
    """The term, whatever it is, is looked for in these columns."""
    return lambda model, term: _any_of(lookups, term)


def by_words(*lookups: str) -> Search:
    """A term that is no id, address or email is looked for in these columns."""
    return lambda model, term: _any_of(lookups, term) if _is_words(term) else None


def by_words_in_newest(name: str, rows: int = 10_000) -> Search:
    """Words are looked for inside the text of the newest rows only: such a search has no index."""

    def search(model: type[models.Model], term: str) -> Q | None:
        if not _is_words(term):
            return None
        newest = model._default_manager.order_by("-created_at").values("pk")[:rows]
        found = model._default_manager.filter(pk__in=newest, **{f"{name}__icontains": term})
        return Q(pk__in=list(found.values_list("pk", flat=True)))

    return search


# --- Filtering ----------------------------------------------------------------------------------------------
class BelongsTo(admin.SimpleListFilter):
    """Keeps the rows that belong to the one related row that the address names. Shown only while it does."""

    def related(self, model_admin: Any) -> type[models.Model]:
        """The model of the row that is named."""
        return model_admin.model._meta.get_field(self.parameter_name).related_model

    def condition(self, value: Any) -> Q:
        """What a row that belongs fulfils."""
        return Q(**{self.parameter_name or "": value})

    @cached_property
    def _given(self) -> str:
        return self.value() or ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        self.named = self._find(self.related(model_admin)) if self._given else None
        return [(self._given, str(self.named or "unknown"))] if self._given else []

    def _find(self, model: type[models.Model]) -> models.Model | None:
        try:
            return model._base_manager.filter(pk=self._given).defer(*_secrets(model)).first()
        except (ValidationError, ValueError):
            return None

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        if not self._given:
            return queryset
        return queryset.filter(self.condition(self.named.pk)) if self.named else queryset.none()


@functools.cache
def belongs_to(name: str) -> type[BelongsTo]:
    """The filter on the foreign key `name`."""
    return type(f"BelongsTo{name}", (BelongsTo,), {"title": name.replace("_", " "), "parameter_name": name})


NEWEST = 1_000_000


class _AmongNewest:
    """Keeps a filter without an index from walking through a whole table with numbered rows."""

    title: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.title = f"{self.title} (newest million)"

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        kept = super().queryset(request, queryset)  # type: ignore[misc]
        if not self.used_parameters:  # type: ignore[attr-defined]
            return kept
        last = queryset.model._default_manager.order_by("-pk").values_list("pk", flat=True).first() or 0
        return kept.filter(pk__gt=last - NEWEST)


class NewestChoices(_AmongNewest, admin.ChoicesFieldListFilter):
    pass


class NewestYesNo(_AmongNewest, admin.BooleanFieldListFilter):
    pass


class NewestDates(_AmongNewest, admin.DateFieldListFilter):
    pass


class CappedPaginator(Paginator):
    """Counts no further than people leaf: the count of a large table costs more than the page."""

    most = 10_000

    @cached_property
    def count(self) -> int:
        rows: Any = self.object_list
        return rows.order_by()[: self.most].count()

    @property
    def count_words(self) -> str:
        """How many rows there are, as far as was counted."""
        return f"{self.count:,}{' or more' if self.count == self.most else ''}"


# --- Tables under a row -------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class Table:
    """Rows of `model` that hang on another row, newest first, with a link to all of them.

    `by` is the parameter of the target list that names the row; `rows` narrows the target's queryset where
    that is more than an equality of `by`; `key` makes the parameter's value (the row's key unless given).
    """

    model: type[models.Model]
    by: str
    columns: Sequence[Column]
    title: str = ""
    limit: int = 20
    ordering: Sequence[str] = ()
    rows: Callable[[QuerySet, Any], QuerySet] | None = None
    key: Callable[[Any], object] = lambda row: row.pk

    def render(self, request: HttpRequest, row: models.Model) -> dict[str, Any] | None:
        """What the template shows, or None for staff who may not see these rows."""
        target: Any = admin.site.get_model_admin(self.model)
        if not target.has_view_permission(request):
            return None
        columns = [target.shown(column) for column in self.columns]
        found = self._rows(target, request, row)
        return {
            "title": self.title or capfirst(str(self.model._meta.verbose_name_plural)),
            "headers": [capfirst(str(label_for_field(column, self.model, target))) for column in columns],
            "rows": [(admin_url(one), [(_name(c), _cell(c, one, target)) for c in columns]) for one in found],
            "all": list_url(self.model, **{self.by: self.key(row)}),
            "more": len(found) == self.limit,
        }

    def _rows(self, target: Any, request: HttpRequest, row: models.Model) -> list[models.Model]:
        everything = target.get_queryset(request).select_related(*target.list_select_related)
        mine = self.rows(everything, row) if self.rows else everything.filter(**{self.by: row})
        return list(mine.order_by(*(self.ordering or target.ordering))[: self.limit])


def _name(column: Column) -> str:
    return column.__name__ if callable(column) else column


def _cell(column: Column, row: models.Model, target: Any) -> Any:
    field, attribute, value = lookup_field(column, row, target)
    empty = target.get_empty_value_display()
    if field is not None:
        return display_for_field(value, field, empty)
    if value is None or hasattr(value, "__html__"):
        return empty if value is None else value
    return display_for_value(value, empty, getattr(attribute, "boolean", False))


_tables: dict[type[models.Model], list[Table]] = {}


def show_on(model: type[models.Model], *tables: Table) -> None:
    """Add the tables to the pages of `model`, in the order of the calls."""
    _tables.setdefault(model, []).extend(tables)


def show_everywhere(table: Table) -> None:
    """Add the table at the end of every page."""
    show_on(models.Model, table)


# --- Actions ------------------------------------------------------------------------------------------------
MOST_AT_ONCE = 200
Action = Callable[[Any, HttpRequest, QuerySet], HttpResponse | None]


def each(
    name: str,
    words: str,
    done: str,
    act: Callable[[Any], object],
    *,
    when: Callable[[Any], bool] = lambda row: True,
) -> Action:
    """An action that calls a service for each selected row and tells what was refused, row by row.

    `words` stand in the menu, `done` is the past participle in the message of success. A row's own page
    offers the action only `when` it makes sense; what is allowed the service decides.
    """

    @admin.action(description=words, permissions=["operate"])
    def run(model_admin: Any, request: HttpRequest, queryset: QuerySet) -> HttpResponse | None:
        rows = list(queryset.order_by("pk")[: MOST_AT_ONCE + 1])
        if len(rows) > MOST_AT_ONCE:
            messages.error(request, f"Select at most {MOST_AT_ONCE} rows at once; nothing was done.")
            return None
        count = sum(_did(request, act, row) for row in rows)
        if count:
            noun = model_admin.opts.verbose_name if count == 1 else model_admin.opts.verbose_name_plural
            messages.success(request, f"{count} {noun} {done}.")
        return _back_to_the_page(request, rows)

    run.__name__ = name
    run.when = when  # type: ignore[attr-defined]
    return run


def _did(request: HttpRequest, act: Callable[[Any], object], row: models.Model) -> bool:
    try:
        act(row)
    except Refusal as refusal:
        messages.error(request, f"{row}: {refusal.message}")
        return False
    except OperationalError:
        messages.error(request, f"{row}: the row is busy, nothing was done; try again")
        return False
    return True


def _back_to_the_page(request: HttpRequest, rows: Sequence[models.Model]) -> HttpResponse | None:
    if "from_page" in request.POST and len(rows) == 1:
        return HttpResponseRedirect(admin_url(rows[0]))
    return None


# --- The bases ----------------------------------------------------------------------------------------------
class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows may be looked at, found and followed; what changes them are actions that call services.

    `fieldsets` and `list_display` name fields plainly; without fieldsets every field but secrets is shown.
    `searches` say where a term is looked for, `belongs` which foreign keys the address may filter by.
    """

    change_form_template = "admin/gigstream/change_form.html"
    list_per_page = 50
    list_max_show_all = 200
    list_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    sortable_by: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    searches: ClassVar[Sequence[Search]] = ()
    belongs: ClassVar[Sequence[str]] = ()
    editable: ClassVar[Sequence[str]] = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may use the actions: those who may change such rows."""
        return super().has_change_permission(request)

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:  # type: ignore[override]
        """The audit log is the one record of who did what; Django's own would keep names of the deleted."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        secrets = _secrets(self.model)
        for path in self.list_select_related:
            secrets += _secrets(self.model, path)
        return super().get_queryset(request).defer(*secrets)

    # What is shown
    def shown(self, name: Column) -> Column:
        """How this page shows the column."""
        plain = callable(name) or name in self.editable or hasattr(self, name)
        model: Any = self.model
        return name if plain else shown(model, str(name))

    def _every_field(self) -> list[str]:
        return [field.name for field in self.model._meta.concrete_fields if not is_secret(field)]

    def get_list_display(self, request: HttpRequest) -> Any:
        first, *others = super().get_list_display(request)
        return [self._opening(first), *(self.shown(name) for name in others)]

    def _opening(self, name: Any) -> Column:
        """The first column opens the row's own page, so a related row is only named there."""
        field = next((one for one in self.opts.fields if one.name == name), None)
        return str(name) if isinstance(field, models.ForeignKey) else self.shown(name)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        return [list_display[0]]

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return [self._ordered(name) for name in self.sortable_by]

    def _ordered(self, name: str) -> Column:
        display = self.shown(name)
        if callable(display):
            display.admin_order_field = name  # type: ignore[attr-defined]
        return display

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        every: Any = [(None, {"fields": self._every_field()})]
        declared: Any = self.fieldsets or every
        return [
            (title, {**options, "fields": [self._line(line) for line in options["fields"]]})
            for title, options in declared
        ]

    def _line(self, line: Any) -> Any:
        return tuple(map(self.shown, line)) if isinstance(line, list | tuple) else self.shown(line)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = flatten_fieldsets(self.get_fieldsets(request, obj))
        return [name for name in names if name not in self.editable]

    # What is found
    def get_list_filter(self, request: HttpRequest) -> Any:
        return [*(belongs_to(name) for name in self.belongs), *super().get_list_filter(request)]

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Only tells Django that there is a search box; `searches` do the work."""
        return ["pk"] if self.searches else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = search_term.strip().replace("\x00", "")
        if not term or not self.searches:
            return queryset, False
        conditions = [condition for search in self.searches if (condition := search(self.model, term))]
        if not conditions:
            return queryset.none(), False
        return queryset.filter(functools.reduce(Q.__or__, conditions)), False

    # What hangs on it
    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        if obj is not None:
            context["tables"] = self._tables(request, obj)
            context["page_actions"] = self._page_actions(request, obj)
            context["action_checkbox_name"] = helpers.ACTION_CHECKBOX_NAME
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _page_actions(self, request: HttpRequest, obj: models.Model) -> list[tuple[str, str]]:
        actions: Any = self.get_actions(request)
        return [
            (name, words)
            for function, name, words in actions.values()
            if getattr(function, "when", lambda row: True)(obj)
        ]

    def _tables(self, request: HttpRequest, obj: models.Model) -> list[dict[str, Any]]:
        everywhere = _tables.get(models.Model, []) if self.opts.managed else []
        tables = [*_tables.get(self.model, []), *everywhere]
        return [shown for table in tables if (shown := table.render(request, obj))]


class ReportPaginator(CappedPaginator):
    """Each row of a view is computed, so fewer of them are counted."""

    most = 1_000


class ReportAdmin(ReadOnlyAdmin):
    """Rows of a view, computed as they are read."""

    paginator = ReportPaginator
    list_per_page = 25
    list_max_show_all = 25


class ProfileAdmin(ReadOnlyAdmin):
    """A person or company whose harmless fields (`editable`) staff may correct, until it is deleted."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        gone = obj is not None and obj.deleted_at is not None
        return not gone and admin.ModelAdmin.has_change_permission(self, request, obj)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write the changed fields and nothing else, and have it recorded."""
        changed = [name for name in form.changed_data if name in self.editable]
        if changed:
            obj.save(update_fields=[*changed, "updated_at"])
            self.record_edit(obj, changed)

    def record_edit(self, obj: Any, names: Sequence[str]) -> None:
        """Tell the audit log which fields of the row were changed, not what is in them."""
        raise NotImplementedError
