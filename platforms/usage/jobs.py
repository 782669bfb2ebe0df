"""The jobs that keep the months of usage, and find artificial use."""

from gigstream.jobs.registry import job
from platforms import services


@job
def keep_usage_partitions() -> int:
    return services.keep_usage_partitions()


@job
def find_artificial_use() -> int:
    return services.find_artificial_use()
