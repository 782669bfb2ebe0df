"""Jobs whose heartbeat stands still. Knows nothing of Django; times are seconds of the monotonic clock."""

import time
from collections.abc import Callable, Hashable, Mapping

# So long a process may take from its start to its first sign of life.
BOOT_SECONDS = 120.0
# A watch that has not looked for so long has been kept from looking, and so perhaps were those it watches.
BLIND_SECONDS = 20.0


class HeartbeatWatch:
    """Finds jobs whose heartbeat stands still, by watching for change and not by reading the time in it:
    when the machine's clock has stepped back, a late mark looks fresh.

    `read` gives, for each job's name, every how many seconds it should run and its latest mark. From its
    first sign of life on a job is late once its mark has not changed for three periods, or 30 s if that is
    longer; until then its process is starting, and has `BOOT_SECONDS` more. Time in which the marks could
    not be read, or nobody looked, counts for nothing.
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
        """Every job gets its full time again, from its next sign of life on. Safe from any thread."""
        self._is_forgotten = True

    def late(self) -> str | None:
        """Which jobs are late, in words; None when none is. Raises what `read` raises."""
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
                late.append(f"{name} has shown no sign of life for {still_for:.0f} s")
        return "; ".join(sorted(late)) or None

    def _still_for(self, name: str, mark: Hashable, now: float) -> float:
        if name not in self._seen:
            self._seen[name] = (mark, now)
        elif self._seen[name][0] != mark:
            self._seen[name] = (mark, now)
            self._moved.add(name)
        return now - self._seen[name][1]
