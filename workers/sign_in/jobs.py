from gigstream.jobs.registry import job
from workers import services


@job
def send_registrations() -> int:
    return services.send_registrations()


@job
def send_password_resets() -> int:
    return services.send_password_resets()


@job
def sweep_sign_in() -> int:
    return services.sweep_sign_in()
