from gigstream.console import queues
from gigstream.core.clock import database_now
from gigstream.jobs.registry import job


@job
def drop_claims() -> int:
    return queues.drop_stale_claims(now=database_now())
