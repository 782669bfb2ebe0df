from gigstream.jobs.registry import job
from workers import services


@job
def send_wallet_notices() -> int:
    return services.send_wallet_notices()


@job
def apply_wallet_changes() -> int:
    return services.apply_wallet_changes()
