"""The host of files that strangers have handed in: it serves them alone, and no other host serves them."""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse

MEDIA_PATH = "/media/"


def media_host() -> str:
    """Return the host, with its port if it has one, that serves the files; empty where none is set."""
    return urlsplit(settings.MEDIA_ORIGIN).netloc


class MediaHostMiddleware:
    """Middleware that keeps the files' origin apart: no page of staff and no operation of the API is on it,
    so that a file which a browser ran after all would find nobody's session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        host = media_host()
        if host and (request.get_host() == host) != request.path.startswith(MEDIA_PATH):
            return HttpResponse("there is nothing here\n", status=404, content_type="text/plain")
        return self.get_response(request)
