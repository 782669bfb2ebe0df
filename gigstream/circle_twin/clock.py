"""The twin's own time: it runs, stands still, or is moved on by whoever controls the twin."""

import time
from datetime import UTC, datetime


class Clock:
    """Seconds since 1970. Never goes back of itself, whatever the machine's clock does."""

    def __init__(self, *, start: float | None = None, running: bool = True) -> None:
        self._start = time.time() if start is None else start
        self._base = self._start
        self._since = time.monotonic()
        self.running = running

    def now(self) -> float:
        return self._base + (time.monotonic() - self._since if self.running else 0)

    def advance(self, seconds: float) -> None:
        """Move on by so many seconds. Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError("time does not go back")
        self._base += seconds

    def begin_again(self) -> None:
        """It is the instant of the start."""
        self._base, self._since = self._start, time.monotonic()

    def run(self, running: bool) -> None:
        """Let time run, or stand still from now on."""
        self._base, self._since = self.now(), time.monotonic()
        self.running = running


def text(at: float) -> str:
    """The instant as Circle writes it, to the second."""
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds(written: str) -> float:
    """The instant that an RFC 3339 text names. Raises ValueError."""
    at = datetime.fromisoformat(written)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()
