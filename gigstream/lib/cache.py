"""Redis from inside a request: each wait is bounded, and a breaker ends all waiting while nothing answers."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

from django.core.cache.backends.redis import RedisCache
from django.utils.functional import cached_property

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 8.0


def redis_away(*also: type[Exception]) -> tuple[type[Exception], ...]:
    """For an `except` clause, which is only evaluated when something was raised: the client of Redis takes a
    tenth of the time that a command needs to start, and the cache itself loads it with its first use."""
    from redis.exceptions import RedisError

    return RedisError, OSError, *also


class RedisPaused(ConnectionError):
    """Redis has not answered a moment ago: nobody waits for it now."""


class Breaker:
    """Refuses calls to a server that has just not answered, for 1, 2, 4, 8 seconds, then lets one call try.

    A tripped breaker is a fact of this process alone.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = 0.0
        self._closed_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused or tried singly, since the last one failed."""
        return self._pause > 0

    @contextmanager
    def guard(self, away: Callable[[], tuple[type[Exception], ...]]) -> Iterator[None]:
        """Run the block unless the server is paused; an exception of `away` pauses it. Raises RedisPaused."""
        self._enter()
        try:
            yield
        except away():
            self._trip()
            raise
        self._pause = 0.0

    def _enter(self) -> None:
        with self._lock:
            if self._pause and self._clock() < self._closed_at:
                raise RedisPaused("Redis did not answer a moment ago")
            # Whoever comes while this one tries is refused.
            self._closed_at = self._clock() + self._pause

    def _trip(self) -> None:
        with self._lock:
            self._pause = min(max(2 * self._pause, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self._closed_at = self._clock() + self._pause


@functools.cache
def _breaker_of(server: str) -> Breaker:
    return Breaker()


def breaker(url: str) -> Breaker:
    """This process's breaker of the server behind a URL, one for all its numbered databases."""
    parts = urlsplit(url)
    return _breaker_of(parts.netloc or parts.path)


def _no_answer() -> tuple[type[Exception], ...]:
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    return RedisConnectionError, RedisTimeoutError, OSError


def guarded(url: str) -> Any:
    """A context manager around calls to the Redis at `url` by its own client. Raises RedisPaused."""
    return breaker(url).guard(_no_answer)


class GuardedRedisCache(RedisCache):
    """Django's cache in Redis, each of whose calls goes through the breaker."""

    _servers: list[str]

    @cached_property
    def _cache(self) -> Any:
        return _GuardedClient(super()._cache, self._servers[0])


class _GuardedClient:
    """What a cache calls: the client's methods, guarded."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            with guarded(self._url):
                return method(*args, **kwargs)

        return call
