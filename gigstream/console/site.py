"""The staff's site."""

import time
from collections.abc import Sequence
from typing import Any

from django.contrib.auth.views import PasswordChangeView
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from gigstream.console.navigation import sidebar
from gigstream.console.search import find
from gigstream.console.sign_in import OwnPasswordForm
from gigstream.lib.admin.columns import EMPTY
from payments.services.switches import stops_in_force

MOST_SHOWN = 100


class ConsoleSite(UnfoldAdminSite):
    """Unfold's site; its colours are in a file of styles, so that no page has styles of its own."""

    index_title = "Overview"
    empty_value_display = EMPTY

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        stops = stops_in_force() if request.user.is_authenticated else []
        return {**super().each_context(request), "colors": None, "payout_stops": stops}

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """One's own password, by the form that counts guesses and has the change recorded."""
        view: Any = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        answer: HttpResponse = view(request)
        return answer

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """What a term names: with `q` a page, or the row's own page where there is only one; with `s` lines
        for the box that Ctrl + K opens, which finds pages as well."""
        if "s" in request.GET:
            return self._lines(request, request.GET["s"])
        term = request.GET.get("q", "").strip()
        found = find(request, term)
        if len(found) == 1:
            return HttpResponseRedirect(found[0].url)
        context = {**self.each_context(request), "title": "Search", "term": term, "found": found}
        return TemplateResponse(request, "admin/gigstream/search.html", context)

    def _lines(self, request: HttpRequest, term: str) -> HttpResponse:
        if not term.strip():
            return HttpResponse()
        began = time.monotonic()
        rows = [SearchResult(one.name, one.kind, one.url, "arrow_outward") for one in find(request, term)]
        page = Paginator([*rows, *_pages(request, term)], MOST_SHOWN).page(1)
        context = {
            "results": page,
            "page_obj": page.paginator,
            "page_counter": 0,
            "execution_time": time.monotonic() - began,
            "term": term.strip(),
        }
        if not page.paginator.count:
            return TemplateResponse(request, "console/nothing_found.html", context)
        return TemplateResponse(request, "unfold/helpers/command_results.html", context)


def _pages(request: HttpRequest, term: str) -> Sequence[SearchResult]:
    """The entries of the menu with this word in them."""
    word = term.strip().lower()
    return [
        SearchResult(item["title"], group["title"], item["link"], item["icon"])
        for group in sidebar(request)
        for item in group["items"]
        if word in item["title"].lower()
    ]
