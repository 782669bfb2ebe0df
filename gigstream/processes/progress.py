"""Marks of progress of long-lived processes, each in a file of its own.

A worker marks each answer of the broker to its poll for messages, and regularly while a job runs; beat marks
each job that it enqueues; the web server marks each answer to its own probe over its socket. Times are those
of the machine's monotonic clock, which does not step back.
"""

import os
import time
from pathlib import Path

from django.conf import settings

PROCESS_VARIABLE = "GIGSTREAM_PROCESS"
SPACING_SECONDS = 1.0
_marked_at = 0.0


def mark_progress() -> None:
    """Write down that this process has made progress, at most once a second; without a name, do nothing."""
    global _marked_at
    name, now = os.environ.get(PROCESS_VARIABLE), time.monotonic()
    if not name or now - _marked_at < SPACING_SECONDS:
        return
    _marked_at = now
    place = _mark_file(name)
    place.parent.mkdir(parents=True, exist_ok=True)
    # Replaced, so that no reader sees half a mark.
    unfinished = place.with_name(f"{place.name}.{os.getpid()}")
    unfinished.write_text(str(now))
    unfinished.replace(place)


def forget_mark(name: str) -> None:
    """Delete the mark of a process: its successor has made no progress yet."""
    _mark_file(name).unlink(missing_ok=True)


def last_mark(name: str) -> float | None:
    """Return the time of a process's last progress, None before its first."""
    try:
        marked_at = float(_mark_file(name).read_text())
    except (FileNotFoundError, ValueError):
        return None
    # A mark from before a restart of the machine lies in the future of its clock.
    return marked_at if marked_at <= time.monotonic() else None


def count_restart(name: str) -> None:
    """Count a restart of the program."""
    place = _mark_file(f"{name}.restarts")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(str(restart_count(name) + 1))


def restart_count(name: str) -> int:
    """Return the number of restarts of the program by supervisors of this machine."""
    try:
        return int(_mark_file(f"{name}.restarts").read_text())
    except (FileNotFoundError, ValueError):
        return 0


def _mark_file(name: str) -> Path:
    return Path(settings.PROGRESS_DIRECTORY) / name
