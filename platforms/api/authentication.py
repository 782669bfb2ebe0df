from django.conf import settings
from rest_framework.request import Request

from gigstream.lib.api.callers import PLATFORM, BearerAuthentication, Caller
from gigstream.lib.api.limits import Bucket
from platforms import selectors, services
from platforms.models import ApiKey


class PlatformKey(BearerAuthentication):
    """An API key, `gs_live_…` or `gs_test_…`."""

    def find(self, text: str, request: Request) -> Caller | None:
        key = selectors.usable_key(text)
        if key is None:
            return None
        services.touch_api_key(key)
        return Caller(PLATFORM, key.platform, frozenset(key.scopes), _buckets(key))


def _buckets(key: ApiKey) -> tuple[Bucket, Bucket]:
    """Return where requests of the key count: its own, under a ceiling for all keys of the platform."""
    platform = key.platform
    a_key = platform.key_requests_per_minute
    ceiling = platform.requests_per_minute
    return (
        Bucket("key", f"key:{key.pk}", settings.API_REQUESTS_PER_MINUTE if a_key is None else a_key),
        Bucket(
            "platform",
            f"platform:{platform.pk}",
            settings.API_PLATFORM_REQUESTS_PER_MINUTE if ceiling is None else ceiling,
        ),
    )
