from gigstream.api import idempotency
from gigstream.jobs.registry import job


@job
def sweep_answers() -> int:
    return idempotency.sweep_responses()
