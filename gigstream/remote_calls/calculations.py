"""Formulas of remote calls: the wait before a call is repeated, and when a breaker opens."""

from collections.abc import Sequence
from datetime import timedelta

from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import ServiceBusy

# Errors that say that the service is not well; a refusal is the answer of a service that is.
FAILURES = frozenset({ErrorClass.NETWORK, ErrorClass.UNKNOWN_OUTCOME, ErrorClass.CREDENTIALS})
MOST_IN_A_ROW = 5
LEAST_IN_WINDOW = 10
FIRST_OPEN_SECONDS, LONGEST_OPEN_SECONDS = 30, 300
FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(seconds=30)


def backoff_after(error: Exception | None, calls: int) -> timedelta:
    """Return the wait after so many calls: 2, 4, 8, 16, then 30 seconds, or longer if the service says so."""
    wait = min(FIRST_BACKOFF * 2 ** min(calls - 1, 10), LONGEST_BACKOFF)
    if isinstance(error, ServiceBusy) and error.retry_after:
        return max(wait, timedelta(seconds=error.retry_after))
    return wait


def is_mostly_failing(error_classes: Sequence[str | None]) -> bool:
    """Whether at least half of these calls failed, of ten or more."""
    failed = sum(error_class in FAILURES for error_class in error_classes)
    return len(error_classes) >= LEAST_IN_WINDOW and 2 * failed >= len(error_classes)


def next_open_seconds(open_seconds: int) -> int:
    """Return how long a breaker stays open whose trial call failed: twice as long, 300 seconds at most."""
    return min(2 * open_seconds, LONGEST_OPEN_SECONDS)
