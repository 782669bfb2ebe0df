from gigstream.jobs.registry import job
from payments import services


@job
def send_withdrawal_notices() -> int:
    return services.send_withdrawal_notices()
