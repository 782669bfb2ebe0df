"""Views in the menu of a member of staff, beside the list that they are of."""

from typing import Any

from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.network.redis_cache import redis_errors
from gigstream.saved_views.links import view_url
from gigstream.saved_views.selectors import pinned_views

SECONDS = 60
Entry = dict[str, Any]


def pinned_entries(request: HttpRequest) -> dict[str, list[Entry]]:
    """Return the views in the reader's menu, by the model of their list, as in "payments.transaction". They
    are read from the cache: a statement on each page would be too many."""
    key = _key_of(request.user.pk)
    try:
        known = cache.get(key)
    except redis_errors():
        known = None
    if known is None:
        known = [
            {"pk": view.pk, "name": view.name, "list_of": view.list_of, "url": view_url(view)}
            for view in pinned_views(request.user)
        ]
        _keep(key, known)
    found: dict[str, list[Entry]] = {}
    for one in known:
        found.setdefault(one["list_of"], []).append(one)
    return found


def forget_pinned(person_id: Any) -> None:
    """Have the person's menu read anew. Menus of others follow within a minute."""
    try:
        cache.delete_many([_key_of(person_id)])
    except redis_errors():
        return


def entry_title(entry: Entry, *, loads_counts: bool) -> SafeString:
    """Return the words of a menu entry with the place of its count; the first one loads all counts."""
    loader = format_html(' hx-get="{}" hx-trigger="load" hx-swap="none"', reverse("console:view-counts"))
    return format_html(
        '<bdi>{}</bdi> <span class="view-count" id="view-count-{}"{}></span>',
        entry["name"],
        entry["pk"],
        loader if loads_counts else "",
    )


def _keep(key: str, entries: list[Entry]) -> None:
    try:
        cache.set(key, entries, SECONDS)
    except redis_errors():
        return


def _key_of(person_id: Any) -> str:
    return f"pinned-views:{person_id}"
