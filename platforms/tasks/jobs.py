from gigstream.jobs.registry import job
from platforms import services


@job
def send_dispute_reminders() -> int:
    return services.send_dispute_reminders()
