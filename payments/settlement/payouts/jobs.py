from gigstream.jobs.registry import job
from payments import services


@job
def create_due_payouts() -> int:
    return services.create_due_payouts()


@job
def send_hold_notices() -> int:
    return services.send_hold_notices()
