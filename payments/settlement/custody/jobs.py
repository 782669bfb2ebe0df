from gigstream.jobs.registry import job
from payments import services


@job
def create_wallets() -> int:
    return services.create_wallets()
