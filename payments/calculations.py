"""Stream arithmetic and fees, pure. The SQL twins of `elapsed_seconds` and `vested` are in
`migrations/sql/stream_functions.sql`; a test holds them equal."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from gigstream.lib.money import from_micro, micro, share_bps

SECOND = timedelta(seconds=1)
SHARDS = 16


def elapsed_seconds(*, start_at: datetime, paused_for: timedelta, duration: int, at: datetime) -> int:
    """Whole seconds of work at `at`, without pauses, from 0 to the duration."""
    return min(max((at - start_at - paused_for) // SECOND, 0), duration)


def whole_slots(elapsed: int, *, interval: int, duration: int) -> int:
    """The elapsed seconds cut down to whole release intervals; the last slot may be short."""
    return duration if elapsed >= duration else elapsed // interval * interval


def vested(total: Decimal, *, duration: int, elapsed: int) -> Decimal:
    """floor(total * elapsed / duration) at 6 decimals, and exactly the total at the end."""
    if elapsed >= duration:
        return total
    return from_micro(micro(total) * max(elapsed, 0) // duration)


def next_release_at(
    *, start_at: datetime, paused_for: timedelta, interval: int, duration: int, elapsed: int
) -> datetime:
    """The end of the slot that is running when `elapsed` seconds of work are done."""
    return start_at + paused_for + SECOND * min((elapsed // interval + 1) * interval, duration)


def duration_at_first_rate(total: Decimal, *, first_total: Decimal, first_duration: int) -> int:
    """Return the seconds that `total` lasts at the first rate, rounded down."""
    return first_duration * micro(total) // micro(first_total)


def fee_on(pay: Decimal, fee_bps: int) -> Decimal:
    """The platform's fee on top of what the worker is paid."""
    return share_bps(pay, fee_bps)


def shard_of(worker_id: UUID) -> int:
    """The releaser's shard of a worker's streams: all of them in one."""
    return worker_id.int % SHARDS
