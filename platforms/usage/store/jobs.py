"""The job that writes raw events to the store."""

from gigstream.jobs.registry import job
from platforms import services


@job
def write_usage_store() -> int:
    return services.write_usage_store()
