"""Assignments of tasks to workers, and their end before the start."""

from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.invitations.services.consents import lock_consenting_worker
from platforms.models import Task
from platforms.platforms.services.platforms import lock_active_platform, require_active
from platforms.signals import tasks_assigned, tasks_returned
from platforms.tasks.enums import PartySide, TaskStatus
from platforms.tasks.errors import NOTHING_HERE, TaskNotFound
from platforms.tasks.funding import task_funding
from platforms.tasks.services.tasks import lock_task, move_task, require_task_move
from platforms.tasks.vocabulary import TASK_DECLINED, TASK_UNASSIGNED


@verb("task.assign", "task")
def assign_task(*, task_id: UUID, worker_id: UUID, now: datetime | None = None) -> Task:
    """Assign the task to the worker and hold its pay and fee in the platform's escrow.

    Raises IllegalMove, InsufficientFunds, WorkerNotFound (also for a worker who has not agreed to work for
    the platform), or as `require_active` does for platform and worker. Accounts are locked before workers
    everywhere, so the money is held first and a refusal undoes that.
    """
    task = lock_task(task_id=task_id, related=("platform",))
    now = now or database_now()
    require_task_move(task=task, after=TaskStatus.ASSIGNED)
    require_active(platform=task.platform)
    task.assignment_number += 1
    task_funding().hold(task, now)
    worker = lock_consenting_worker(worker_id=worker_id, platform_id=task.platform_id, now=now)
    number = task.assignment_number
    move_task(task=task, after=TaskStatus.ASSIGNED, worker=worker, assigned_at=now, assignment_number=number)
    # It may have been suspended while this waited for a lock. Its row is locked by now.
    lock_active_platform(platform_id=task.platform_id)
    audit.record("task.assign", task, after={"worker": worker.pk, "status": task.status}, now=now)
    tasks_assigned.send(sender=Task, tasks=[task], now=now)
    return task


@verb("task.unassign", "task")
def unassign_task(*, task_id: UUID, reason: str = "", now: datetime | None = None) -> Task:
    """Take the task back from its worker before the start: it is posted as before, its money is refunded and
    it is on nobody's record. Raises IllegalMove."""
    task = lock_task(task_id=task_id)
    return _return_task(task, TASK_UNASSIGNED, "task.unassign", reason, now)


@verb("task.decline", "task")
def decline_task(*, task_id: UUID, worker_id: UUID, reason: str = "", now: datetime | None = None) -> Task:
    """Give the task back for its worker before the start, as `unassign_task` does for the platform.

    Raises TaskNotFound for another worker's task, or IllegalMove.
    """
    task = lock_task(task_id=task_id)
    if task.worker_id != worker_id:
        raise TaskNotFound(NOTHING_HERE)
    return _return_task(task, TASK_DECLINED, "task.decline", reason, now)


def _return_task(task: Task, type_: str, action: str, reason: str, now: datetime | None) -> Task:
    now = now or database_now()
    require_task_move(task=task, after=TaskStatus.CREATED)
    worker_id = task.worker_id
    task_funding().give_back(task, now)
    move_task(task=task, after=TaskStatus.CREATED, worker=None, assigned_at=None)
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
