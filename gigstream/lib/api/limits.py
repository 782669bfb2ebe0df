"""So many requests a minute for each caller, counted in Redis by all processes together."""

import functools
import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from gigstream.lib.cache import guarded, redis_away

if TYPE_CHECKING:
    from redis import ConnectionPool

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


@functools.cache
def _connections(url: str) -> "ConnectionPool":
    """Those to the cache's Redis: the cache itself makes a client for each call, and calls twice."""
    from redis import ConnectionPool

    options: Any = settings.CACHES["default"].get("OPTIONS", {})
    return ConnectionPool.from_url(url, **options)


def _count(pool: "ConnectionPool", key: str) -> int:
    """The counter is one higher, made with its end when there was none; both in one round trip."""
    made = ("SET", key, 0, "EX", 2 * WINDOW_SECONDS, "NX")
    session = pool.get_connection()
    try:
        session.send_packed_command(session.pack_commands([made, ("INCR", key)]))
        session.read_response()
        return int(session.read_response())
    except BaseException:
        session.disconnect()
        raise
    finally:
        pool.release(session)


def take(caller: str) -> Allowance | None:
    """Count one request of the caller. None while Redis is away: the log says so, and nobody is refused."""
    limit = settings.API_REQUESTS_PER_MINUTE
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    key = f"gigstream:requests:{caller}:{window}"
    url = str(settings.CACHES["default"]["LOCATION"])
    try:
        with guarded(url):
            count = _count(_connections(url), key)
    except redis_away() as error:
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None
    return Allowance(limit, limit - count, WINDOW_SECONDS - passed)
