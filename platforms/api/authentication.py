from typing import Any

from rest_framework.request import Request

from gigstream.lib.api.callers import PLATFORM, BearerAuthentication, Caller
from gigstream.lib.clock import database_now
from platforms import selectors, services
from platforms.models import Platform


class PlatformKey(BearerAuthentication):
    """An API key, `gs_live_…` or `gs_test_…`."""

    def find(self, text: str, request: Request) -> Caller | None:
        now = database_now()
        key = selectors.usable_key(text, now)
        if key is None:
            return None
        services.touch_api_key(key, now=now)
        return Caller(PLATFORM, key.platform, frozenset(key.scopes))


def platform_of(request: Request) -> Platform:
    """The platform that calls; only for views that let none but platforms in."""
    caller: Any = request.auth
    platform: Platform = caller.row
    return platform
