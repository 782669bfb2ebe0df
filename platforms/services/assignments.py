"""Tasks assigned to workers, and taken back or declined before the start."""

from datetime import datetime
from uuid import UUID

from audit import services as audit
from audit.context import current_actor
from audit.services import verb
from gigstream.lib.clock import database_now
from platforms.enums import EventType, PartySide, TaskStatus
from platforms.errors import NOTHING_HERE, TaskNotFound
from platforms.funding import funding
from platforms.models import Task
from platforms.services.consents import lock_consenting_worker
from platforms.services.parties import lock_active_platform, require_active
from platforms.services.tasks import lock_task, move_task, require_task_move
from platforms.signals import tasks_assigned, tasks_returned


@verb("task.assign", "task")
def assign_task(*, task_id: UUID, worker_id: UUID, now: datetime | None = None) -> Task:
    """Assign the task to the worker and hold its pay and fee in the platform's escrow.

    Raises IllegalMove, InsufficientFunds, WorkerNotFound (also for a worker who has not agreed to work for
    the platform), or the status of platform or worker. Accounts are locked before workers everywhere, so the
    money is held first and goes back with the refusal.
    """
    task = lock_task(task_id, "platform")
    now = now or database_now()
    require_task_move(task, TaskStatus.ASSIGNED)
    require_active(task.platform)
    task.assignment_number += 1
    funding().hold(task, now)
    worker = lock_consenting_worker(worker_id=worker_id, platform_id=task.platform_id, now=now)
    number = task.assignment_number
    move_task(task, TaskStatus.ASSIGNED, worker=worker, assigned_at=now, assignment_number=number)
    # It may have been suspended while this waited for a lock. Its row is locked by now.
    lock_active_platform(platform_id=task.platform_id)
    audit.record("task.assign", task, after={"worker": worker.pk, "status": task.status}, now=now)
    tasks_assigned.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.unassign", "task")
def unassign_task(*, task_id: UUID, reason: str = "", now: datetime | None = None) -> Task:
    """Take the task back from its worker before the start: it is posted as before, its money is refunded and
    it is on nobody's record. Raises IllegalMove."""
    task = lock_task(task_id)
    return _return(task, EventType.TASK_UNASSIGNED, "task.unassign", reason, now)


@verb("task.decline", "task")
def decline_task(*, task_id: UUID, worker_id: UUID, reason: str = "", now: datetime | None = None) -> Task:
    """Give the task back for its worker before the start, as `unassign_task` does for the platform.

    Raises TaskNotFound for another worker's task, or IllegalMove.
    """
    task = lock_task(task_id)
    if task.worker_id != worker_id:
        raise TaskNotFound(NOTHING_HERE)
    return _return(task, EventType.TASK_DECLINED, "task.decline", reason, now)


def _return(task: Task, type_: EventType, action: str, reason: str, now: datetime | None) -> Task:
    now = now or database_now()
    require_task_move(task, TaskStatus.CREATED)
    worker_id = task.worker_id
    funding().give_back(task, now)
    move_task(task, TaskStatus.CREATED, worker=None, assigned_at=None)
    audit.record(
        action,
        task,
        before={"worker": worker_id},
        after={"status": task.status},
        metadata={"reason": reason} if reason else {},
        now=now,
    )
    tasks_returned.send(sender=Task, tasks=[task], type_=type_, worker_id=worker_id, now=now)
    return task


def acting_side() -> PartySide:
    """Return the side for which the current actor acts."""
    actor = current_actor().type
    return PartySide(actor) if actor in PartySide.values else PartySide.SYSTEM
