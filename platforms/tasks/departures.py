"""Departures: a worker or platform with open tasks may not leave."""

from platforms.models import Platform, Task
from platforms.tasks.enums import FINISHED_STATUSES
from platforms.tasks.errors import TaskNotOver
from workers.departures import platform_departures, worker_departures
from workers.models import Worker


@worker_departures.register
def _require_no_open_tasks_of_worker(worker: Worker) -> None:
    _require_no_tasks(worker, Task.objects.open().filter(worker=worker).count())


@platform_departures.register
def _require_no_open_tasks_of_platform(platform: Platform) -> None:
    unfinished = Task.objects.filter(platform=platform).exclude(status__in=FINISHED_STATUSES)
    _require_no_tasks(platform, unfinished.count())


def _require_no_tasks(leaving: Worker | Platform, open_tasks: int) -> None:
    if open_tasks:
        raise TaskNotOver(f"{leaving} has {open_tasks} open tasks", open_tasks=open_tasks)
