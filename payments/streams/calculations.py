"""Stream arithmetic, without a database. Batches of releases compute the same in SQL:
`payments/migrations/sql/stream_functions.sql` has these formulas as functions, and a test compares both."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from gigstream.core.money import from_micro, to_micro

SECOND = timedelta(seconds=1)
SHARDS = 16


def elapsed_seconds(*, start_at: datetime, paused_for: timedelta, duration: int, at: datetime) -> int:
    """Return the whole seconds of work at `at`, without pauses, from 0 to the duration."""
    return min(max((at - start_at - paused_for) // SECOND, 0), duration)


def vested_amount(total: Decimal, *, duration: int, elapsed: int) -> Decimal:
    """Return floor(total * elapsed / duration) at 6 decimals, and exactly the total at the end."""
    if elapsed >= duration:
        return total
    return from_micro(to_micro(total) * max(elapsed, 0) // duration)


def next_release_at(
    *, start_at: datetime, paused_for: timedelta, interval: int, duration: int, elapsed: int
) -> datetime:
    """Return the end of the slot that is running when `elapsed` seconds of work are done."""
    return start_at + paused_for + SECOND * min((elapsed // interval + 1) * interval, duration)


def duration_at_first_rate(total: Decimal, *, first_total: Decimal, first_duration: int) -> int:
    """Return the seconds that `total` lasts at the first rate, rounded down."""
    return first_duration * to_micro(total) // to_micro(first_total)


def shard_of(worker_id: UUID) -> int:
    """Return the shard that all streams of a worker are released in."""
    return worker_id.int % SHARDS
