"""Jobs of invitations."""

from gigstream.jobs.registry import job
from platforms import services


@job
def send_invitations() -> int:
    return services.send_invitations()
