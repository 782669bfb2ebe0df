"""Clock of the simulator: it runs, stands still, or is advanced on command."""

import time
from datetime import UTC, datetime


class Clock:
    """Clock in seconds since 1970. It never goes back with the machine's clock."""

    def __init__(self, *, start: float | None = None, running: bool = True) -> None:
        self._start = time.time() if start is None else start
        self._base = self._start
        self._since = time.monotonic()
        self.running = running

    def now(self) -> float:
        return self._base + (time.monotonic() - self._since if self.running else 0)

    def advance(self, seconds: float) -> None:
        """Advance by so many seconds. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._base += seconds

    def begin_again(self) -> None:
        """Return to the first instant."""
        self._base, self._since = self._start, time.monotonic()

    def run(self, running: bool) -> None:
        """Start or stop the clock."""
        self._base, self._since = self.now(), time.monotonic()
        self.running = running


def format_instant(at: float) -> str:
    """Return an instant in Circle's form, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parse_instant(written: str) -> float:
    """Return the instant of an RFC 3339 text. Raises ValueError."""
    at = datetime.fromisoformat(written)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
