"""First half of a task's life: its posting, and the checks with which every later change begins."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.money import exact_amount, usdc
from gigstream.core.states import require_move
from platforms.figures.services import TaskFigures, TaskMove
from platforms.models import Milestone, Platform, Task
from platforms.platforms.selectors import lock_platform_and_time
from platforms.platforms.services.platforms import require_active
from platforms.signals import tasks_created, tasks_moved_in_bulk
from platforms.tasks.enums import TASK_MOVES, TaskStatus, TaskType
from platforms.tasks.errors import (
    ExternalIdTaken,
    InvalidDueDate,
    InvalidSchedule,
    MilestonesDoNotAddUp,
    TaskNotOpen,
    WrongTaskType,
)
from platforms.tasks.funding import task_funding
from workers import services as workers
from workers.models import Worker


@dataclass(frozen=True, slots=True)
class MilestonePlan:
    """A step of a milestone task that is being posted."""

    title: str
    amount: Decimal | str


@dataclass(frozen=True, slots=True)
class TaskPlan:
    """A task that is being posted."""

    title: str
    amount: Decimal | str
    task_type: str
    description: str = ""
    external_task_id: str | None = None
    due_at: datetime | None = None
    milestones: Sequence[MilestonePlan] = ()
    duration_seconds: int | None = None
    release_interval: int | None = None
    metadata: dict[str, Any] | None = None


@verb("task.create", "platform")
def create_task(*, platform_id: UUID, plan: TaskPlan, now: datetime | None = None) -> Task:
    """Post a task; its money is held when it is assigned.

    Milestones belong to milestone tasks, duration and interval (seconds) to time_based ones. Raises
    InvalidAmount, WrongTaskType, MilestonesDoNotAddUp, InvalidDueDate, InvalidSchedule, ExternalIdTaken,
    PlatformDeleted or PlatformSuspended.
    """
    platform, as_of = lock_platform_and_time(platform_id)
    now = now or as_of
    task = _build_task(platform, plan, now)
    try:
        _insert_tasks([(task, plan)], now)
    except IntegrityError as error:
        if "task_external_id_once_per_platform" not in str(error):
            raise
        raise _id_taken(task.external_task_id) from error
    return task


@verb("task.create", "platform")
def create_tasks(
    *, platform_id: UUID, plans: Sequence[TaskPlan], now: datetime | None = None
) -> list[Task | Refusal]:
    """Post the tasks in a fixed number of statements; return for each plan its task or its refusal, as
    `create_task` would. A refused plan does not affect the others."""
    now = now or database_now()
    platform = Platform.objects.locked().get(pk=platform_id)
    taken = _taken_external_ids(platform, {plan.external_task_id for plan in plans if plan.external_task_id})
    results: list[Task | Refusal] = []
    made: list[tuple[Task, TaskPlan]] = []
    for plan in plans:
        try:
            if plan.external_task_id in taken:
                raise _id_taken(plan.external_task_id)
            task = _build_task(platform, plan, now)
        except Refusal as refusal:
            results.append(refusal)
            continue
        taken |= {plan.external_task_id} - {None}
        made.append((task, plan))
        results.append(task)
    _insert_tasks(made, now)
    audit.record_refusals(
        "task.create", "platform", platform_id, [one for one in results if isinstance(one, Refusal)]
    )
    return results


def _insert_tasks(made: Sequence[tuple[Task, TaskPlan]], now: datetime) -> None:
    """Insert the tasks with their milestones, count, log and announce them, once for all."""
    tasks = [task for task, _ in made]
    if not tasks:
        return
    if len(tasks) == 1:
        sql.insert(tasks[0])
    else:
        Task.unguarded.bulk_create(tasks)
    Milestone.unguarded.bulk_create(step for task, plan in made for step in _build_steps(task, plan))
    moves = [TaskMove.of(task, before=None, at=now) for task in tasks]
    tasks_moved_in_bulk.send(sender=Task, moves=moves)
    audit.record_each("task.create", tasks, after=_audit_values, now=now)
    tasks_created.send(sender=Task, tasks=tasks, now=now)


def _taken_external_ids(platform: Platform, external_ids: Collection[str]) -> set[str | None]:
    known = Task.objects.filter(platform=platform, external_task_id__in=external_ids)
    return set(known.values_list("external_task_id", flat=True))


def _build_task(platform: Platform, plan: TaskPlan, now: datetime) -> Task:
    """Return the task to be inserted. Raises the refusal of its platform or its plan."""
    pay = exact_amount(plan.amount)
    require_active(platform=platform)
    _require_plan(plan, pay, now)
    return Task(
        platform=platform,
        title=plan.title,
        description=plan.description,
        amount=pay,
        fee_bps=platform.fee_bps,
        task_type=plan.task_type,
        external_task_id=plan.external_task_id,
        due_at=plan.due_at,
        duration_seconds=plan.duration_seconds,
        release_interval=plan.release_interval,
        metadata=plan.metadata or {},
        created_at=now,
    )


def _build_steps(task: Task, plan: TaskPlan) -> list[Milestone]:
    return [
        Milestone(task=task, number=number, title=step.title, amount=exact_amount(step.amount))
        for number, step in enumerate(plan.milestones, start=1)
    ]


def _audit_values(task: Task) -> dict[str, Any]:
    return {"amount": task.amount, "task_type": task.task_type}


def _id_taken(external_id: str | None) -> ExternalIdTaken:
    return ExternalIdTaken(f"there is already a task {external_id}", external_task_id=external_id)


def _require_plan(plan: TaskPlan, pay: Decimal, now: datetime) -> None:
    task_type, milestones = plan.task_type, plan.milestones
    duration_seconds, release_interval = plan.duration_seconds, plan.release_interval
    if task_type not in TaskType.values:
        raise WrongTaskType(f"{task_type!r} is not a task type", task_type=task_type)
    if bool(milestones) != (task_type == TaskType.MILESTONE):
        raise WrongTaskType("milestones belong to milestone tasks, and each of those has some")
    given = [value for value in (duration_seconds, release_interval) if value is not None]
    if len(given) != (2 if task_type == TaskType.TIME_BASED else 0):
        raise WrongTaskType("duration and interval belong to time_based tasks, and each of those has both")
    if milestones and sum(exact_amount(plan.amount) for plan in milestones) != pay:
        total = sum((exact_amount(plan.amount) for plan in milestones), Decimal(0))
        raise MilestonesDoNotAddUp(
            f"the milestones add up to {usdc(total)}, the task pays {usdc(pay)}", milestones=total, amount=pay
        )
    if plan.due_at is not None and plan.due_at <= now:
        posted, due = now.isoformat(), plan.due_at.isoformat()
        raise InvalidDueDate(f"the task is posted at {posted}, it cannot be due at {due}", now=posted)
    if given:
        require_schedule(duration_seconds=given[0], release_interval=given[1])


def require_schedule(*, duration_seconds: int, release_interval: int) -> None:
    """Raise InvalidSchedule unless the interval and the duration (seconds) are within the settings."""
    shortest = settings.STREAM_MIN_INTERVAL_SECONDS
    longest = timedelta(days=settings.STREAM_MAX_DURATION_DAYS).total_seconds()
    if release_interval < shortest:
        raise InvalidSchedule(
            f"the interval is {release_interval} s, the shortest allowed is {shortest} s",
            release_interval=release_interval,
            minimum=shortest,
        )
    if not 0 < duration_seconds <= longest:
        raise InvalidSchedule(
            f"the stream must end after its start and within {longest:.0f} s, not {duration_seconds} s",
            duration_seconds=duration_seconds,
            maximum=int(longest),
        )


def lock_task(*, task_id: UUID, related: Sequence[str] = ()) -> Task:
    """Lock the task's stream and then the task; return the task, with its `related` rows ("platform",
    "worker") where the caller needs their status."""
    task_funding().lock([task_id])
    tasks = Task.objects.locked()
    return (tasks.select_related(*related) if related else tasks).get(pk=task_id)


def require_settled_stream(*, task: Task, now: datetime) -> None:
    """Raise CommitFirst for a locked task whose stream should have ended by now, so that it is ended
    first."""
    if task.task_type == TaskType.TIME_BASED and task.status == TaskStatus.IN_PROGRESS:
        task_funding().require_settled(task, now)


def require_task_move(*, task: Task, after: TaskStatus) -> None:
    require_move(TASK_MOVES, subject=f"task {task.reference}", before=task.status, after=after)


def move_task(*, task: Task, after: TaskStatus, **columns: object) -> None:
    """Write this status and these columns of the task, which is locked and unchanged since, and apply the
    rules that follow its moves. Nothing else is written, and nothing is read again."""
    before = TaskFigures.of_task(task)
    columns |= {"status": after, "updated_at": timezone.now()}
    for name, value in columns.items():
        setattr(task, name, value)
    Task.unguarded.filter(pk=task.pk).update(**columns)
    tasks_moved_in_bulk.send(sender=Task, moves=[TaskMove.of(task, before=before)])


def _worker_of(task: Task) -> Worker:
    if task.worker is None:
        raise TaskNotOpen(f"task {task.reference} has no worker", status=task.status)
    return task.worker


def require_startable(*, task: Task) -> None:
    """Raise IllegalMove, InvalidSchedule, or as `require_active` does for platform and worker, unless work
    may begin."""
    require_task_move(task=task, after=TaskStatus.IN_PROGRESS)
    require_active(platform=task.platform)
    workers.require_active(worker=_worker_of(task))
    if task.task_type == TaskType.TIME_BASED:
        require_schedule(
            duration_seconds=task.duration_seconds or 0, release_interval=task.release_interval or 0
        )
