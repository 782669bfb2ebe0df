"""So many requests a minute for each caller, counted in Redis by all processes together."""

import logging
import time
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache

from gigstream.lib.cache import redis_away

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller may still ask for in this window."""

    limit: int
    left: int
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        return self.left < 0

    def headers(self) -> dict[str, str]:
        """The fields of the IETF draft "RateLimit header fields for HTTP"."""
        return {
            "RateLimit-Policy": f'"default";q={self.limit};w={WINDOW_SECONDS}',
            "RateLimit": f'"default";r={max(self.left, 0)};t={self.reset_seconds}',
        }


def take(caller: str) -> Allowance | None:
    """Count one request of the caller. None while Redis is away: the log says so, and nobody is refused."""
    limit = settings.API_REQUESTS_PER_MINUTE
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    key = f"requests:{caller}:{window}"
    try:
        # `add` makes the counter with its end; `incr` is atomic.
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        count = cache.incr(key)
    except redis_away(ValueError) as error:
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None
    return Allowance(limit, limit - count, WINDOW_SECONDS - passed)
