from rest_framework.request import Request

from gigstream.lib.api.callers import PLATFORM, BearerAuthentication, Caller
from platforms import selectors, services


class PlatformKey(BearerAuthentication):
    """An API key, `gs_live_…` or `gs_test_…`."""

    def find(self, text: str, request: Request) -> Caller | None:
        key = selectors.usable_key(text)
        if key is None:
            return None
        services.touch_api_key(key)
        return Caller(PLATFORM, key.platform, frozenset(key.scopes))
