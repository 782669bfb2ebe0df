"""What holds for every request of staff, whatever the page."""

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gigstream.lib import masking
from workers.devices import remember_device

BEGAN_AT, SEEN_AT = "began_at", "seen_at"
# A session is prolonged by what is done in it, but not written at every click.
PROLONGED_AFTER_SECONDS = 60


def begin_session(session: Any) -> None:
    """From now on the session's time runs."""
    session[BEGAN_AT] = session[SEEN_AT] = int(time.time())


class StaffSessionMiddleware:
    """A session ends when nothing was done in it for a while, and in any case some hours after it began.
    Where a second factor is required, one without it leads only to the page that makes one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            if _is_over(request.session):
                logout(request)
            elif _lacks_a_factor(request):
                return HttpResponseRedirect(reverse("console:second-factor"))
        response = self.get_response(request)
        name = getattr(request, "name_of_new_device", None)
        if name is not None:
            remember_device(response, name, path=reverse("admin:login"))
        return response


def is_too_old(session: Any) -> bool:
    """Whether the session began so long ago that it has ended, whatever was done in it."""
    return int(time.time()) - session.get(BEGAN_AT, 0) >= settings.STAFF_SESSION_HOURS * 3600


def _is_over(session: Any) -> bool:
    """Whether the session has ended; one that goes on is prolonged."""
    if is_too_old(session):
        return True
    now = int(time.time())
    if now - session[SEEN_AT] >= PROLONGED_AFTER_SECONDS:
        session[SEEN_AT] = now
    return False


def _lacks_a_factor(request: HttpRequest) -> bool:
    if settings.STAFF_TWO_FACTOR != "required":
        return False
    user: Any = request.user
    ways_out = {reverse("console:second-factor"), reverse("admin:logout")}
    return not user.is_verified() and request.path not in ways_out


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
            _hide(response, {request.user.get_username()})
        return response


def _is_hidden_from(request: HttpRequest) -> bool:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    return user.is_authenticated and not user.has_perm(masking.SEE_PERSONAL_DATA)


def _hide(response: Any, known: set[str]) -> None:
    is_text = response.get("Content-Type", "").startswith(("text/", "application/json"))
    if response.streaming:
        parts = _made_hidden(response.streaming_content)
        response.streaming_content = (_in_bytes(part, known) for part in parts) if is_text else parts
    elif is_text:
        response.content = _in_bytes(response.content, known)


def _in_bytes(text: bytes, known: set[str]) -> bytes:
    return masking.in_text(text.decode(), known=known).encode()


def _made_hidden(parts: Iterable[bytes]) -> Iterator[bytes]:
    """What makes the parts of a file runs after the request: it is told once more that it hides. Each part is
    a text of its own, as files are written line by line."""
    source = iter(parts)
    while True:
        with masking.hiding(True):
            part = next(source, None)
        if part is None:
            return
        yield part
