"""The time at which an event is tried again that could not be delivered."""

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

# The wait before each attempt (Standard Webhooks); after the last there is no other.
WAITS = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
LONGEST_WAIT = timedelta(hours=24)
# Up to so many percent are added, so that deliveries that failed together are not tried again together.
JITTER_PERCENT = 10


def next_attempt_at(now: datetime, *, attempts: int, retry_after: str | None, jitter: int) -> datetime | None:
    """Return when to try again after `attempts` attempts, or None when they were enough. `jitter` is a whole
    number of percent; a `Retry-After` of the receiver is honoured up to a day."""
    if attempts >= len(WAITS):
        return None
    wait = WAITS[attempts] * (100 + jitter) / 100
    return now + max(wait, requested_wait(retry_after, now))


def requested_wait(retry_after: str | None, now: datetime) -> timedelta:
    """Return the wait that a `Retry-After` header requests (RFC 9110, 10.2.3: seconds or a date), from 0 to a
    day; 0 where it is missing or cannot be read."""
    text = (retry_after or "").strip()
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), LONGEST_WAIT.total_seconds()))
    try:
        wait = parsedate_to_datetime(text) - now
    except (ValueError, TypeError):
        return timedelta(0)
    return min(max(wait, timedelta(0)), LONGEST_WAIT)
