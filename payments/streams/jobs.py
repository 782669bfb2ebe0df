"""Jobs that release due streams and end pauses that have lasted too long."""

from gigstream.jobs.registry import job
from payments import services


@job
def release_due_streams(worker_index: int = 0, worker_count: int = 1) -> int:
    return services.release_due_streams(worker_index=worker_index, worker_count=worker_count)


@job
def end_long_pauses() -> int:
    return services.end_long_pauses()
