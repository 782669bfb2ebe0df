from audit.jobs import job
from gigstream.console import queues
from gigstream.lib.clock import database_now


@job
def drop_claims() -> int:
    return queues.drop_what_left(now=database_now())
