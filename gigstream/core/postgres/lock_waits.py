"""Bounds on waits for locked rows: a total for each request, and a share of the threads for each platform."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connection

# A faster statement has hardly waited for a lock.
NOTICED_SECONDS = 0.1


class Patience:
    """The rest of the time that a request may wait for locks."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds
        # Bound of the block under way, in milliseconds.
        self.bound_ms: int | None = None

    @property
    def is_over(self) -> bool:
        """Whether too little time is left to retry a statement that met a lock."""
        return self.left < NOTICED_SECONDS

    def spend(self, seconds: float) -> None:
        """Subtract waited time."""
        self.left = max(self.left - seconds, 0.0)

    def limit_transaction(self) -> None:
        """Let the open transaction wait for each lock no longer than the rest."""
        left, usual = int(1000 * self.left), settings.DATABASE_LOCK_TIMEOUT_MS
        if self.bound_ms is not None:
            left = min(left, self.bound_ms)
        # 0 is without limit.
        if usual == 0 or left < usual:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {max(left, 1)}")

    def watch(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Run a statement for Django's `execute_wrapper`; the time of a slow statement counts as waited."""
        began = time.monotonic()
        try:
            result = execute(sql, params, many, context)
        finally:
            took = time.monotonic() - began
            if took >= NOTICED_SECONDS:
                self.spend(took)
        if took >= NOTICED_SECONDS and connection.in_atomic_block:
            self.limit_transaction()
        return result


_patience: ContextVar[Patience | None] = ContextVar("patience", default=None)


def current_patience() -> Patience | None:
    """Return the patience of the current request, if it has any."""
    return _patience.get()


@contextmanager
def short_lock_waits(milliseconds: int) -> Iterator[None]:
    """Let each statement of the block wait for a lock no longer than that; one that would wait longer fails
    (55P03). The block is all of a savepoint, with which the limit is rolled back where it fails."""
    patience = current_patience() or Patience(0)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT current_setting('lock_timeout'), set_config('lock_timeout', %s, true)",
            [f"{milliseconds}ms"],
        )
        before = cursor.fetchone()[0]
        patience.bound_ms = milliseconds
        try:
            yield
        finally:
            patience.bound_ms = None
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [before])


class LongWaits:
    """The requests of a process that may wait long: at most a quarter of the threads for each platform.

    Workers' requests lock rows of platforms not known beforehand; they count as waiting for each platform.
    """

    WORKERS = "workers"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def admit(self, caller: str) -> Iterator[bool]:
        """Yield whether another request of this caller may wait long, and count it as waiting if so."""
        with self._lock:
            is_admitted = self._number_beside(caller) < max(settings.WEB_THREADS // 4, 1)
            if is_admitted:
                self._waiting[caller] += 1
        try:
            yield is_admitted
        finally:
            if is_admitted:
                with self._lock:
                    self._waiting[caller] -= 1
                    self._waiting += Counter()

    def _number_beside(self, caller: str) -> int:
        workers = self._waiting[self.WORKERS]
        if caller != self.WORKERS:
            return workers + self._waiting[caller]
        platforms = [number for name, number in self._waiting.items() if name != self.WORKERS]
        return workers + max(platforms, default=0)


_long_waits = LongWaits()


@contextmanager
def bounded_lock_waits(caller: str) -> Iterator[None]:
    """Bound the time that the block, a request of this caller, waits for locked rows, retries included."""
    with _long_waits.admit(caller) as may_wait_long:
        patience = Patience(
            settings.API_LOCK_WAIT_SECONDS if may_wait_long else settings.API_LOCK_SHORT_WAIT_SECONDS
        )
        token = _patience.set(patience)
        try:
            with connection.execute_wrapper(patience.watch):
                yield
        finally:
            _patience.reset(token)
