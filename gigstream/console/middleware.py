"""What holds for every request of staff, whatever the page."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from gigstream.lib import masking


class PersonalDataMiddleware:
    """Who may not see personal data gets no page and no file with any: columns are shown masked, and what is
    in texts is found by its form on the way out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _is_hidden_from(request):
            return self.get_response(request)
        with masking.hiding(True):
            response: Any = self.get_response(request)
            if response.get("Content-Type", "").startswith(("text/", "application/json")):
                _hide(response, {request.user.get_username()})
        return response


def _is_hidden_from(request: HttpRequest) -> bool:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    return user.is_authenticated and not user.has_perm(masking.SEE_PERSONAL_DATA)


def _hide(response: Any, known: set[str]) -> None:
    if not response.streaming:
        response.content = masking.in_text(response.content.decode(), known=known).encode()
    else:
        response.streaming_content = _hidden_parts(response.streaming_content, known)


def _hidden_parts(parts: Iterable[bytes], known: set[str]) -> Iterator[bytes]:
    """Each part by itself: files are written line by line. What makes the parts runs after the request, so it
    is told once more from whom it hides."""
    source = iter(parts)
    while True:
        with masking.hiding(True):
            part = next(source, None)
        if part is None:
            return
        yield masking.in_text(part.decode(), known=known).encode()
