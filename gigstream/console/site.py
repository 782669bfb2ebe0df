"""Admin site of staff."""

from functools import partial
from typing import Any, cast

from django.contrib.auth.views import PasswordChangeView
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

from gigstream.adminkit.columns import EMPTY
from gigstream.console.search import find_kinds
from gigstream.console.search.palette import palette, read_page_number
from gigstream.staff.sign_in_pages import OwnPasswordForm
from payments.settlement.switches.services import stops_in_force


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
            return TemplateResponse(request, "console/palette.html", palette(request, request.GET["s"]))
        term = request.GET.get("q", "").strip()
        label, page = request.GET.get("kind", ""), read_page_number(request)
        kinds = find_kinds(request, term, label=label, page=page)
        found = [row for kind in kinds for row in kind.rows]
        if len(found) == 1 and not label:
            return HttpResponseRedirect(found[0].url)
        results = {"title": "Search", "term": term, "found": found, "kinds": kinds, "only": label}
        return TemplateResponse(
            request, "admin/gigstream/search.html", {**self.each_context(request), **results}
        )
