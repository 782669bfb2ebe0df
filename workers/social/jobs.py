from gigstream.jobs.registry import job
from workers import services


@job
def send_social_notices() -> int:
    return services.send_social_notices()


@job
def sweep_social_accounts() -> int:
    return services.sweep_social_accounts()
