"""Requests a minute of each key, platform, worker and network address, counted in Redis by all processes."""

import functools
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings

from gigstream.lib.cache import guarded, redis_away
from gigstream.lib.network_addresses import address_key

if TYPE_CHECKING:
    from redis import ConnectionPool

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Bucket:
    """Requests that are counted together: of whom, under which key, and how many a minute there may be."""

    name: str
    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Count:
    """How many requests a bucket has seen in this window."""

    bucket: Bucket
    requests: int

    @property
    def left(self) -> int:
        return max(self.bucket.limit - self.requests, 0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller may still ask for in this window, by every bucket that the request counts in."""

    counts: Sequence[Count]
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        return any(count.requests > count.bucket.limit for count in self.counts)

    def headers(self) -> dict[str, str]:
        """The fields of the IETF draft "RateLimit header fields for HTTP"."""
        return {
            "RateLimit-Policy": ", ".join(
                f'"{one.bucket.name}";q={one.bucket.limit};w={WINDOW_SECONDS}' for one in self.counts
            ),
            "RateLimit": ", ".join(
                f'"{one.bucket.name}";r={one.left};t={self.reset_seconds}' for one in self.counts
            ),
        }


def address_bucket(address: str | None, *, use: str = "requests") -> Bucket:
    """Return the bucket of a network address, for who has no good credential. An IPv6 /64 is one address."""
    return Bucket("address", f"{use}:{address_key(address)}", settings.API_ADDRESS_REQUESTS_PER_MINUTE)


@functools.cache
def _connections(url: str) -> "ConnectionPool":
    """Those to the cache's Redis: the cache itself makes a client for each call, and calls twice."""
    from redis import ConnectionPool

    options: Any = settings.CACHES["default"].get("OPTIONS", {})
    return ConnectionPool.from_url(url, **options)


# Each bucket in its turn, until one is full: what one key is refused does not use up its platform's.
_COUNT = """
local counts = {}
for place, key in ipairs(KEYS) do
    counts[place] = redis.call('INCR', key)
    if counts[place] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
    if counts[place] > tonumber(ARGV[place + 1]) then break end
end
return counts
"""


def _count(pool: "ConnectionPool", buckets: Sequence[Bucket], window: int) -> list[int]:
    """Count one request in the buckets, atomically and in one round trip; return their counts."""
    keys = [f"gigstream:requests:{one.key}:{window}" for one in buckets]
    limits = [one.limit for one in buckets]
    session = pool.get_connection()
    try:
        session.send_command("EVAL", _COUNT, len(keys), *keys, 2 * WINDOW_SECONDS, *limits)
        return [int(count) for count in session.read_response()]
    except BaseException:
        session.disconnect()
        raise
    finally:
        pool.release(session)


def take(*buckets: Bucket) -> Allowance | None:
    """Count one request in the buckets, the narrowest first. None while Redis is away: the log says so, and
    nobody is refused."""
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    url = str(settings.CACHES["default"]["LOCATION"])
    try:
        with guarded(url):
            counts = _count(_connections(url), buckets, window)
    except redis_away() as error:
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None
    # Of buckets behind a full one nothing is known.
    counted = [Count(bucket, count) for bucket, count in zip(buckets, counts, strict=False)]
    return Allowance(counted, WINDOW_SECONDS - passed)
