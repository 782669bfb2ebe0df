"""Circuit breakers, one row for each service and all processes: open means that calls wait in our tables and
nobody is called, so that nothing fails and nothing is lost."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from audit.log import services as audit
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import (
    FAILURES,
    FIRST_OPEN_SECONDS,
    MOST_IN_A_ROW,
    is_mostly_failing,
    next_open_seconds,
)
from gigstream.remote_calls.enums import BreakerState
from gigstream.remote_calls.models import CircuitBreaker, RemoteCall

logger = logging.getLogger(__name__)

WINDOW = timedelta(seconds=60)


@in_unit
def permitted_calls(service: str, wanted: int, now: datetime) -> int:
    """Return how many calls may be made now: all when closed, none while open, one when it is time to try."""
    if not wanted:
        return 0
    row = _lock_breaker(service)
    if row.state == BreakerState.CLOSED:
        return wanted
    if row.retry_at is None or now < row.retry_at:
        return 0
    row.state = BreakerState.HALF_OPEN
    # Should the caller die, another tries after as long again.
    row.retry_at = now + timedelta(seconds=row.open_seconds)
    row.save()
    return 1


@in_unit
def note_outcomes(
    service: str,
    outcomes: Sequence[str | None],
    now: datetime,
    *,
    on_record: type[RemoteCall] | None = None,
) -> None:
    """Note how the calls just made ended, in this order (None: answered).

    The breaker opens after five failures in a row, or when half of at least ten calls of the last minute
    failed that are `on_record`; it closes when a trial call is answered.
    """
    if not outcomes:
        return
    row = _lock_breaker(service)
    failures = [outcome in FAILURES for outcome in outcomes]
    longest = 0
    for failed in failures:
        row.failures_in_a_row = row.failures_in_a_row + 1 if failed else 0
        longest = max(longest, row.failures_in_a_row)
    if row.state == BreakerState.HALF_OPEN:
        if failures[-1]:
            _open_breaker(row, next_open_seconds(row.open_seconds), now)
        else:
            _close_breaker(row, now)
    elif row.state == BreakerState.CLOSED and (
        longest >= MOST_IN_A_ROW or (any(failures) and _is_failing(service, on_record, now))
    ):
        _open_breaker(row, FIRST_OPEN_SECONDS, now)
    row.save()


def _is_failing(service: str, on_record: type[RemoteCall] | None, now: datetime) -> bool:
    if on_record is None:
        return False
    lately = on_record._default_manager.filter(
        service=service, started_at__gt=now - WINDOW, ended_at__isnull=False
    )
    return is_mostly_failing(list(lately.values_list("error_class", flat=True)))


def _lock_breaker(service: str) -> CircuitBreaker:
    CircuitBreaker.unguarded.bulk_create([CircuitBreaker(service=service)], ignore_conflicts=True)
    return CircuitBreaker.objects.locked().get(pk=service)


def _open_breaker(row: CircuitBreaker, seconds: int, now: datetime) -> None:
    row.state = BreakerState.OPEN
    row.opened_at = row.opened_at or now
    row.open_seconds = seconds
    row.retry_at = now + timedelta(seconds=seconds)
    logger.error("the breaker of %s is open: %s failures in a row", row.service, row.failures_in_a_row)
    audit.record("breaker.open", row, after={"retry_at": row.retry_at}, now=now)


def _close_breaker(row: CircuitBreaker, now: datetime) -> None:
    row.state = BreakerState.CLOSED
    row.opened_at = row.retry_at = None
    row.open_seconds = 0
    logger.warning("the breaker of %s is closed again", row.service)
    audit.record("breaker.close", row, after={"state": row.state}, now=now)
