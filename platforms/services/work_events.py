"""Facts that platforms report. The same report twice is one fact, answered alike."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.errors import ReplayMismatch
from gigstream.lib.money import amount as exact
from platforms.enums import TaskStatus, WorkEventType
from platforms.errors import InvalidWorkEvent, TaskNotOpen
from platforms.funding import funding
from platforms.models import Task, WorkEvent
from platforms.services.endings import approve_milestone, complete_task
from platforms.services.tasks import lock_task, start_task


@dataclass(frozen=True, slots=True)
class WorkReport:
    """What a platform says happened."""

    task_id: UUID
    event_type: str
    external_id: str | None = None
    event_date: date | None = None
    milestone_number: int | None = None
    amount: Decimal | str | None = None
    data: dict[str, Any] = field(default_factory=dict)


@verb("work_event.record", "platform")
def record_work_event(
    *, platform_id: UUID, report: WorkReport, now: datetime | None = None
) -> tuple[WorkEvent, bool]:
    """The fact is on record and its money has followed; the flag says whether it was new.

    Raises InvalidWorkEvent for a report that lacks what its type needs, ReplayMismatch for a repetition with
    other particulars, Task.DoesNotExist for another platform's task, or what the act itself refuses.
    """
    require_whole(report)
    task = lock_task(report.task_id)
    now = now or database_now()
    if task.platform_id != platform_id:
        raise Task.DoesNotExist
    event = as_event(report, now)
    known = WorkEvent.objects.filter(
        task=task,
        event_type=event.event_type,
        external_id=event.external_id,
        event_date=event.event_date,
    ).first()
    if known:
        require_same(known, event)
        return known, False
    event.save(force_insert=True)
    _EFFECTS[WorkEventType(event.event_type)](task, event, now)
    return event, True


def require_whole(report: WorkReport) -> None:
    """Raise InvalidWorkEvent unless the report has what its type needs, and no more."""
    if report.event_type not in WorkEventType.values:
        raise InvalidWorkEvent(f"{report.event_type!r} is not a work event", event_type=report.event_type)
    needs_number = report.event_type == WorkEventType.MILESTONE_REACHED
    if needs_number != (report.milestone_number is not None):
        raise InvalidWorkEvent("milestone_reached, and only it, names a milestone number")
    if (report.event_type == WorkEventType.BONUS) != (report.amount is not None):
        raise InvalidWorkEvent("bonus, and only it, names an amount")


def as_event(report: WorkReport, now: datetime) -> WorkEvent:
    """The row of the fact, not yet saved. Raises InvalidAmount."""
    return WorkEvent(
        task_id=report.task_id,
        event_type=report.event_type,
        external_id=report.external_id,
        event_date=report.event_date,
        milestone_number=report.milestone_number,
        amount=None if report.amount is None else exact(report.amount),
        data=report.data,
        created_at=now,
    )


def require_same(known: WorkEvent, event: WorkEvent) -> None:
    """Raise ReplayMismatch when the same fact comes with other particulars."""
    if (known.amount, known.milestone_number) != (event.amount, event.milestone_number):
        raise ReplayMismatch(
            "this event was reported before with other particulars",
            amount=known.amount,
            milestone_number=known.milestone_number,
        )


def _begin(task: Task, event: WorkEvent, now: datetime) -> None:
    start_task(task_id=task.pk, now=now)


def _reach(task: Task, event: WorkEvent, now: datetime) -> None:
    approve_milestone(task_id=task.pk, number=event.milestone_number or 0, work_event=event, now=now)


def _finish(task: Task, event: WorkEvent, now: datetime) -> None:
    complete_task(task_id=task.pk, work_event=event, now=now)


def _reward(task: Task, event: WorkEvent, now: datetime) -> None:
    if task.status not in (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED):
        raise TaskNotOpen(f"task {task.pk} is {task.status}: a bonus is for work begun or done")
    funding().pay_bonus(task, event, now)


_EFFECTS: dict[WorkEventType, Callable[[Task, WorkEvent, datetime], None]] = {
    WorkEventType.STARTED: _begin,
    WorkEventType.MILESTONE_REACHED: _reach,
    WorkEventType.COMPLETED: _finish,
    WorkEventType.BONUS: _reward,
}
