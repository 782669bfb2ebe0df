"""Job that finds the clusters of linked accounts."""

from gigstream.jobs.registry import job
from reputation.sybils import services


@job
def find_clusters() -> int:
    return services.find_clusters()
