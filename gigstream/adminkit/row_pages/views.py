"""Pages of a row's sections, panels and timeline: whole pages, or the parts of a row's page that it loads."""

from collections.abc import Sequence
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.contrib.admin.utils import quote, unquote
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import path, reverse

from gigstream.adminkit.actions.pages import keep_unanswered
from gigstream.adminkit.links import admin_url
from gigstream.adminkit.names import Names, Pair, pair_of
from gigstream.adminkit.row_pages.panels import find_panel, panels_for
from gigstream.adminkit.row_pages.sections import find_part
from gigstream.adminkit.row_pages.timelines import (
    InvalidPosition,
    Moment,
    kinds_of,
    read_timeline,
)
from gigstream.core.people.row_names import title_of


def row_page_urls(model_admin: Any) -> list[Any]:
    """Return the addresses of the parts of a row's page."""
    known, wrap = model_admin.opts, model_admin.admin_site.admin_view
    name = f"{known.app_label}_{known.model_name}"

    def timeline(request: HttpRequest, object_id: str) -> HttpResponse:
        return _timeline_page(model_admin, request, _find_row(model_admin, request, object_id))

    def section(request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        return _section_page(model_admin, request, _find_row(model_admin, request, object_id), key)

    def panel(request: HttpRequest, object_id: str, key: str) -> HttpResponse:
        if request.method == "POST" and not model_admin.admin_site.has_permission(request):
            # The words of a form that meets the log-in page are kept.
            answer = keep_unanswered(request)
            if answer is not None:
                return answer
        view: Any = wrap(lambda request: _panel_page(model_admin, request, object_id, key))
        answered: HttpResponse = view(request)
        return answered

    return [
        path("<path:object_id>/timeline/", wrap(timeline), name=f"{name}_timeline"),
        path("<path:object_id>/section/<slug:key>/", wrap(section), name=f"{name}_section"),
        path("<path:object_id>/panel/<slug:key>/", panel, name=f"{name}_panel"),
    ]


def timeline_address(row: models.Model, **query: str) -> str:
    """Return the address of the row's timeline."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_timeline"
    given = {key: value for key, value in query.items() if value}
    return reverse(name, args=[quote(str(row.pk))]) + (f"?{urlencode(given)}" if given else "")


def section_address(row: models.Model, key: str) -> str:
    """Return the address of a section of the row's page."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_section"
    return reverse(name, args=[quote(str(row.pk)), key])


def panel_address(row: models.Model, name: str) -> str:
    """Return the address of a panel of the row's page."""
    url = f"admin:{row._meta.app_label}_{row._meta.model_name}_panel"
    return reverse(url, args=[quote(str(row.pk)), name])


def timeline_context(row: models.Model, kind: str) -> dict[str, Any]:
    """Return the address of a row's timeline, from which its page loads it, and the filters.

    An unknown kind is none.
    """
    kinds = kinds_of(type(row))
    kind = kind if kind in kinds else ""
    filters = [("", "All"), *((one.value, str(one.label)) for one in kinds)]
    return {
        "timeline_url": timeline_address(row, timeline=kind),
        "timeline_kind": kind,
        "timeline_filters": [(one, words, timeline_address(row, timeline=one)) for one, words in filters],
    }


def _find_row(model_admin: Any, request: HttpRequest, object_id: str) -> models.Model:
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    row: models.Model | None = model_admin.get_object(request, unquote(object_id))
    if row is None:
        raise Http404
    if not model_admin.has_view_permission(request, row):
        raise PermissionDenied
    return row


def _is_part(request: HttpRequest) -> bool:
    """Whether a page loads it as a part of its own."""
    return request.headers.get("HX-Request") == "true"


def _page_context(model_admin: Any, request: HttpRequest, row: models.Model, title: str) -> dict[str, Any]:
    if _is_part(request):
        return {"row_url": admin_url(row)}
    return {
        **model_admin.admin_site.each_context(request),
        "title": f"{title}: {title_of(row)}",
        "opts": model_admin.opts,
        "original": row,
        "row_url": admin_url(row),
    }


def _section_page(model_admin: Any, request: HttpRequest, row: models.Model, key: str) -> HttpResponse:
    part = find_part(type(row), key)
    if part is None:
        raise Http404
    content = part.render(request, row)
    if content is None:
        raise PermissionDenied
    template = "section_part" if _is_part(request) else "section"
    context = {**_page_context(model_admin, request, row, part.heading), "table": content}
    return TemplateResponse(request, f"admin/gigstream/{template}.html", context)


def _panel_page(model_admin: Any, request: HttpRequest, object_id: str, key: str) -> HttpResponse:
    row = _find_row(model_admin, request, object_id)
    panel = find_panel(key) if model_admin.has_panels and row._meta.managed else None
    if panel is None:
        raise Http404
    if panel not in panels_for(request):
        raise PermissionDenied
    answer = panel.answer(request, row)
    if isinstance(answer, HttpResponse):
        return answer
    context = {
        **_page_context(model_admin, request, row, panel.title),
        **answer,
        "panel": panel,
        "panel_url": panel_address(row, key),
    }
    template = panel.template if _is_part(request) else "admin/gigstream/panel.html"
    return TemplateResponse(request, template, context)


def _timeline_page(model_admin: Any, request: HttpRequest, row: models.Model) -> HttpResponse:
    context = {**_page_context(model_admin, request, row, "Timeline"), **_timeline_parts(request, row)}
    if not _is_part(request):
        template = "timeline"
    else:
        template = "timeline_rows" if request.GET.get("before") else "timeline_part"
    return TemplateResponse(request, f"admin/gigstream/{template}.html", context)


def _timeline_parts(request: HttpRequest, row: models.Model) -> dict[str, Any]:
    context = timeline_context(row, request.GET.get("timeline", ""))
    kind = context["timeline_kind"]
    try:
        page = read_timeline(request, row, kind=kind, position=request.GET.get("before", ""))
    except InvalidPosition as error:
        raise Http404 from error
    older = timeline_address(row, timeline=kind, before=page.position) if page.position else ""
    return {**context, "days": _by_day(page.moments), "older_url": older}


def _by_day(moments: Sequence[Moment]) -> list[tuple[Any, list[dict[str, Any]]]]:
    """Return the moments as the template shows them, by day, with the names of all rows."""
    names = Names(pair for one in moments for pair in _pairs_of(one))
    lines = [_line_of(one, names) for one in moments]
    return [(day, list(found)) for day, found in groupby(lines, key=lambda line: line["at"].date())]


def _pairs_of(moment: Moment) -> list[Pair]:
    actors = [pair_of(actor) for actor in (moment.by, moment.requested_by, moment.decided_by) if actor]
    return [*actors, *([moment.about] if moment.about else []), *moment.named]


def _line_of(moment: Moment, names: Names) -> dict[str, Any]:
    return {
        "at": moment.at,
        "kind": moment.kind,
        "text": moment.text,
        "url": moment.url,
        "about": names.link(*moment.about) if moment.about else "",
        "by": names.actor(moment.by) if moment.by else "",
        "requested_by": names.actor(moment.requested_by) if moment.requested_by else "",
        "decided_by": names.actor(moment.decided_by) if moment.decided_by else "",
        "amount": moment.amount,
        "why": moment.why,
        "change": moment.change(names) if moment.change else "",
        "is_bad": moment.is_bad,
    }
