"""Batches of jobs: repeated until nothing is left, and those that failed by a cause in their rows, so that
fewer of them may go on."""

from collections.abc import Callable

from celery.exceptions import SoftTimeLimitExceeded
from django.db import InterfaceError, OperationalError

from gigstream.core.postgres.transactions import sqlstate
from gigstream.core.unit import RETRYABLE

# PostgreSQL's code of a statement that took too long.
QUERY_CANCELED = "57014"


def repeat_batch(batch: Callable[[], int], *, size: int) -> int:
    """Call `batch`, which works on up to `size` rows, until it finds fewer; return the number of all rows."""
    done = 0
    while True:
        count = batch()
        done += count
        if count < size:
            return done


def require_cause_in_rows(error: Exception) -> None:
    """Raise the error again if its cause is not a row but a lost connection or the job's time limit."""
    of_rows = sqlstate(error) in {*RETRYABLE, QUERY_CANCELED}
    if isinstance(error, InterfaceError | OperationalError | SoftTimeLimitExceeded) and not of_rows:
        raise error


def is_held_by_others(error: Exception) -> bool:
    """Whether the batch met rows that others have locked, which is no fault of its own."""
    return sqlstate(error) in RETRYABLE
