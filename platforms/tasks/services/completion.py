"""Second half of a task's life: start, milestones, completion, cancellation, ratings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from platforms.models import Task
from platforms.signals import platforms_rated, tasks_cancelled, tasks_rated
from platforms.tasks.enums import Fault, PartySide, TaskStatus, TaskType
from platforms.tasks.errors import InvalidRating, StreamCompleted, TaskNotOpen
from platforms.tasks.funding import task_funding
from platforms.tasks.services.assignments import acting_side
from platforms.tasks.services.progress import Progress
from platforms.tasks.services.tasks import lock_task, move_task, require_settled_stream, require_task_move


@verb("task.start", "task")
def start_task(*, task_id: UUID, now: datetime | None = None) -> Task:
    """Start the work; a time_based task's stream is open from now. Raises as `require_startable` does."""
    task = lock_task(task_id=task_id, related=("platform", "worker"))
    progress = Progress(now or database_now())
    progress.start(task)
    progress.begin()
    progress.finish()
    return task


@verb("task.complete", "task")
def complete_task(
    *,
    task_id: UUID,
    completion_proof: dict[str, Any] | None = None,
    now: datetime | None = None,
) -> Task:
    """Complete the task: pay all that is still held for it and take the fee. Raises IllegalMove or
    TaskNotOpen."""
    task = lock_task(task_id=task_id)
    progress = Progress(now or database_now())
    progress.load([task])
    progress.complete(task, None)
    proof = {} if completion_proof is None else {"completion_proof": completion_proof}
    for name, value in proof.items():
        setattr(task, name, value)
    progress.finish(columns=proof)
    return task


@verb("task.complete", "task")
def complete_streamed_tasks(*, completed_at: Mapping[UUID, datetime], now: datetime) -> list[Task]:
    """Complete the tasks whose streams have just paid everything out, each at its time: the batch form of
    `complete_task`.

    The caller holds the tasks' locks and has booked all of their pay.
    """
    tasks = list(Task.objects.locked().filter(pk__in=completed_at, status=TaskStatus.IN_PROGRESS))
    progress = Progress(now)
    for task in tasks:
        progress.close(task, completed_at[task.pk])
    progress.finish()
    return tasks


@verb("task.approve_milestone", "task")
def approve_milestone(*, task_id: UUID, number: int, now: datetime | None = None) -> Task:
    """Approve the next milestone and pay it; the last completes the task.

    Raises WrongTaskType, TaskNotOpen, or MilestoneOutOfOrder for another than the next.
    """
    task = lock_task(task_id=task_id)
    progress = Progress(now or database_now())
    progress.load([task])
    progress.approve(task, number, None)
    progress.finish()
    return task


@verb("task.cancel", "task")
def cancel_task(
    *,
    task_id: UUID,
    reason: str = "",
    cancelled_by: PartySide | None = None,
    now: datetime | None = None,
) -> Task:
    """Cancel the task, for the acting side unless another is named: the vested part is paid, the rest is
    refunded to the platform. Nothing of it is held against the worker. Raises IllegalMove, TaskNotOpen while
    it is disputed, or StreamCompleted at or after the end of its stream."""
    task = lock_task(task_id=task_id)
    now = now or database_now()
    require_settled_stream(task=task, now=now)
    if task.status == TaskStatus.DISPUTED:
        raise TaskNotOpen(f"task {task.reference} is disputed: staff resolve it", status=task.status)
    _require_stream_not_completed(task)
    require_task_move(task=task, after=TaskStatus.CANCELLED)
    return _close_task(task, reason, cancelled_by or acting_side(), cancelled_at=now, now=now)


def _require_stream_not_completed(task: Task) -> None:
    streamed = task.task_type == TaskType.TIME_BASED and task.status == TaskStatus.COMPLETED
    if streamed and task.paid_amount == task.amount:
        raise StreamCompleted(
            f"the stream of task {task.reference} was completed at {task.completed_at}:"
            f" {usdc(task.paid_amount)} was paid",
            paid=task.paid_amount,
            completed_at=task.completed_at,
        )


@verb("task.cancel", "task")
def cancel_long_paused_task(*, task_id: UUID, cancelled_at: datetime, now: datetime) -> Task:
    """Cancel the task as `cancel_task` does, since its platform paused its stream for longer than it may: it
    ended at `cancelled_at`, however late that was noticed, and by nobody's fault."""
    task = lock_task(task_id=task_id)
    require_task_move(task=task, after=TaskStatus.CANCELLED)
    reason = "its stream was paused for too long"
    return _close_task(
        task, reason, PartySide.PLATFORM, at_fault=Fault.NOBODY, cancelled_at=cancelled_at, now=now
    )


def _close_task(
    task: Task,
    reason: str,
    by: PartySide,
    *,
    cancelled_at: datetime,
    now: datetime,
    at_fault: Fault | None = None,
) -> Task:
    closing = task_funding().close(task, now)
    columns = {"paid_amount": closing.paid, "cancelled_by": by, "at_fault": at_fault}
    move_task(task=task, after=TaskStatus.CANCELLED, cancelled_at=cancelled_at, **columns)
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
    """Record the platform's rating of the worker, 1 to 5, once, for a completed task. Raises InvalidRating or
    TaskNotOpen."""
    now = now or database_now()
    task = _save_rating(task_id, "worker_rating", rating, now)
    audit.record("task.rate", task, after={"worker_rating": rating}, now=now)
    tasks_rated.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.rate_platform", "task")
def rate_platform(*, task_id: UUID, rating: int, now: datetime | None = None) -> Task:
    """Record the worker's rating of the platform, 1 to 5, once, for a completed task. Raises InvalidRating or
    TaskNotOpen."""
    now = now or database_now()
    task = _save_rating(task_id, "platform_rating", rating, now)
    audit.record("task.rate_platform", task, after={"platform_rating": rating}, now=now)
    platforms_rated.send(sender=Task, tasks=[task], now=now)
    return task


def _save_rating(task_id: UUID, field: str, rating: int, now: datetime) -> Task:
    if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= 5:
        raise InvalidRating(f"a rating is a whole number from 1 to 5, not {rating!r}", rating=rating)
    task = lock_task(task_id=task_id)
    require_settled_stream(task=task, now=now)
    if task.status != TaskStatus.COMPLETED:
        raise TaskNotOpen(f"task {task.reference} is {task.status}: only completed work is rated")
    if getattr(task, field) is not None:
        raise InvalidRating(f"the rating was given: {getattr(task, field)}", rating=getattr(task, field))
    setattr(task, field, rating)
    task.save(update_fields=[field, "updated_at"])
    return task
