"""The job that gives each limit a row for staff."""

from audit.limits import services
from gigstream.jobs.registry import job


@job
def list_limits() -> int:
    return services.list_limits()
