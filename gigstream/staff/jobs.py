from gigstream.jobs.registry import job
from gigstream.staff import services


@job
def send_staff_codes() -> int:
    return services.send_codes()


@job
def sweep_staff_sign_in() -> int:
    return services.sweep_sign_in()
