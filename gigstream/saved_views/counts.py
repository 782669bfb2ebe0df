"""Counts of the views in a person's menu, bounded, and read once in a while."""

import copy
from typing import Any

from django.contrib.admin.options import IncorrectLookupParameters
from django.core.cache import cache
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest

from gigstream.network.redis_cache import redis_errors
from gigstream.saved_views.links import view_url
from gigstream.saved_views.models import SavedView
from gigstream.saved_views.queries import ReadableView, page_of
from gigstream.saved_views.selectors import pinned_views

MOST_COUNTED = 1_000
SECONDS = 60


def view_counts(request: HttpRequest) -> dict[str, str]:
    """Return the counts of the views in the reader's menu, in words, by the address of the view.

    A count holds for a minute, or until the view is changed; views that the reader may not see, or of which a
    column is hidden from them, have none.
    """
    keys = {_key_of(request, view): view for view in pinned_views(request.user)}
    known = _read_known(list(keys))
    fresh = {key: count_rows(request, view) for key, view in keys.items() if key not in known}
    _keep({key: count for key, count in fresh.items() if count is not None})
    counts = {**fresh, **known}
    return {
        view_url(view): _count_words(count)
        for key, view in keys.items()
        if (count := counts[key]) is not None
    }


def count_rows(request: HttpRequest, view: SavedView) -> int | None:
    """Return the number of rows of the view, up to `MOST_COUNTED`, None where the reader cannot have it."""
    page = page_of(view.list_of)
    if page is None or not page.has_view_permission(request):
        return None
    readable = ReadableView(page, request, view.query)
    if readable.withheld:
        return None
    asked = copy.copy(request)
    asked.GET = readable.parameters()  # type: ignore[assignment]
    asked.method = "GET"
    try:
        listed = page.get_changelist_instance(asked)
    except (IncorrectLookupParameters, SuspiciousOperation):
        return None
    if listed.list_query.refusals:
        return None
    return min(int(listed.result_count), MOST_COUNTED)


def _count_words(count: int) -> str:
    return f"{count:,}{' or more' if count == MOST_COUNTED else ''}"


def _key_of(request: HttpRequest, view: SavedView) -> str:
    # The rows that are counted depend on the reader.
    return f"view-count:{view.pk}:{view.changed_at.timestamp()}:{request.user.pk}"


def _read_known(keys: list[str]) -> dict[str, Any]:
    try:
        return dict(cache.get_many(keys))
    except redis_errors():
        return {}


def _keep(counts: dict[str, int]) -> None:
    try:
        cache.set_many(counts, SECONDS)
    except redis_errors():
        return
