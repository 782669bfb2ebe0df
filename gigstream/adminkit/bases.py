"""Base classes of the staff's pages: read-only, computed, or with a few fields to correct."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import flatten_fieldsets
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path
from unfold.admin import ModelAdmin
from unfold.widgets import UnfoldAdminTextareaWidget

from gigstream.adminkit.actions import LONGEST_REASON, RowAction, added_actions
from gigstream.adminkit.actions.addresses import act_url
from gigstream.adminkit.actions.notices import notices_of, waiting_approvals
from gigstream.adminkit.actions.offers import offers_for
from gigstream.adminkit.actions.pages import act_page, keep_unanswered
from gigstream.adminkit.columns import (
    COPIED_COLUMNS,
    EMPTY,
    Column,
    copied_column,
    display_for,
    is_secret,
    secret_columns,
)
from gigstream.adminkit.filter_builder.changelist import FilteredChangeList
from gigstream.adminkit.filter_builder.list_query import read_list_query, tidy_parameters
from gigstream.adminkit.filters import CappedPaginator, ReportPaginator, belongs_to
from gigstream.adminkit.links import admin_url
from gigstream.adminkit.lookups import lookup_named
from gigstream.adminkit.names import Pair, pairs_in_columns, share_names
from gigstream.adminkit.row_pages.panels import panels_for
from gigstream.adminkit.row_pages.sections import sections_of
from gigstream.adminkit.row_pages.summaries import summary_of
from gigstream.adminkit.row_pages.views import (
    panel_address,
    row_page_urls,
    section_address,
    timeline_context,
)
from gigstream.adminkit.search import Search, any_condition
from gigstream.core.people import masking
from gigstream.core.people.row_names import title_of

# Columns that say nothing about the business: they stand at the end of a page, folded.
TECHNICAL = frozenset({"id", "metadata", "updated_at", "idempotency_key", "source_key"})


@functools.cache
def computed_once(display: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the display such that it computes its text once for a row: the page's template reads each
    text five times."""

    @functools.wraps(display)
    def kept(row: Any) -> Any:
        texts = row.__dict__.setdefault("_texts_of_page", {})
        if display not in texts:
            texts[display] = display(row)
        return texts[display]

    return kept


class ReadOnlyAdmin(ModelAdmin):
    """Base of pages on which rows are viewed, searched and linked; only actions that call services change
    them.

    `fieldsets` and `list_display` contain names of fields; without fieldsets every field but secrets is
    shown. `searches` are the searches of the search box, `belongs` the foreign keys by which the address may
    filter, `alone` the actions without rows, `empty_words` the words for foreign keys without a row,
    `nothing_words` those for a list that is empty, `page_select_related` further related rows of a row's
    page, `filtered_by` the columns that the filter builder offers instead of those of the list.
    """

    change_form_template = "admin/gigstream/change_form.html"
    change_list_template = "admin/gigstream/change_list.html"
    list_fullwidth = True
    list_per_page = 50
    list_max_show_all = 200
    list_select_related: ClassVar[tuple[str, ...]] = ()
    page_select_related: ClassVar[tuple[str, ...]] = ()
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER
    paginator = CappedPaginator
    sortable_by: ClassVar[tuple[str, ...]] = ()
    ordering: ClassVar[tuple[str, ...]] = ("-pk",)
    searches: ClassVar[Sequence[Search]] = ()
    belongs: ClassVar[Sequence[str]] = ()
    filtered_by: ClassVar[Sequence[str] | None] = None
    editable: ClassVar[Sequence[str]] = ()
    empty_words: ClassVar[Mapping[str, str]] = {}
    alone: ClassVar[Sequence[RowAction]] = ()
    nothing_words: ClassVar[str] = ""
    has_timeline: ClassVar[bool] = True
    has_panels: ClassVar[bool] = True

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_operate_permission(self, request: HttpRequest, action: str = "") -> bool:
        """Whether this member of staff may use the action of that name, or, without a name, any action here.

        Each action has a permission of its own, as in "payments.cancel_transaction". A page without actions
        needs the permission to change its rows.
        """
        names = [action] if action else self.offered() or ["change"]
        label, name = self.opts.app_label, self.opts.model_name
        return any(request.user.has_perm(f"{label}.{one}_{name}") for one in names)

    def offered(self) -> list[str]:
        """Return the names of the actions here, those of apps above and those without rows included."""
        actions = [*(self.actions or ()), *added_actions(self.model)]
        return [*(getattr(one, "__name__", str(one)) for one in actions), *(one.name for one in self.alone)]

    def row_actions(self) -> list[RowAction]:
        """Return the actions on rows of this page, those of apps above included."""
        own = [action for action in self.actions or () if isinstance(action, RowAction)]
        return [*own, *added_actions(self.model)]

    def action_named(self, name: str) -> RowAction | None:
        """Return the action of this name, with rows or without."""
        return next((one for one in [*self.row_actions(), *self.alone] if one.name == name), None)

    def get_urls(self) -> list[Any]:
        opts = self.opts
        name = f"{opts.app_label}_{opts.model_name}_act"
        own = [path("act/<slug:name>/", self.act, name=name), *row_page_urls(self)]
        return [*own, *super().get_urls()]

    def act(self, request: HttpRequest, name: str) -> HttpResponse:
        """Show the page of an action, or do it. The words of a form that meets the log-in page are kept."""
        if request.method == "POST" and not self.admin_site.has_permission(request):
            answer = keep_unanswered(request)
            if answer is not None:
                return answer
        view: Any = self.admin_site.admin_view(functools.partial(act_page, self))
        answered: HttpResponse = view(request, name=name)
        return answered

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        actions: dict[str, Any] = super().get_actions(request)
        return {name: one for name, one in actions.items() if self.has_operate_permission(request, name)}

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Whether a filter of the list makes this lookup: through other lookups, hidden columns could be
        guessed."""
        return lookup_named(lookup, value, self.get_list_filter(request), self.date_hierarchy)

    def history_view(self, request: HttpRequest, object_id: str, extra_context: Any = None) -> HttpResponse:
        """Refuse with 404: the audit log, shown under each row, replaces Django's history."""
        raise Http404

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Leave out Django's own log, which would keep the names of deleted people: the audit log has it."""

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        hidden = secret_columns(self.model)
        for related in (*self.list_select_related, *self.page_select_related):
            hidden += secret_columns(self.model, related)
        return super().get_queryset(request).defer(*hidden)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row of a page with the related rows that its list shows, None where there is none."""
        related = (*self.list_select_related, *self.page_select_related)
        key: Any = self.opts.get_field(from_field) if from_field else self.opts.pk
        try:
            rows = self.get_queryset(request).select_related(*related)
            return rows.get(**{key.name: key.to_python(object_id)})
        except (self.model.DoesNotExist, ValidationError, ValueError):
            return None

    # --- Names ---
    def named_pairs(self, row: Any) -> Iterable[Pair]:
        """Return kinds and ids of the rows and actors that the row names (`names_of`)."""
        return pairs_in_columns(row)

    # --- Columns ---
    def display_for(self, name: Column) -> Column:
        """Return the display of the column on this page."""
        plain = callable(name) or hasattr(self, name)
        model: Any = self.model
        return name if plain else display_for(model, str(name), self.empty_words.get(str(name), EMPTY))

    def _every_field(self) -> list[str]:
        return [
            field.name
            for field in self.model._meta.concrete_fields
            # A reference holds the short number.
            if not is_secret(field) and field.name != "short_number"
        ]

    def get_list_display(self, request: HttpRequest) -> Any:
        first, *others = super().get_list_display(request)
        return [self._opening(first), *(self.display_for(name) for name in others)]

    def _opening(self, name: Any) -> Column:
        """Return the first column, which opens the row's own page: a related row is not linked there."""
        field = next((one for one in self.opts.fields if one.name == name), None)
        return str(name) if isinstance(field, models.ForeignKey) else self.display_for(name)

    def get_list_display_links(self, request: HttpRequest, list_display: Any) -> Any:
        return [list_display[0]]

    def get_sortable_by(self, request: HttpRequest) -> Any:
        return [self._ordered(name) for name in self.sortable_by]

    def _ordered(self, name: str) -> Column:
        display = self.display_for(name)
        if callable(display):
            display.admin_order_field = name  # type: ignore[attr-defined]
        return display

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        declared: Any = self._with_reference(self.fieldsets or self._usual_fieldsets())
        return [
            (title, {**options, "fields": [self._line(line) for line in options["fields"]]})
            for title, options in declared
        ]

    def _usual_fieldsets(self) -> Any:
        """Return the fields of the page, by default every one, and the technical columns folded at its
        end."""
        names = list(self.fields or self._every_field())
        own = [name for name in names if name not in TECHNICAL]
        technical = [name for name in names if name not in own]
        folded = ("Ids and technical data", {"fields": technical, "classes": ("collapse",)})
        return [(None, {"fields": own or names}), *([folded] if own and technical else [])]

    def _with_reference(self, declared: Any) -> Any:
        """Return the fieldsets with the reference in the first place, if rows have one."""
        named = "reference" in {field.name for field in self.opts.concrete_fields}
        if not named or "reference" in flatten_fieldsets(declared):
            return declared
        (title, options), *others = declared
        return [(title, {**options, "fields": ["reference", *options["fields"]]}), *others]

    def _line(self, line: Any) -> Any:
        return tuple(map(self._placed, line)) if isinstance(line, list | tuple) else self._placed(line)

    def _placed(self, name: Any) -> Column:
        """Return the column on the row's own page: a field if it may be corrected, else its display."""
        if name in self.editable and not masking.are_hidden():
            return str(name)
        if name in COPIED_COLUMNS and not hasattr(self, str(name)):
            return copied_column(str(name), str(self.opts.get_field(str(name)).verbose_name))
        display = self.display_for(name)
        method = getattr(self, display, None) if isinstance(display, str) else None
        return computed_once(method) if callable(method) else display

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        names = flatten_fieldsets(self.get_fieldsets(request, obj))
        return [name for name in names if name not in self.editable]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> HttpResponse:
        """Show the list, with links to the actions that have no rows for who may use them; its rows share the
        names of what they name. An address with empty conditions or names leads to its short form."""
        if self.has_view_permission(request):
            other = self._address_instead(request)
            if other:
                return HttpResponseRedirect(other)
        links = [
            (action.label, act_url(self.model, action.name, [], back=request.get_full_path()))
            for action in self.alone
            if self.has_operate_permission(request, action.name)
        ]
        answer = super().changelist_view(request, {"alone": links, **(extra_context or {})})
        listed = (getattr(answer, "context_data", None) or {}).get("cl")
        if listed is not None:
            share_names(listed.result_list)
        return answer

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[FilteredChangeList]:
        return FilteredChangeList

    def _address_instead(self, request: HttpRequest) -> str:
        """Return the address that a request for the list is led to: its short form, or for an action the list
        itself if a condition is refused, as the list has rows that were not meant."""
        tidy = tidy_parameters(self, request)
        if request.method == "GET":
            return f"{request.path}?{tidy.urlencode()}" if tidy != request.GET else ""
        if not read_list_query(self, request, dict(request.GET.lists())).refusals:
            return ""
        messages.error(request, "A condition of the list does not hold: nothing was done.")
        return request.get_full_path()

    # --- Filters and search ---
    def get_list_filter(self, request: HttpRequest) -> Any:
        return [*(belongs_to(name) for name in self.belongs), *super().get_list_filter(request)]

    def get_search_fields(self, request: HttpRequest) -> Any:
        """Return a non-empty list if there is a search box; `searches` do the work."""
        return ["pk"] if self.searches else []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet, search_term: str
    ) -> tuple[QuerySet, bool]:
        term = search_term.strip().replace("\x00", "")
        if not term or not self.searches:
            return queryset, False
        condition = any_condition(self.searches, self.model, term)
        return (queryset.none() if condition is None else queryset.filter(condition)), False

    # --- Sections and actions on a row's page ---
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
            context["subtitle"] = title_of(obj)
            if self.has_timeline:
                context.update(timeline_context(obj, request.GET.get("timeline", "")))
            context["summary"] = summary_of(request, obj)
            sections, context["empty_sections"] = sections_of(request, obj)
            context["sections"] = [(one, section_address(obj, one.key)) for one in sections]
            if self.has_panels and self.opts.managed:
                panels = panels_for(request)
                context["panels"] = [(one, panel_address(obj, one.name)) for one in panels]
            waiting = waiting_approvals([obj])
            context["notices"] = notices_of([obj], waiting)[obj.pk]
            context["offers"] = offers_for(
                request, self.row_actions(), obj, waiting=waiting, back=admin_url(obj)
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    def _get_base_actions(self) -> Any:
        """Return the actions of this page, and those added by apps above."""
        added = [self.get_action(action) for action in added_actions(self.model)]
        return [*super()._get_base_actions(), *added]


class ReportAdmin(ReadOnlyAdmin):
    """Base of pages on the rows of SQL views, which are computed as they are read."""

    paginator = ReportPaginator
    list_per_page = 25
    list_max_show_all = 25


REASON = "reason"


class CorrectionForm(forms.ModelForm):
    """New values of a profile's fields, and the reason for the correction."""

    reason = forms.CharField(
        max_length=LONGEST_REASON,
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text="Kept with the old and the new value.",
    )

    def clean(self) -> dict[str, Any]:
        """Refuse a correction without a reason."""
        given = super().clean() or {}
        if set(self.changed_data) - {REASON} and not given.get(REASON, "").strip():
            self.add_error(REASON, "Say why it is corrected.")
        return given


class ProfileAdmin(ReadOnlyAdmin):
    """Base of pages on a person or company whose harmless fields (`editable`) staff may correct, until it is
    deleted."""

    form = CorrectionForm

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        gone = obj is not None and obj.deleted_at is not None
        return not gone and ModelAdmin.has_change_permission(self, request, obj)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        found = super().get_fieldsets(request, obj)
        if not self._may_correct(request, obj):
            return found
        return [*found, ("Why it is corrected", {"fields": [REASON]})]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return [name for name in super().get_readonly_fields(request, obj) if name != REASON]

    def _may_correct(self, request: HttpRequest, obj: Any) -> bool:
        return self.has_change_permission(request, obj) and not masking.are_hidden()

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Correct the changed fields, and no others."""
        changed = {name: form.cleaned_data[name] for name in form.changed_data if name in self.editable}
        if changed:
            self.correct(obj, changed, form.cleaned_data[REASON])

    def correct(self, obj: Any, values: dict[str, str], reason: str) -> None:
        """Call the service that writes these values and records the old values with the reason."""
        raise NotImplementedError
