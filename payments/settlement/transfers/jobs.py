from gigstream.jobs.registry import job
from payments import services


@job
def submit_payouts() -> int:
    return services.submit_payouts()


@job
def poll_settlements() -> int:
    return services.poll_settlements()


@job
def verify_notifications() -> int:
    return services.verify_notifications()
