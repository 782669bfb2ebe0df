import re
from collections.abc import Callable
from ipaddress import ip_address
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponse

from audit.log.context import Actor, acting
from audit.log.enums import ActorType

_USABLE = re.compile(r"[A-Za-z0-9_.:-]{1,64}", re.ASCII)


def client_address(request: HttpRequest) -> str:
    """Return the address of the client. Each trusted proxy has added its own peer to X-Forwarded-For; the
    entries before those are claims of the caller."""
    direct = request.META.get("REMOTE_ADDR", "")
    if settings.TRUSTED_PROXIES == 0:
        return direct
    hops = [text.strip() for text in request.headers.get("X-Forwarded-For", "").split(",")]
    address = hops[-settings.TRUSTED_PROXIES] if len(hops) >= settings.TRUSTED_PROXIES else direct
    return address if _is_address(address) else direct


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


class ActorMiddleware:
    """Middleware that names the staff member behind a request as actor and gives each answer a request id."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.META["REMOTE_ADDR"] = client_address(request)
        given = request.headers.get("X-Request-Id", "")
        request_id = given if _USABLE.fullmatch(given) else uuid4().hex
        request.request_id = request_id  # type: ignore[attr-defined]
        with acting(self._actor(request, request_id)):
            response = self.get_response(request)
        response["X-Request-Id"] = request_id
        return response

    @staticmethod
    def _actor(request: HttpRequest, request_id: str) -> Actor:
        # Without a session there is no user to look up, as in each request of a program.
        user = request.user if settings.SESSION_COOKIE_NAME in request.COOKIES else None
        is_staff = user is not None and user.is_authenticated and user.is_staff
        return Actor(
            type=ActorType.STAFF if is_staff else ActorType.SYSTEM,
            id=str(user.pk) if user and is_staff else "",
            ip_address=request.META.get("REMOTE_ADDR") or None,
            user_agent=request.headers.get("User-Agent", ""),
            request_id=request_id,
        )
