from gigstream.jobs.registry import job
from platforms import services


@job
def deliver_webhooks() -> int:
    return services.deliver_webhooks()
