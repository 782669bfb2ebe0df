"""The kind of the database, test or live, in every response and on pages."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.templatetags.static import static
from django.utils.html import format_html

HEADER = "GigStream-Database"
END = "</body>"


class DatabaseKindMiddleware:
    """Middleware that names the kind of the database in a header of every response, and on a production
    server with a test database adds a bar that says TEST to every page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response[HEADER] = settings.DATABASE_KIND
        is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
        if is_page and settings.PRODUCTION and settings.DATABASE_KIND == "test":
            before, end, after = response.content.decode(response.charset).rpartition(END)
            if end:
                response.content = before + _test_bar() + end + after
        return response


def _test_bar() -> str:
    return format_html(
        '<link rel="stylesheet" href="{}"><p class="test-database" role="note">TEST: this database holds play'
        " money. Nobody is paid from here.</p>",
        static("gigstream/test_database.css"),
    )
