from rest_framework.request import Request

from gigstream.lib.api.callers import PLATFORM, BearerAuthentication, Caller
from gigstream.lib.clock import database_now
from platforms import selectors, services


class PlatformKey(BearerAuthentication):
    """An API key, `gs_live_…` or `gs_test_…`."""

    def find(self, text: str, request: Request) -> Caller | None:
        now = database_now()
        key = selectors.usable_key(text, now)
        if key is None:
            return None
        services.touch_api_key(key, now=now)
        return Caller(PLATFORM, key.platform, frozenset(key.scopes))
