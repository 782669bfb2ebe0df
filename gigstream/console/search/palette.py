"""Box of Ctrl + K: the best results as one types, and the recent searches of this session."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from gigstream.console.navigation import visible_menu
from gigstream.console.search.finding import LONGEST, Found, find_kinds

# Of each kind in the box, and of recent searches.
FEW = 5
MOST_RECENT = 8
MOST_PAGES = 1_000
# Searches may hold names and emails, so they are kept where logging out deletes them: in the session.
RECENT = "recent_searches"


def palette(request: HttpRequest, term: str) -> dict[str, Any]:
    """Return the lines for a term: rows, entries of the menu, and the way to all results; without a term the
    recent searches."""
    term = term.strip()
    if not term:
        return {"term": "", "lines": _recent_lines(request)}
    rows = [row for kind in find_kinds(request, term, size=FEW) for row in kind.rows]
    found = [*rows, *_menu_matches(request, term)]
    words = "All results" if found else "See what can be searched for"
    everything = Found(kind="", name=words, url=_results_url(term))
    return {"term": term, "lines": [*found, everything], "nothing": not found}


def _results_url(term: str) -> str:
    return f"{reverse('admin:search')}?{urlencode({'q': term})}"


def _recent_lines(request: HttpRequest) -> list[dict[str, str]]:
    return [
        {"name": term, "term": term, "url": _results_url(term)} for term in request.session.get(RECENT, ())
    ]


def _menu_matches(request: HttpRequest, term: str) -> list[Found]:
    """Return the menu entries that contain this word."""
    word = term.lower()
    return [
        Found(kind=str(group["title"]), name=str(item["title"]), url=str(item["link"]))
        for group in visible_menu(request)
        for item in group["items"]
        if word in item["title"].lower()
    ]


@require_POST
def remember_search(request: HttpRequest) -> HttpResponse:
    """Keep the term among the recent searches of this session, the latest first."""
    term = request.POST.get("term", "").strip()[:LONGEST]
    if term:
        earlier = [one for one in request.session.get(RECENT, ()) if one != term]
        request.session[RECENT] = [term, *earlier][:MOST_RECENT]
    return HttpResponse(status=204)


def read_page_number(request: HttpRequest) -> int:
    """Return the page of the results that the address asks for, the first if it names none that there can
    be."""
    text = request.GET.get("page", "")
    fits = text.isascii() and text.isdigit() and len(text) < 6
    return max(1, min(int(text), MOST_PAGES)) if fits else 1
