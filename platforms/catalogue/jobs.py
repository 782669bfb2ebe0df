"""The job that makes listeners unknown whose key was retired long ago."""

from gigstream.jobs.registry import job
from platforms import services


@job
def destroy_listener_keys() -> int:
    return services.destroy_listener_keys()
