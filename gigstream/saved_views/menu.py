"""Views in the menu of a member of staff, beside the list that they are of."""

from typing import Any

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from gigstream.saved_views.caching import read_kept
from gigstream.saved_views.links import view_url
from gigstream.saved_views.selectors import pinned_views

MENU = "menu"
Entry = dict[str, Any]


def pinned_entries(request: HttpRequest) -> dict[str, list[Entry]]:
    """Return the views in the reader's menu, by the model of their list, as in "payments.transaction"."""
    known = read_kept(
        request.user.pk,
        MENU,
        lambda: [
            {"pk": view.pk, "name": view.name, "list_of": view.list_of, "url": view_url(view)}
            for view in pinned_views(request.user)
        ],
    )
    found: dict[str, list[Entry]] = {}
    for one in known:
        found.setdefault(one["list_of"], []).append(one)
    return found


def entry_title(entry: Entry) -> SafeString:
    """Return the name of a view as the words of its menu entry."""
    return format_html("<bdi>{}</bdi>", entry["name"])
