from audit.jobs import job
from gigstream.console import queues, services
from gigstream.lib.clock import database_now


@job
def drop_claims() -> int:
    return queues.drop_what_left(now=database_now())


@job
def send_staff_codes() -> int:
    return services.send_codes()


@job
def sweep_staff_sign_in() -> int:
    return services.sweep_sign_in()
