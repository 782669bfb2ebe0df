"""Who of the staff is meant where a row names them by id."""

from collections.abc import Callable
from contextvars import ContextVar

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse

# More than any company has; the newest are known by name.
_MOST = 2_000
_names: ContextVar[dict[str, str] | None] = ContextVar("staff_names", default=None)


def staff_name(key: str) -> str:
    """The name of the member of staff with that id, or the id where the account is gone. Inside of a request
    the database is asked once."""
    known = _names.get()
    if not known:
        newest = get_user_model()._default_manager.order_by("-pk")[:_MOST]
        found = {str(one.pk): one.get_full_name() or one.get_username() for one in newest}
        if known is None:
            known = found
        else:
            known.update(found)
    return known.get(key, f"staff {key}")


class StaffNamesMiddleware:
    """The names of the staff are read at most once for a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = _names.set({})
        try:
            return self.get_response(request)
        finally:
            _names.reset(token)
