"""Middleware for requests of staff: the age of sessions, the second factor, masked personal data."""

import time
from collections.abc import Callable, Container, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.contrib.auth import logout
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from gigstream.core.people import masking
from gigstream.core.people.staff_names import StaffAddresses
from gigstream.sign_in.devices import remember_device

BEGAN_AT, SEEN_AT = "began_at", "seen_at"
# Activity prolongs a session, but does not write it at each click.
PROLONGED_AFTER_SECONDS = 60


def begin_session(session: Any) -> None:
    """Start the clock of a session."""
    session[BEGAN_AT] = session[SEEN_AT] = int(time.time())


class StaffSessionMiddleware:
    """Middleware that ends idle and old sessions of staff. Where a second factor is required, a session
    without it leads only to the page that sets it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            if _is_over(request):
                logout(request)
            elif _lacks_a_factor(request):
                return HttpResponseRedirect(reverse("console:second-factor"))
        response = self.get_response(request)
        name = getattr(request, "name_of_new_device", None)
        if name is not None:
            remember_device(response, name, path=reverse("admin:login"))
        return response


def is_too_old(session: Any) -> bool:
    """Whether a session has reached its maximum age, in spite of any activity."""
    return int(time.time()) - session.get(BEGAN_AT, 0) >= settings.STAFF_SESSION_HOURS * 3600


def _is_over(request: HttpRequest) -> bool:
    """Whether a session has ended; a session that goes on is prolonged, but not by what an open page fetches
    by itself."""
    session: Any = request.session
    if is_too_old(session):
        return True
    now = int(time.time())
    if request.path == reverse("console:counts"):
        return bool(now - session[SEEN_AT] >= settings.SESSION_COOKIE_AGE)
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
    """Middleware that masks personal data in pages and files for staff who may not see it: columns as they
    are rendered, and texts by the form of their content in the response."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not _must_be_masked(request):
            return self.get_response(request)
        reader: Any = request.user
        with masking.hide_personal_data(True):
            response: Any = self.get_response(request)
            _mask_response(response, StaffAddresses(reader))
        return response


def _must_be_masked(request: HttpRequest) -> bool:
    if settings.SESSION_COOKIE_NAME not in request.COOKIES:
        return False
    user = request.user
    return user.is_authenticated and not user.has_perm(masking.SEE_PERSONAL_DATA)


def _mask_response(response: Any, known: Container[str]) -> None:
    """Mask the response; colleagues are known by their addresses, which stay."""
    is_text = response.get("Content-Type", "").startswith(("text/", "application/json"))
    if response.streaming:
        parts = _mask_parts(response.streaming_content)
        response.streaming_content = (_mask_bytes(part, known) for part in parts) if is_text else parts
    elif is_text:
        response.content = _mask_bytes(response.content, known)


def _mask_bytes(text: bytes, known: Container[str]) -> bytes:
    return masking.mask_text(text.decode(), known=known).encode()


def _mask_parts(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the parts of a file, each made while personal data is masked.

    A streamed file is made after the request, outside its masking. Each part is a whole text, as files are
    written line by line.
    """
    source = iter(parts)
    while True:
        with masking.hide_personal_data(True):
            part = next(source, None)
        if part is None:
            return
        yield part
