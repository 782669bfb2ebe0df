"""The second half of a task's life: begun, milestones, completion, cancellation, ratings."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from audit import services as audit
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.money import usdc
from platforms.enums import Fault, PartySide, TaskStatus, TaskType
from platforms.errors import InvalidRating, StreamCompleted, TaskNotOpen
from platforms.funding import funding
from platforms.models import Task
from platforms.services.assignments import acting_side
from platforms.services.progress import Progress
from platforms.services.tasks import lock_task, move_task, require_task_move, require_work_going_on
from platforms.signals import platforms_rated, tasks_cancelled, tasks_rated


@verb("task.start", "task")
def start_task(*, task_id: UUID, now: datetime | None = None) -> Task:
    """Work has begun; a time_based task's stream is open from now."""
    task = lock_task(task_id, "platform", "worker")
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
    """The task is done: all that was still held for it is paid, the fee is taken. Raises IllegalMove."""
    task = lock_task(task_id)
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
    """The tasks whose streams have just paid everything out are done, each at its time: the batch form of
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
    """The milestone is paid; the last one completes the task.

    Raises WrongTaskType, TaskNotOpen, or MilestoneOutOfOrder unless it is the next one.
    """
    task = lock_task(task_id)
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
    """Cancel the task, for who acts unless somebody else is named: what has vested is paid, the rest goes
    back to the platform. Nothing of it is held against the worker. Raises IllegalMove, or
    StreamCompleted at or after the end of its stream."""
    task = lock_task(task_id)
    now = now or database_now()
    require_work_going_on(task, now)
    if task.status == TaskStatus.DISPUTED:
        raise TaskNotOpen(f"task {task.pk} is disputed: staff resolve it", status=task.status)
    _require_stream_not_completed(task)
    require_task_move(task, TaskStatus.CANCELLED)
    return _cancel(task, reason, cancelled_by or acting_side(), cancelled_at=now, now=now)


def _require_stream_not_completed(task: Task) -> None:
    streamed = task.task_type == TaskType.TIME_BASED and task.status == TaskStatus.COMPLETED
    if streamed and task.paid_amount == task.amount:
        raise StreamCompleted(
            f"the stream of task {task.pk} was completed at {task.completed_at}:"
            f" {usdc(task.paid_amount)} was paid",
            paid=task.paid_amount,
            completed_at=task.completed_at,
        )


@verb("task.cancel", "task")
def cancel_long_paused_task(*, task_id: UUID, cancelled_at: datetime, now: datetime) -> Task:
    """The task is off as `cancel_task` would have it, since its platform paused its stream for longer than it
    may: it ended at `cancelled_at`, however late that was noticed, and by nobody's fault."""
    task = lock_task(task_id)
    require_task_move(task, TaskStatus.CANCELLED)
    reason = "its stream was paused for too long"
    return _cancel(
        task, reason, PartySide.PLATFORM, at_fault=Fault.NOBODY, cancelled_at=cancelled_at, now=now
    )


def _cancel(
    task: Task,
    reason: str,
    by: PartySide,
    *,
    cancelled_at: datetime,
    now: datetime,
    at_fault: Fault | None = None,
) -> Task:
    closing = funding().close(task, now)
    columns = {"paid_amount": closing.paid, "cancelled_by": by, "at_fault": at_fault}
    move_task(task, TaskStatus.CANCELLED, cancelled_at=cancelled_at, **columns)
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
    now = now or database_now()
    task = _rated(task_id, "worker_rating", rating, now)
    audit.record("task.rate", task, after={"worker_rating": rating}, now=now)
    tasks_rated.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.rate_platform", "task")
def rate_platform(*, task_id: UUID, rating: int, now: datetime | None = None) -> Task:
    """The worker's rating of the platform, 1 to 5, once, for a completed task."""
    now = now or database_now()
    task = _rated(task_id, "platform_rating", rating, now)
    audit.record("task.rate_platform", task, after={"platform_rating": rating}, now=now)
    platforms_rated.send(sender=Task, tasks=[task], now=now)
    return task


def _rated(task_id: UUID, field: str, rating: int, now: datetime) -> Task:
    if isinstance(rating, bool) or not isinstance(rating, int) or not 1 <= rating <= 5:
        raise InvalidRating(f"a rating is a whole number from 1 to 5, not {rating!r}", rating=rating)
    task = lock_task(task_id)
    require_work_going_on(task, now)
    if task.status != TaskStatus.COMPLETED:
        raise TaskNotOpen(f"task {task.pk} is {task.status}: only completed work is rated")
    if getattr(task, field) is not None:
        raise InvalidRating(f"the rating was given: {getattr(task, field)}", rating=getattr(task, field))
    setattr(task, field, rating)
    task.save(update_fields=[field, "updated_at"])
    return task
