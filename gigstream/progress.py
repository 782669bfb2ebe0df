"""Signs of progress: what each long-lived process has last proved to have done, in a file of its own.

A worker marks each answer of the broker to its question for work, and while a job runs; beat marks each job
that it has asked for; the web server marks each answer that it gave to a question of its own over its socket.
Times are of the machine's monotonic clock, which does not step back.
"""

import os
import time
from pathlib import Path

from django.conf import settings

PROCESS_VARIABLE = "GIGSTREAM_PROCESS"
SPACING_SECONDS = 1.0
_marked_at = 0.0


def mark() -> None:
    """Note that this process has made progress, at most once a second; nothing where it has no name."""
    global _marked_at
    name, now = os.environ.get(PROCESS_VARIABLE), time.monotonic()
    if not name or now - _marked_at < SPACING_SECONDS:
        return
    _marked_at = now
    place = _file(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    # Replaced, so that nobody reads half a mark.
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    unfinished.write_text(str(now))
    unfinished.replace(place)


def forget(name: str) -> None:
    """Take the last mark of a process of that name away: its successor has made no progress yet."""
    _file(name).unlink(missing_ok=True)


def last_mark(name: str) -> float | None:
    """When the process of that name has last made progress; None when it has not yet."""
    try:
        marked_at = float(_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return None
    # A mark from before a restart of the machine lies in the future of its clock.
    return marked_at if marked_at <= time.monotonic() else None


def count_restart(name: str) -> None:
    """Note that the program of that name was started once more."""
    place = _file(f"{name}.restarts")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(str(restarts(name) + 1))


def restarts(name: str) -> int:
    """How often the program of that name was started once more by a supervisor of this machine."""
    try:
        return int(_file(f"{name}.restarts").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def _file(name: str) -> Path:
    return Path(settings.PROGRESS_DIRECTORY) / name
