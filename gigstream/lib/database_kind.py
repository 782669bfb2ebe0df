"""What callers and people are told of the database: that it is test or live."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html

HEADER = "GigStream-Database"
END = "</body>"


class DatabaseKindMiddleware:
    """Every answer names the kind of the database in a header; on a production server of a test database
    every page says TEST in a bar, which no page can leave out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response[HEADER] = settings.DATABASE_KIND
        is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and settings.PRODUCTION and settings.DATABASE_KIND == "test":
            before, end, after = response.content.decode(response.charset).rpartition(END)
            if end:
                response.content = before + _bar() + end + after
        return response


def _bar() -> str:
    return format_html(
        '<link rel="stylesheet" href="{}"><p class="test-database" role="note">TEST: this database holds play'
        " money. Nobody is paid from here.</p>",
        static("gigstream/test_database.css"),
    )
