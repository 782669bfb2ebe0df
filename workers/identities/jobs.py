from gigstream.jobs.registry import job
from workers import services


@job
def send_identity_notices() -> int:
    return services.send_identity_notices()
