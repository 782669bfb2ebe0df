"""What a worker or platform must have finished here before they may leave."""

from typing import Any

from platforms.enums import FINISHED_STATUSES
from platforms.errors import TaskNotOver
from platforms.models import Platform, Task
from workers.departures import platform_departures, worker_departures
from workers.models import Worker


@worker_departures.register
def _require_no_open_tasks_of_worker(party: Worker) -> None:
    _require_none(party, Task.objects.open().filter(worker=party).count())


@platform_departures.register
def _require_no_open_tasks_of_platform(party: Platform) -> None:
    unfinished = Task.objects.filter(platform=party).exclude(status__in=FINISHED_STATUSES)
    _require_none(party, unfinished.count())


def _require_none(party: Any, open_tasks: int) -> None:
    if open_tasks:
        raise TaskNotOver(f"{party} has {open_tasks} open tasks", open_tasks=open_tasks)
