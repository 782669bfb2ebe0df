"""How long a request may wait for locked rows: so long in all, and not all threads for the same rows."""

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.conf import settings
from django.db import connection

# A statement that took less has hardly waited for anybody.
NOTICED_SECONDS = 0.1


class Patience:
    """What is left of the time that one request may wait for locks."""

    def __init__(self, seconds: float) -> None:
        self.left = seconds

    @property
    def is_over(self) -> bool:
        """Whether a statement that meets a lock had better not be tried again."""
        return self.left < NOTICED_SECONDS

    def spend(self, seconds: float) -> None:
        """Take waited time away."""
        self.left = max(self.left - seconds, 0.0)

    def limit_transaction(self) -> None:
        """Let the open transaction wait for each lock no longer than what is left."""
        left, usual = int(1000 * self.left), settings.DATABASE_LOCK_TIMEOUT_MS
        # 0 is without limit.
        if usual == 0 or left < usual:
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL lock_timeout = {max(left, 1)}")

    def watch(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """Run a statement for Django's `execute_wrapper`; the time of a slow one counts as waited."""
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
    """That of the request that is going on, if it has one."""
    return _patience.get()


class LongWaits:
    """Who of one process's requests may wait long: at most a quarter of the threads for one platform.

    Workers' requests lock rows of platforms that are not known before; they count as waiting for each.
    """

    WORKERS = "workers"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiting: Counter[str] = Counter()

    @contextmanager
    def admit(self, party: str) -> Iterator[bool]:
        """Say inside the block whether one more request of this party may wait long."""
        with self._lock:
            is_admitted = self._number_beside(party) < max(settings.WEB_THREADS // 4, 1)
            if is_admitted:
                self._waiting[party] += 1
        try:
            yield is_admitted
        finally:
            if is_admitted:
                with self._lock:
                    self._waiting[party] -= 1
                    self._waiting += Counter()

    def _number_beside(self, party: str) -> int:
        workers = self._waiting[self.WORKERS]
        if party != self.WORKERS:
            return workers + self._waiting[party]
        platforms = [number for name, number in self._waiting.items() if name != self.WORKERS]
        return workers + max(platforms, default=0)


_long_waits = LongWaits()


@contextmanager
def bounded_lock_waits(party: str) -> Iterator[None]:
    """Bound the time that the block, a request of this party, waits for locked rows, retries included."""
    with _long_waits.admit(party) as may_wait_long:
        patience = Patience(
            settings.API_LOCK_WAIT_SECONDS if may_wait_long else settings.API_LOCK_SHORT_WAIT_SECONDS
        )
        token = _patience.set(patience)
        try:
            with connection.execute_wrapper(patience.watch):
                yield
        finally:
            _patience.reset(token)
