from collections.abc import Sequence
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from platforms.figures import services as statistics
from platforms.figures.services import STATUS_TIMES, TaskMove, latest_change
from platforms.models import Task
from platforms.signals import (
    tasks_moved_in_bulk,
)
from platforms.tasks.receivers import find_move
from workers import services as workers


@receiver(post_save, sender=Task)
@receiver(tasks_moved_in_bulk)
def update_worker_statistics(
    instance: Task | None = None,
    moves: Sequence[TaskMove] | None = None,
    update_fields: frozenset[str] | None = None,
    **kwargs: Any,
) -> None:
    """Update a worker's totals, rates and average when the status or rating of their task has changed."""
    moves = _collect_moves(instance, moves, update_fields)
    statistics.refresh_workers(
        worker_ids={worker_id for move in moves for worker_id in move.pair[1:] if worker_id}
    )


@receiver(post_save, sender=Task)
@receiver(tasks_moved_in_bulk)
def update_platform_statistics(
    instance: Task | None = None,
    moves: Sequence[TaskMove] | None = None,
    update_fields: frozenset[str] | None = None,
    **kwargs: Any,
) -> None:
    """Update the engagement and the platform's totals when a task's status has changed."""
    statistics.add_to_platforms(moves=_collect_moves(instance, moves, update_fields))


def _collect_moves(
    instance: Task | None, moves: Sequence[TaskMove] | None, update_fields: frozenset[str] | None
) -> Sequence[TaskMove]:
    if instance is None:
        return moves or ()
    move = find_move(instance, update_fields)
    return [move] if move else ()


@receiver(post_save, sender=Task)
def update_worker_last_active(instance: Task, created: bool, **kwargs: Any) -> None:
    """Update `last_active_at` of the worker of an inserted task, if it has a worker already."""
    if created and instance.worker_id:
        at = latest_change(columns={name: getattr(instance, name) for name in STATUS_TIMES})
        workers.touch_last_active(worker_ids=[instance.worker_id], at=at)
