"""The second half of a task's life: milestones, completion, cancellation, ratings."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import F
from django.utils import timezone

from audit import services as audit
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from platforms.enums import TaskStatus, TaskType
from platforms.errors import InvalidRating, MilestoneOutOfOrder, TaskNotOpen, WrongTaskType
from platforms.funding import funding
from platforms.models import Task, WorkEvent
from platforms.services.tasks import lock_task, move_task, require_task_move
from platforms.signals import (
    milestones_approved,
    platforms_rated,
    tasks_cancelled,
    tasks_completed,
    tasks_moved_in_bulk,
    tasks_rated,
)
from platforms.statistics import Standing, TaskMove


@verb("task.complete", "task")
def complete_task(
    *,
    task_id: UUID,
    completion_proof: dict[str, Any] | None = None,
    work_event: WorkEvent | None = None,
    now: datetime | None = None,
) -> Task:
    """The task is done: all that was still held for it is paid, the fee is taken. Raises IllegalMove."""
    task = lock_task(task_id)
    now = now or database_now()
    require_completable(task)
    proof = {} if completion_proof is None else {"completion_proof": completion_proof}
    return _complete(task, now, work_event, **proof)


def require_completable(task: Task) -> None:
    """Raise TaskNotOpen or IllegalMove unless the platform may say that the task is done."""
    if task.status == TaskStatus.DISPUTED:
        raise TaskNotOpen(f"task {task.pk} is disputed: staff resolve it", status=task.status)
    require_task_move(task, TaskStatus.COMPLETED)


def _complete(task: Task, now: datetime, work_event: WorkEvent | None, **columns: Any) -> Task:
    closing = funding().pay_rest(task, now, work_event)
    if task.task_type == TaskType.MILESTONE:
        task.milestones(manager="unguarded").filter(approved_at=None).update(approved_at=now)
    move_task(task, TaskStatus.COMPLETED, completed_at=now, paid_amount=closing.paid, **columns)
    audit.record("task.complete", task, after={"status": task.status, "paid": closing.paid}, now=now)
    tasks_completed.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.complete", "task")
def complete_streamed_tasks(*, task_ids: Sequence[UUID], now: datetime) -> list[Task]:
    """The tasks whose streams have just paid everything out are done: the batch form of `complete_task`.

    The caller holds the tasks' locks and has booked all of their pay.
    """
    tasks = list(Task.objects.locked().filter(pk__in=task_ids, status=TaskStatus.IN_PROGRESS))
    moves = []
    for task in tasks:
        before = Standing.of_task(task)
        task.status = TaskStatus.COMPLETED
        task.completed_at = now
        task.paid_amount = task.amount
        moves.append(TaskMove.of(task, before=before, at=now))
    Task.unguarded.filter(pk__in=[task.pk for task in tasks]).update(
        status=TaskStatus.COMPLETED, completed_at=now, paid_amount=F("amount"), updated_at=timezone.now()
    )
    tasks_moved_in_bulk.send(sender=Task, moves=moves)
    audit.record_many(
        (
            Record(
                "task.complete", "task", str(task.pk), after={"status": task.status, "paid": task.paid_amount}
            )
            for task in tasks
        ),
        now=now,
    )
    if tasks:
        tasks_completed.send(sender=Task, tasks=tasks, now=now)
    return tasks


@verb("task.approve_milestone", "task")
def approve_milestone(
    *, task_id: UUID, number: int, work_event: WorkEvent | None = None, now: datetime | None = None
) -> Task:
    """The milestone is paid; the last one completes the task.

    Raises WrongTaskType, TaskNotOpen, or MilestoneOutOfOrder unless it is the next one.
    """
    task = lock_task(task_id)
    now = now or database_now()
    if task.task_type != TaskType.MILESTONE:
        raise WrongTaskType(f"task {task.pk} is {task.task_type}, it has no milestones")
    if task.status != TaskStatus.IN_PROGRESS:
        raise TaskNotOpen(f"task {task.pk} is {task.status}, not in progress", status=task.status)
    waiting = list(task.milestones.filter(approved_at=None).order_by("number")[:2])
    if not waiting or waiting[0].number != number:
        expected = waiting[0].number if waiting else None
        raise MilestoneOutOfOrder(
            f"the next milestone is {expected}, not {number}", expected=expected, number=number
        )
    if len(waiting) == 1:
        return _complete(task, now, work_event)
    milestone = waiting[0]
    funding().pay_milestone(task, milestone, now, work_event)
    milestone.approved_at = now
    milestone.save(update_fields=["approved_at"])
    audit.record(
        "task.approve_milestone", task, after={"number": number, "amount": milestone.amount}, now=now
    )
    milestones_approved.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.cancel", "task")
def cancel_task(*, task_id: UUID, reason: str = "", now: datetime | None = None) -> Task:
    """The task is off: what has vested is paid, the rest goes back to the platform. Raises IllegalMove."""
    task = lock_task(task_id)
    now = now or database_now()
    if task.status == TaskStatus.DISPUTED:
        raise TaskNotOpen(f"task {task.pk} is disputed: staff resolve it", status=task.status)
    require_task_move(task, TaskStatus.CANCELLED)
    closing = funding().close(task, now)
    move_task(task, TaskStatus.CANCELLED, cancelled_at=now, paid_amount=closing.paid)
    audit.record(
        "task.cancel",
        task,
        after={"status": task.status, "paid": closing.paid, "refunded": closing.refunded},
        metadata={"reason": reason},
        now=now,
    )
    tasks_cancelled.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.rate", "task")
def rate_worker(*, task_id: UUID, rating: int, now: datetime | None = None) -> Task:
    """The platform's rating of the worker, 1 to 5, once, for a completed task."""
    task = _rated(task_id, "worker_rating", rating)
    now = now or database_now()
    audit.record("task.rate", task, after={"worker_rating": rating}, now=now)
    tasks_rated.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.rate_platform", "task")
def rate_platform(*, task_id: UUID, rating: int, now: datetime | None = None) -> Task:
    """The worker's rating of the platform, 1 to 5, once, for a completed task."""
    task = _rated(task_id, "platform_rating", rating)
    now = now or database_now()
    audit.record("task.rate_platform", task, after={"platform_rating": rating}, now=now)
    platforms_rated.send(sender=Task, tasks=[task], now=now)
    return task


def _rated(task_id: UUID, field: str, rating: int) -> Task:
    if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= 5:
        raise InvalidRating(f"a rating is a whole number from 1 to 5, not {rating!r}", rating=rating)
    task = lock_task(task_id)
    if task.status != TaskStatus.COMPLETED:
        raise TaskNotOpen(f"task {task.pk} is {task.status}: only completed work is rated")
    if getattr(task, field) is not None:
        raise InvalidRating(f"the rating was given: {getattr(task, field)}", rating=getattr(task, field))
    setattr(task, field, rating)
    task.save(update_fields=[field, "updated_at"])
    return task
