from audit.notices import letters, services
from gigstream.jobs.registry import job


@job
def send_notice_letters() -> int:
    return letters.send_notice_letters()


@job
def sweep_notices() -> int:
    return services.sweep_notices()
