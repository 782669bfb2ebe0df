"""Saved views above a list: the choice of one, and the forms that save and change them."""

from typing import Any

from django import template

from gigstream.adminkit.filter_builder.list_query import VIEW
from gigstream.core.people.staff_names import member_name
from gigstream.saved_views.caching import read_kept
from gigstream.saved_views.links import view_url
from gigstream.saved_views.models import LONGEST_NAME, SavedView
from gigstream.saved_views.queries import ReadableView, is_same_list
from gigstream.saved_views.selectors import views_of_list

register = template.Library()


@register.inclusion_tag("console/saved_views.html", takes_context=True)
def saved_views(context: Any, listed: Any) -> dict[str, Any]:
    """Render the views of the list, and the notes on the view in the address."""
    request = context["request"]
    number = request.GET.get(VIEW, "")
    views = _views_above(request.user, listed.opts.label_lower, number)
    current = _find_view(views, number)
    return {
        "csrf_token": context.get("csrf_token"),
        "list_of": listed.opts.label_lower,
        "query": request.GET.urlencode(),
        "longest": LONGEST_NAME,
        "views": [_line_of(view, request, current) for view in views],
        "is_unknown": bool(number) and current is None,
        **(_state_of(current, listed, request) if current else {}),
    }


def _views_above(person: Any, list_of: str, number: str) -> list[SavedView]:
    """Return the views of the list as they are kept; read anew where the address names another."""
    views: list[SavedView] = read_kept(person.pk, list_of, lambda: views_of_list(person, list_of))
    return views_of_list(person, list_of) if number and not _find_view(views, number) else views


def _find_view(views: list[SavedView], number: str) -> SavedView | None:
    return next((view for view in views if str(view.pk) == number), None)


def _line_of(view: SavedView, request: Any, current: SavedView | None) -> dict[str, Any]:
    is_own = view.owner_id == request.user.pk
    return {
        "view": view,
        "url": view_url(view),
        "is_own": is_own,
        "by": "" if is_own else member_name(view.owner),
        "is_current": view == current,
    }


def _state_of(view: SavedView, listed: Any, request: Any) -> dict[str, Any]:
    """Return the notes for the reader on the view in the address."""
    readable = ReadableView(listed.model_admin, request, view.query)
    withheld = readable.withheld
    return {
        "current": view,
        "is_own": view.owner_id == request.user.pk,
        "withheld": withheld,
        "missing": readable.missing,
        "is_changed": not withheld and not is_same_list(readable.parameters(), request.GET),
    }
