"""Redis from inside a request: each wait is bounded, and a breaker ends all waiting while nothing answers."""

import functools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.utils.functional import cached_property

if TYPE_CHECKING:
    from redis import ConnectionPool

FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 8.0


def redis_errors(*also: type[Exception]) -> tuple[type[Exception], ...]:
    """Return the errors of Redis and of the network, and others, for an `except` clause. The client of Redis
    is imported only then: its import takes a tenth of a command's start."""
    from redis.exceptions import RedisError

    return RedisError, OSError, *also


class RedisPaused(ConnectionError):
    """Redis did not answer a moment ago, so no call waits for it now."""


class Breaker:
    """A circuit breaker: after a call that failed it refuses calls for 1, 2, 4, 8 seconds, then lets a single
    call try. Each process has its own."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._pause = 0.0
        self._closed_at = 0.0

    @property
    def is_open(self) -> bool:
        """Whether calls are refused or tried singly, since the last call failed."""
        return self._pause > 0

    @contextmanager
    def guard(self, away: Callable[[], tuple[type[Exception], ...]]) -> Iterator[None]:
        """Run the block unless the server is paused; an exception of `away` pauses it. Raise RedisPaused."""
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
            # Calls that come while this call tries are refused.
            self._closed_at = self._clock() + self._pause

    def _trip(self) -> None:
        with self._lock:
            self._pause = min(max(2 * self._pause, FIRST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS)
            self._closed_at = self._clock() + self._pause


@functools.cache
def _breaker_of(server: str) -> Breaker:
    return Breaker()


def breaker_for(url: str) -> Breaker:
    """Return this process's breaker of the server behind a URL, shared by its numbered databases."""
    parts = urlsplit(url)
    return _breaker_of(parts.netloc or parts.path)


def _connection_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    return RedisConnectionError, RedisTimeoutError, OSError


def guard_redis(url: str) -> Any:
    """Guard a block of calls to the Redis at `url` by its own client. Raise RedisPaused."""
    return breaker_for(url).guard(_connection_errors)


@functools.cache
def _connection_pool(url: str) -> "ConnectionPool":
    """Return a pool of connections to the cache's Redis: the cache makes a client for each call, and needs
    two calls."""
    from redis import ConnectionPool

    options: Any = settings.CACHES["default"].get("OPTIONS", {})
    return ConnectionPool.from_url(url, **options)


def run_in_redis(*command: str | int) -> Any:
    """Run a command in the Redis of the cache, in a single round trip, and return its reply.

    Raise what `redis_errors` lists while Redis does not answer.
    """
    url = str(settings.CACHES["default"]["LOCATION"])
    with guard_redis(url):
        pool = _connection_pool(url)
        session = pool.get_connection()
        try:
            session.send_command(*command)
            return session.read_response()
        except BaseException:
            session.disconnect()
            raise
        finally:
            pool.release(session)


class GuardedRedisCache(RedisCache):
    """Django's cache in Redis, with the breaker around each call."""

    _servers: list[str]

    @cached_property
    def _cache(self) -> Any:
        return _GuardedClient(super()._cache, self._servers[0])


class _GuardedClient:
    """The cache's client, its methods guarded."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._client, name)

        @functools.wraps(method)
        def call(*args: Any, **kwargs: Any) -> Any:
            with guard_redis(self._url):
                return method(*args, **kwargs)

        return call
