"""The circuit breaker of each provider, one row for all processes: open means that transfers wait in our
tables and nobody is called, so that nothing fails and nothing is lost."""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta

from audit import services as audit
from gigstream.lib.db import atomic_with_retry
from payments.enums import BreakerState, ErrorClass
from payments.models import ProviderBreaker, SettlementAttempt

logger = logging.getLogger(__name__)

MOST_IN_A_ROW = 5
WINDOW = timedelta(seconds=60)
LEAST_IN_WINDOW = 10
FIRST_OPEN_SECONDS, LONGEST_OPEN_SECONDS = 30, 300
# What says that the provider is not well; a refusal is an answer of one that is.
FAILURES = frozenset({ErrorClass.NETWORK, ErrorClass.UNKNOWN_OUTCOME, ErrorClass.CREDENTIALS})


@atomic_with_retry
def permitted_calls(provider: str, wanted: int, now: datetime) -> int:
    """How many calls may be made now: all when closed, none while open, one when it is time to try."""
    if not wanted:
        return 0
    row = _locked(provider)
    if row.state == BreakerState.CLOSED:
        return wanted
    if row.retry_at is None or now < row.retry_at:
        return 0
    row.state = BreakerState.HALF_OPEN
    # Should the caller die, somebody else tries after as long again.
    row.retry_at = now + timedelta(seconds=row.open_seconds)
    row.save()
    return 1


@atomic_with_retry
def note_outcomes(provider: str, outcomes: Sequence[ErrorClass | None], now: datetime) -> None:
    """The calls just made ended so, in this order (None: answered). Opens after five failures in a row, or
    when half of at least ten calls of the last minute failed; closes when a trial call is answered."""
    if not outcomes:
        return
    row = _locked(provider)
    failures = [outcome in FAILURES for outcome in outcomes]
    longest = 0
    for failed in failures:
        row.failures_in_a_row = row.failures_in_a_row + 1 if failed else 0
        longest = max(longest, row.failures_in_a_row)
    if row.state == BreakerState.HALF_OPEN:
        if failures[-1]:
            _open(row, min(2 * row.open_seconds, LONGEST_OPEN_SECONDS), now)
        else:
            _close(row, now)
    elif row.state == BreakerState.CLOSED and _is_unwell(provider, longest, any(failures), now):
        _open(row, FIRST_OPEN_SECONDS, now)
    row.save()


def _is_unwell(provider: str, longest: int, failed: bool, now: datetime) -> bool:
    if longest >= MOST_IN_A_ROW or not failed:
        return longest >= MOST_IN_A_ROW
    lately = SettlementAttempt.objects.filter(
        provider=provider, started_at__gt=now - WINDOW, ended_at__isnull=False
    )
    classes = list(lately.values_list("error_class", flat=True))
    return len(classes) >= LEAST_IN_WINDOW and 2 * sum(one in FAILURES for one in classes) >= len(classes)


def _locked(provider: str) -> ProviderBreaker:
    ProviderBreaker.unguarded.bulk_create([ProviderBreaker(provider=provider)], ignore_conflicts=True)
    return ProviderBreaker.objects.locked().get(pk=provider)


def _open(row: ProviderBreaker, seconds: int, now: datetime) -> None:
    row.state = BreakerState.OPEN
    row.opened_at = row.opened_at or now
    row.open_seconds = seconds
    row.retry_at = now + timedelta(seconds=seconds)
    logger.error("the breaker of %s is open: %s failures in a row", row.provider, row.failures_in_a_row)
    audit.record("breaker.open", row, after={"retry_at": row.retry_at}, now=now)


def _close(row: ProviderBreaker, now: datetime) -> None:
    row.state = BreakerState.CLOSED
    row.opened_at = row.retry_at = None
    row.open_seconds = 0
    logger.warning("the breaker of %s is closed again", row.provider)
    audit.record("breaker.close", row, after={"state": row.state}, now=now)
