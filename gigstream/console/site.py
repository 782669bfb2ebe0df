"""Admin site of staff."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, cast

from django.contrib.auth.views import PasswordChangeView
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from unfold.dataclasses import SearchResult
from unfold.sites import UnfoldAdminSite

from gigstream.adminkit.columns import EMPTY
from gigstream.console.navigation import visible_menu
from gigstream.console.search import find_rows
from gigstream.staff.sign_in_pages import OwnPasswordForm
from payments.settlement.switches.services import stops_in_force

MOST_SHOWN = 100


class ConsoleSite(UnfoldAdminSite):
    """Unfold's site. Its colours are in a style sheet: the content policy forbids styles within pages."""

    index_title = "Overview"
    empty_value_display = EMPTY

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        stops = stops_in_force() if request.user.is_authenticated else []
        return {**super().each_context(request), "colors": None, "payout_stops": stops}

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Return the lists by app, made only when a page shows them: the menu of these pages does not."""
        made = SimpleLazyObject(partial(super().get_app_list, request, app_label))
        return cast("list[Any]", made)

    def password_change(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Change the own password, by the form that counts failures and records the change."""
        view: Any = PasswordChangeView.as_view(
            form_class=OwnPasswordForm,
            success_url=reverse(f"{self.name}:password_change_done"),
            extra_context={**self.each_context(request), **(extra_context or {})},
        )
        answer: HttpResponse = view(request)
        return answer

    def search(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Search for a term: with `q` a page of results, or a redirect to a single result; with `s` the lines
        for the box of Ctrl + K, which finds menu entries too."""
        if "s" in request.GET:
            return self._lines(request, request.GET["s"])
        term = request.GET.get("q", "").strip()
        found = find_rows(request, term)
        if len(found) == 1:
            return HttpResponseRedirect(found[0].url)
        context = {**self.each_context(request), "title": "Search", "term": term, "found": found}
        return TemplateResponse(request, "admin/gigstream/search.html", context)

    def _lines(self, request: HttpRequest, term: str) -> HttpResponse:
        if not term.strip():
            return HttpResponse()
        began = time.monotonic()
        rows = [
            SearchResult(row.name, row.kind, row.url, "arrow_outward") for row in find_rows(request, term)
        ]
        page = Paginator([*rows, *_menu_matches(request, term)], MOST_SHOWN).page(1)
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


def _menu_matches(request: HttpRequest, term: str) -> Sequence[SearchResult]:
    """Return the menu entries that contain this word."""
    word = term.strip().lower()
    return [
        SearchResult(item["title"], group["title"], item["link"], item["icon"])
        for group in visible_menu(request)
        for item in group["items"]
        if word in item["title"].lower()
    ]
