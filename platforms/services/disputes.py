"""Disagreements: pay stops until staff decide how to split what is still held."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from audit import services as audit
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.money import amount as exact
from gigstream.lib.money import usdc
from platforms.enums import DisputeOutcome, DisputeSide, Fault, PartySide, TaskStatus
from platforms.errors import AlreadyDisputed, DisputeTooLate, InvalidDispute, InvalidSplit, TaskNotOpen
from platforms.funding import Closing, funding
from platforms.models import Dispute, Task
from platforms.services.tasks import lock_task, move_task, require_task_move, require_work_going_on
from platforms.signals import disputes_filed, disputes_resolved, tasks_completed


@verb("task.dispute", "task")
def dispute_task(
    *,
    task_id: UUID,
    severity: int,
    reason: str,
    side: str = DisputeSide.PLATFORM,
    now: datetime | None = None,
) -> Dispute:
    """File a dispute (severity 1 to 5): nothing more is paid until staff resolve it.

    Raises InvalidDispute, IllegalMove, AlreadyDisputed for the second of a side, or DisputeTooLate more than
    14 days after the task was completed.
    """
    if isinstance(severity, bool) or severity not in range(1, 6) or not reason.strip():
        raise InvalidDispute(f"a dispute has a reason and a severity from 1 to 5, not {severity!r}")
    task = lock_task(task_id)
    now = now or database_now()
    require_work_going_on(task, now)
    require_task_move(task, TaskStatus.DISPUTED)
    _require_first(task, DisputeSide(side))
    _require_in_time(task, now)
    before = task.status
    if task.paid_amount is None:
        funding().freeze(task, now)
    move_task(task, TaskStatus.DISPUTED, disputed_at=now)
    dispute = Dispute.objects.create(
        task=task, side=side, severity=severity, reason=reason, filed_at=now, created_at=now
    )
    audit.record(
        "task.dispute",
        task,
        before={"status": before},
        after={"status": task.status},
        metadata={"severity": severity, "side": side},
        now=now,
    )
    disputes_filed.send(sender=Dispute, disputes=[dispute], now=now)
    return dispute


def _require_first(task: Task, side: DisputeSide) -> None:
    if Dispute.objects.filter(task=task, side=side).exists():
        raise AlreadyDisputed(f"the {side} has disputed task {task.pk} before", side=side)


def _require_in_time(task: Task, now: datetime) -> None:
    last = task.completed_at + timedelta(days=settings.DISPUTE_WITHIN_DAYS) if task.completed_at else None
    if last and now > last:
        raise DisputeTooLate(
            f"task {task.pk} was completed at {task.completed_at}: it could be disputed until {last}",
            completed_at=task.completed_at,
            until=last,
        )


@verb("task.resolve", "task")
def resolve_dispute(
    *,
    task_id: UUID,
    outcome: str,
    worker_amount: Decimal | str,
    resolution: str = "",
    now: datetime | None = None,
) -> Dispute:
    """End the dispute: `worker_amount` of what is still held is paid, the rest goes back.

    The task ends completed when the worker was right and cancelled when the platform was. When nobody was, it
    is completed as before, or cancelled. What was paid before stays paid. Work that was not completed before
    ended when it was disputed, however long the decision took. Raises InvalidDispute, InvalidSplit or
    TaskNotOpen.
    """
    if outcome not in DisputeOutcome.values:
        raise InvalidDispute(f"a dispute ends for the worker, the platform or nobody, not {outcome!r}")
    task = lock_task(task_id)
    now = now or database_now()
    dispute = Dispute.objects.locked().filter(task=task, resolved_at=None).first()
    if dispute is None:
        raise TaskNotOpen(f"task {task.pk} is {task.status}: it has no open dispute", status=task.status)
    is_first_completion = task.completed_at is None
    closing = _split(task, exact(worker_amount, allow_zero=True), now)
    dispute.task = task
    dispute.resolved_at = now
    dispute.outcome = outcome
    dispute.worker_amount = exact(worker_amount, allow_zero=True)
    dispute.refund_amount = closing.refunded
    dispute.resolution = resolution
    dispute.save()
    _end(task, dispute, closing, now)
    audit.record(
        "task.resolve",
        task,
        before={"status": TaskStatus.DISPUTED},
        after={"status": task.status, "paid": task.paid_amount, "refunded": closing.refunded},
        metadata={"outcome": outcome, "reason": resolution},
        now=now,
    )
    disputes_resolved.send(sender=Dispute, disputes=[dispute], now=now)
    if is_first_completion and task.status == TaskStatus.COMPLETED:
        tasks_completed.send(sender=Task, tasks=[task], now=now)
    return dispute


def require_undisputed(task_id: UUID) -> None:
    """Raise TaskNotOpen while the task is disputed: only its resolution moves money."""
    if Task.objects.filter(pk=task_id, status=TaskStatus.DISPUTED).exists():
        raise TaskNotOpen(f"task {task_id} is disputed: staff resolve it", status=TaskStatus.DISPUTED)


def require_split(task: Task, worker_amount: Decimal) -> Decimal:
    """What is still held, of which the worker can have so much. Raises InvalidSplit."""
    held = funding().still_held(task)
    if worker_amount > held:
        raise InvalidSplit(
            f"still held {usdc(held)}, for the worker {usdc(worker_amount)}", held=held, worker=worker_amount
        )
    return held


def _split(task: Task, worker_amount: Decimal, now: datetime) -> Closing:
    """Split what is held; a task that was paid before the dispute has nothing left to split."""
    require_split(task, worker_amount)
    if task.paid_amount is not None:
        return Closing(paid=task.paid_amount, refunded=Decimal(0))
    return funding().split(task, worker_amount, now)


# Whose fault it was, by who was right.
_FAULTS = {
    DisputeOutcome.WORKER: Fault.PLATFORM,
    DisputeOutcome.PLATFORM: Fault.WORKER,
    DisputeOutcome.NOBODY: Fault.NOBODY,
}


def _end(task: Task, dispute: Dispute, closing: Closing, now: datetime) -> None:
    """Move the task to where the outcome puts it. The dispute is saved before: figures count its outcome."""
    outcome = DisputeOutcome(dispute.outcome or "")
    columns = {"paid_amount": closing.paid, "at_fault": _FAULTS[outcome]}
    was_completed = outcome == DisputeOutcome.NOBODY and task.completed_at is not None
    if outcome == DisputeOutcome.WORKER or was_completed:
        move_task(task, TaskStatus.COMPLETED, completed_at=task.completed_at or dispute.filed_at, **columns)
    else:
        move_task(task, TaskStatus.CANCELLED, cancelled_at=now, cancelled_by=PartySide.STAFF, **columns)
