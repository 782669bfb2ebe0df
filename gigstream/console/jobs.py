from gigstream.console import queues
from gigstream.console.notices import overdue
from gigstream.core.clock import database_now
from gigstream.jobs.registry import job


@job
def drop_claims() -> int:
    return queues.drop_stale_claims(now=database_now())


@job
def notify_of_overdue() -> int:
    return overdue.notify_of_overdue(now=database_now())
