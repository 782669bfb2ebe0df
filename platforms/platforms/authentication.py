from django.conf import settings
from rest_framework.request import Request

from gigstream.api.callers import PLATFORM, BearerAuthentication, Caller
from gigstream.api.rate_limit import Bucket
from platforms import services
from platforms.models import ApiKey
from platforms.platforms import selectors


class PlatformKey(BearerAuthentication):
    """An API key, `gs_live_…` or `gs_test_…`."""

    def find(self, text: str, request: Request) -> Caller | None:
        key = selectors.find_usable_key(text)
        if key is None:
            return None
        services.note_key_use(key=key)
        return Caller(PLATFORM, key.platform, frozenset(key.scopes), _rate_limit_buckets(key))


def _rate_limit_buckets(key: ApiKey) -> tuple[Bucket, Bucket]:
    """Return the buckets in which requests of the key count: its own, and that of all keys of the
    platform."""
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
