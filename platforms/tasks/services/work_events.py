"""Reports of work: their form, dates and bonuses. A repeated report is the same work event."""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings

from gigstream.core.money import exact_amount, usdc
from platforms.events.payloads import money
from platforms.models import Task, WorkEvent
from platforms.tasks.enums import WorkEventType
from platforms.tasks.errors import BonusTooLarge, BonusTooLate, InvalidWorkEvent

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class WorkReport:
    """A platform's report about a task."""

    task_id: UUID
    event_type: str
    external_id: str | None = None
    event_date: date | None = None
    milestone_number: int | None = None
    amount: Decimal | str | None = None
    data: dict[str, Any] = field(default_factory=dict)


def require_whole(*, report: WorkReport) -> None:
    """Raise InvalidWorkEvent unless the report has the fields of its type, and no more."""
    if report.event_type not in WorkEventType.values:
        raise InvalidWorkEvent(f"{report.event_type!r} is not a work event", event_type=report.event_type)
    needs_number = report.event_type == WorkEventType.MILESTONE_REACHED
    if needs_number != (report.milestone_number is not None):
        raise InvalidWorkEvent("milestone_reached, and only it, names a milestone number")
    if (report.event_type == WorkEventType.BONUS) != (report.amount is not None):
        raise InvalidWorkEvent("bonus, and only it, names an amount")


def build_event(*, report: WorkReport, now: datetime) -> WorkEvent:
    """Return the row of the report, not saved. Raises InvalidAmount."""
    return WorkEvent(
        task_id=report.task_id,
        event_type=report.event_type,
        external_id=report.external_id,
        event_date=report.event_date,
        milestone_number=report.milestone_number,
        amount=None if report.amount is None else exact_amount(report.amount),
        data=report.data,
        created_at=now,
    )


def require_event_date(*, event: WorkEvent, task: Task, now: datetime) -> None:
    """Raise InvalidWorkEvent when the event is dated before the task was posted or after today.

    A day more on either side, since the date is in the platform's own time zone.
    """
    earliest, latest = (one.date() for one in (task.created_at - _ONE_DAY, now + _ONE_DAY))
    if event.event_date is not None and not earliest <= event.event_date <= latest:
        raise InvalidWorkEvent(
            f"an event of this task lies between {earliest} and {latest}, not on {event.event_date}",
            earliest=earliest.isoformat(),
            latest=latest.isoformat(),
        )


def require_bonus(*, task: Task, total: Decimal, now: datetime) -> None:
    """Raise BonusTooLate or BonusTooLarge unless the task's bonuses may come to `total` now."""
    days = settings.BONUS_WITHIN_DAYS
    if task.completed_at and now > task.completed_at + timedelta(days=days):
        raise BonusTooLate(
            f"task {task.reference} was completed at {task.completed_at}: a bonus is taken for {days} days",
            completed_at=task.completed_at,
        )
    limit = task.amount if task.platform.bonus_limit is None else task.platform.bonus_limit
    if total > limit:
        raise BonusTooLarge(
            f"the bonuses of task {task.reference} come to {usdc(limit)} at most, not {usdc(total)}",
            limit=limit,
            requested=money(total),
        )


def require_same(*, known: WorkEvent, event: WorkEvent) -> None:
    """Raise InvalidWorkEvent, with the recorded particulars, when a repeated report has others."""
    if (known.amount, known.milestone_number) != (event.amount, event.milestone_number):
        recorded = {"amount": money(known.amount), "milestone_number": known.milestone_number}
        raise InvalidWorkEvent(
            "this event was reported before with other particulars: give another event another external_id",
            **{name: value for name, value in recorded.items() if value is not None},
        )
