from gigstream.jobs.registry import job
from payments import services


@job
def close_transaction_days() -> int:
    return services.close_transaction_days()
