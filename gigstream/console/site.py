"""The staff's site."""

from typing import Any

from django.http import HttpRequest
from unfold.sites import UnfoldAdminSite

from gigstream.lib.admin.columns import EMPTY


class ConsoleSite(UnfoldAdminSite):
    """Unfold's site; its colours are in a file of styles, so that no page has styles of its own."""

    index_title = "Overview"
    empty_value_display = EMPTY

    def each_context(self, request: HttpRequest) -> dict[str, Any]:
        return {**super().each_context(request), "colors": None}
