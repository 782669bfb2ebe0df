"""The jobs that keep the months of usage, find artificial use, and delete who played what long ago."""

from gigstream.jobs.registry import job
from platforms import services


@job
def keep_usage_partitions() -> int:
    return services.keep_usage_partitions()


@job
def find_artificial_use() -> int:
    return services.find_artificial_use()


@job
def prune_listener_days() -> int:
    return services.prune_listener_days()
