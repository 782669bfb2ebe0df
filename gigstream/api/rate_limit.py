"""Rate limits: requests a minute of each key, platform, worker and network address, counted in Redis."""

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from gigstream.network.network_addresses import address_key
from gigstream.network.redis_cache import redis_errors, run_in_redis

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Bucket:
    """Requests that are counted together under a key, with their limit a minute."""

    name: str
    key: str
    limit: int


@dataclass(frozen=True, slots=True)
class Count:
    """The number of requests in a bucket in this window."""

    bucket: Bucket
    requests: int

    @property
    def left(self) -> int:
        return max(self.bucket.limit - self.requests, 0)


@dataclass(frozen=True, slots=True)
class Allowance:
    """The requests left to a caller in this window, by each bucket of the request."""

    counts: Sequence[Count]
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        return any(count.requests > count.bucket.limit for count in self.counts)

    def headers(self) -> dict[str, str]:
        """Return the fields of the IETF draft "RateLimit header fields for HTTP"."""
        return {
            "RateLimit-Policy": ", ".join(
                f'"{one.bucket.name}";q={one.bucket.limit};w={WINDOW_SECONDS}' for one in self.counts
            ),
            "RateLimit": ", ".join(
                f'"{one.bucket.name}";r={one.left};t={self.reset_seconds}' for one in self.counts
            ),
        }


def address_bucket(address: str | None, *, use: str = "requests") -> Bucket:
    """Return the bucket of a network address, for callers without a valid credential. An IPv6 /64 counts as a
    single address."""
    return Bucket("address", f"{use}:{address_key(address)}", settings.API_ADDRESS_REQUESTS_PER_MINUTE)


# In the order of the buckets, until a bucket is full: a key's refused requests do not use up its platform's.
_COUNT = """
local counts = {}
for place, key in ipairs(KEYS) do
    counts[place] = redis.call('INCR', key)
    if counts[place] == 1 then redis.call('EXPIRE', key, ARGV[1]) end
    if counts[place] > tonumber(ARGV[place + 1]) then break end
end
return counts
"""


def _count_in_redis(buckets: Sequence[Bucket], window: int) -> list[int]:
    """Count a request in the buckets, atomically and in a single round trip; return their counts."""
    keys = [f"gigstream:requests:{one.key}:{window}" for one in buckets]
    limits = [one.limit for one in buckets]
    counts = run_in_redis("EVAL", _COUNT, len(keys), *keys, 2 * WINDOW_SECONDS, *limits)
    return [int(count) for count in counts]


def count_request(*buckets: Bucket) -> Allowance | None:
    """Count a request in the buckets, the narrowest first. Return None while Redis is away: a warning is
    logged, and no request is refused."""
    window, passed = divmod(int(time.time()), WINDOW_SECONDS)
    try:
        counts = _count_in_redis(buckets, window)
    except redis_errors() as error:
        logger.warning("requests are not counted: %s", type(error).__name__)
        return None
    # Buckets behind a full bucket were not counted.
    counted = [Count(bucket, count) for bucket, count in zip(buckets, counts, strict=False)]
    return Allowance(counted, WINDOW_SECONDS - passed)
