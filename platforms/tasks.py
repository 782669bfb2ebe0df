"""The beat's doors to the platforms services."""

from audit.jobs import job
from platforms import services


@job
def send_invitations() -> int:
    return services.send_invitations()


@job
def deliver_webhooks() -> int:
    return services.deliver_webhooks()


@job
def send_dispute_reminders() -> int:
    return services.send_dispute_reminders()
