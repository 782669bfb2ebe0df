"""The first half of a task's life: posted, and what every later act on it begins with."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError
from django.utils import timezone

from audit import services as audit
from audit.services import Record, verb
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.errors import Refusal
from gigstream.lib.money import amount as exact
from gigstream.lib.money import usdc
from gigstream.lib.states import require_move
from platforms.enums import TASK_MOVES, TaskStatus, TaskType
from platforms.errors import (
    ExternalIdTaken,
    InvalidDueDate,
    InvalidSchedule,
    MilestonesDoNotAddUp,
    TaskNotOpen,
    WrongTaskType,
)
from platforms.funding import funding
from platforms.models import Milestone, Platform, Task
from platforms.selectors import lock_platform_and_time
from platforms.services.parties import require_active
from platforms.signals import tasks_created, tasks_moved_in_bulk
from platforms.statistics import Standing, TaskMove
from workers import services as workers
from workers.models import Worker


@dataclass(frozen=True, slots=True)
class MilestonePlan:
    """One step of a milestone task that is being posted."""

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
def create_task(
    *,
    platform_id: UUID,
    now: datetime | None = None,
    **plan: Any,
) -> Task:
    """A task is posted, by the particulars of a `TaskPlan`; no money is held before it is assigned.

    Milestones belong to milestone tasks, duration and interval (seconds) to time_based ones. Raises
    InvalidAmount, WrongTaskType, MilestonesDoNotAddUp, InvalidDueDate, InvalidSchedule, ExternalIdTaken or
    the platform's standing.
    """
    given = TaskPlan(**plan)
    platform, asked_at = lock_platform_and_time(platform_id)
    now = now or asked_at
    task = _planned(platform, given, now)
    try:
        _insert([(task, given)], now)
    except IntegrityError as error:
        if "task_external_id_once_per_platform" not in str(error):
            raise
        raise _id_taken(task.external_task_id) from error
    return task


@verb("task.create", "platform")
def create_tasks(
    *, platform_id: UUID, plans: Sequence[TaskPlan], now: datetime | None = None
) -> list[Task | Refusal]:
    """Each plan on its own, as `create_task`, in a fixed number of statements: a refused one leaves the
    others standing and is answered by its refusal."""
    now = now or database_now()
    platform = Platform.objects.locked().get(pk=platform_id)
    taken = _taken(platform, {plan.external_task_id for plan in plans if plan.external_task_id})
    results: list[Task | Refusal] = []
    made: list[tuple[Task, TaskPlan]] = []
    for plan in plans:
        try:
            if plan.external_task_id in taken:
                raise _id_taken(plan.external_task_id)
            task = _planned(platform, plan, now)
        except Refusal as refusal:
            results.append(refusal)
            continue
        taken |= {plan.external_task_id} - {None}
        made.append((task, plan))
        results.append(task)
    _insert(made, now)
    audit.record_refusals(
        "task.create", "platform", platform_id, [one for one in results if isinstance(one, Refusal)]
    )
    return results


def _insert(made: Sequence[tuple[Task, TaskPlan]], now: datetime) -> None:
    """The tasks exist with their milestones, are counted, logged and announced, once for all of them."""
    tasks = [task for task, _ in made]
    if not tasks:
        return
    if len(tasks) == 1:
        sql.insert(tasks[0])
    else:
        Task.unguarded.bulk_create(tasks)
    Milestone.unguarded.bulk_create(step for task, plan in made for step in _steps(task, plan))
    moves = [TaskMove.of(task, before=None, at=now) for task in tasks]
    tasks_moved_in_bulk.send(sender=Task, moves=moves)
    lines = [Record("task.create", "task", str(task.pk), after=_posted(task)) for task in tasks]
    audit.record_many(lines, now=now)
    tasks_created.send(sender=Task, tasks=tasks, now=now)


def _taken(platform: Platform, external_ids: Collection[str]) -> set[str | None]:
    known = Task.objects.filter(platform=platform, external_task_id__in=external_ids)
    return set(known.values_list("external_task_id", flat=True))


def _planned(platform: Platform, plan: TaskPlan, now: datetime) -> Task:
    """The task as it is to be inserted, or what its platform or its plan is refused for."""
    pay = exact(plan.amount)
    require_active(platform)
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


def _steps(task: Task, plan: TaskPlan) -> list[Milestone]:
    return [
        Milestone(task=task, number=number, title=step.title, amount=exact(step.amount))
        for number, step in enumerate(plan.milestones, start=1)
    ]


def _posted(task: Task) -> dict[str, Any]:
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
    given = [one for one in (duration_seconds, release_interval) if one is not None]
    if len(given) != (2 if task_type == TaskType.TIME_BASED else 0):
        raise WrongTaskType("duration and interval belong to time_based tasks, and each of those has both")
    if milestones and sum(exact(plan.amount) for plan in milestones) != pay:
        total = sum((exact(plan.amount) for plan in milestones), Decimal(0))
        raise MilestonesDoNotAddUp(
            f"the milestones add up to {usdc(total)}, the task pays {usdc(pay)}", milestones=total, amount=pay
        )
    if plan.due_at is not None and plan.due_at <= now:
        posted, due = now.isoformat(), plan.due_at.isoformat()
        raise InvalidDueDate(f"the task is posted at {posted}, it cannot be due at {due}", now=posted)
    if given:
        require_schedule(*given)


def require_schedule(duration_seconds: int, release_interval: int) -> None:
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


def lock_task(task_id: UUID, *parties: str) -> Task:
    """The task, locked, and before it whatever payments must lock first. It comes with its `parties`
    ("platform", "worker") where the caller needs to know how they stand."""
    funding().lock([task_id])
    tasks = Task.objects.locked()
    return (tasks.select_related(*parties) if parties else tasks).get(pk=task_id)


def require_work_going_on(task: Task, now: datetime) -> None:
    """Have a locked task ended first whose stream should have ended by now, before an act on it is judged."""
    if task.task_type == TaskType.TIME_BASED and task.status == TaskStatus.IN_PROGRESS:
        funding().require_settled(task, now)


def require_task_move(task: Task, after: TaskStatus) -> None:
    require_move(TASK_MOVES, subject=f"task {task.pk}", before=task.status, after=after)


def move_task(task: Task, after: TaskStatus, **columns: Any) -> None:
    """The task, locked and unchanged since, has this status and these columns, and the rules that follow its
    moves have been told. Only these columns are written, and nothing is read again."""
    before = Standing.of_task(task)
    columns |= {"status": after, "updated_at": timezone.now()}
    for name, value in columns.items():
        setattr(task, name, value)
    Task.unguarded.filter(pk=task.pk).update(**columns)
    tasks_moved_in_bulk.send(sender=Task, moves=[TaskMove.of(task, before=before)])


def _worker_of(task: Task) -> Worker:
    if task.worker is None:
        raise TaskNotOpen(f"task {task.pk} has no worker", status=task.status)
    return task.worker


def require_startable(task: Task) -> None:
    """Raise IllegalMove, InvalidSchedule, or the standing of platform or worker, unless work may begin."""
    require_task_move(task, TaskStatus.IN_PROGRESS)
    require_active(task.platform)
    workers.require_active(_worker_of(task))
    if task.task_type == TaskType.TIME_BASED:
        require_schedule(task.duration_seconds or 0, task.release_interval or 0)
