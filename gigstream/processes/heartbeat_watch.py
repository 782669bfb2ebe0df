"""Detection of stopped heartbeats, without Django. Times are seconds of the monotonic clock."""

import time
from collections.abc import Callable, Hashable, Mapping

# Allowed from the start of a process to its first heartbeat.
BOOT_SECONDS = 120.0
# After a longer pause between two looks, the watched processes may have been stopped too: counting restarts.
BLIND_SECONDS = 20.0


class HeartbeatWatch:
    """Watch for jobs whose heartbeat has stopped. It compares marks and does not trust the time in them:
    after a step back of the machine's clock, a late mark looks fresh.

    `read` returns the period in seconds and the latest mark of each job by name. After its first change a job
    is late once its mark has not changed for three periods, or 30 s if that is longer; before it, its process
    is starting and has `BOOT_SECONDS` more. Time without a successful read does not count.
    """

    def __init__(
        self,
        read: Callable[[], Mapping[str, tuple[float, Hashable]]],
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._clock = clock
        self._seen: dict[str, tuple[Hashable, float]] = {}
        self._moved: set[str] = set()
        self._looked_at = clock()
        self._is_forgotten = False

    def forget(self) -> None:
        """Give each job its full time again, from its next mark on. Safe from any thread."""
        self._is_forgotten = True

    def late(self) -> str | None:
        """Return a text that names the late jobs, or None. Raises the errors of `read`."""
        try:
            marks = self._read()
        except Exception:
            self.forget()
            raise
        now = self._clock()
        if self._is_forgotten or now - self._looked_at > BLIND_SECONDS:
            self._is_forgotten = False
            self._seen.clear()
            self._moved.clear()
        self._looked_at = now
        late = []
        for name, (every, mark) in marks.items():
            still_for = self._still_for(name, mark, now)
            limit = max(3 * every, 30.0) + (0.0 if name in self._moved else BOOT_SECONDS)
            if still_for > limit:
                late.append(f"{name} has made no progress for {still_for:.0f} s")
        return "; ".join(sorted(late)) or None

    def _still_for(self, name: str, mark: Hashable, now: float) -> float:
        if name not in self._seen:
            self._seen[name] = (mark, now)
        elif self._seen[name][0] != mark:
            self._seen[name] = (mark, now)
            self._moved.add(name)
        return now - self._seen[name][1]
