"""Closing of the days of transactions that are over."""

from datetime import datetime, timedelta

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import try_lock
from gigstream.core.unit import in_unit
from payments.figures.services import statistics

# A day is left open for this time after its end, in case a transaction dated in it is still being written.
GRACE = timedelta(days=1)


@in_unit
def close_transaction_days(*, now: datetime | None = None) -> int:
    """Record the sums of every UTC day that ended a day ago or earlier and has no transaction under way;
    return how many days were closed. A later transaction of such a day reopens it."""
    if not try_lock("close_transaction_days"):
        return 0
    return statistics.close_days(before=((now or database_now()) - GRACE).date())
