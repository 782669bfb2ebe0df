"""Days of transactions that are over."""

from datetime import datetime, timedelta

from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, try_lock
from payments import statistics

# A day is left alone for as long as this after its end, in case something dated in it is still being written.
GRACE = timedelta(days=1)


@atomic_with_retry
def close_transaction_days(*, now: datetime | None = None) -> int:
    """The sums of every UTC day that ended a day ago or earlier, and on which no transaction is under way any
    more, are on record; returns how many days were closed. A later transaction of such a day reopens it."""
    if not try_lock("close_transaction_days"):
        return 0
    return statistics.close_days(before=((now or database_now()) - GRACE).date())
