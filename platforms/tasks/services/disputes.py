"""Disputes: pay stops until staff decide how to split the amount that is still held."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount, usdc
from platforms.models import Dispute, Task
from platforms.signals import disputes_filed, disputes_resolved, tasks_completed
from platforms.tasks.enums import DisputeOutcome, DisputeSide, Fault, PartySide, TaskStatus
from platforms.tasks.errors import AlreadyDisputed, DisputeTooLate, InvalidDispute, InvalidSplit, TaskNotOpen
from platforms.tasks.funding import Closing, task_funding
from platforms.tasks.services.tasks import lock_task, move_task, require_settled_stream, require_task_move
from platforms.tasks.vocabulary import DISPUTE


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

    Raises InvalidDispute, IllegalMove, AlreadyDisputed for a side's second dispute, or DisputeTooLate more
    than 14 days after the task was completed.
    """
    if isinstance(severity, bool) or severity not in range(1, 6) or not reason.strip():
        raise InvalidDispute(f"a dispute has a reason and a severity from 1 to 5, not {severity!r}")
    task = lock_task(task_id=task_id)
    now = now or database_now()
    require_settled_stream(task=task, now=now)
    require_task_move(task=task, after=TaskStatus.DISPUTED)
    _require_first(task, DisputeSide(side))
    _require_in_time(task, now)
    before = task.status
    if task.paid_amount is None:
        task_funding().freeze(task, now)
    move_task(task=task, after=TaskStatus.DISPUTED, disputed_at=now)
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
        raise AlreadyDisputed(f"the {side} has disputed task {task.reference} before", side=side)


def _require_in_time(task: Task, now: datetime) -> None:
    last = task.completed_at + timedelta(days=settings.DISPUTE_WITHIN_DAYS) if task.completed_at else None
    if last and now > last:
        raise DisputeTooLate(
            f"task {task.reference} was completed at {task.completed_at}: it could be disputed until {last}",
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
    """Resolve the dispute: pay `worker_amount` of the amount that is still held and refund the rest.

    The task ends completed when the worker was right and cancelled when the platform was. When nobody was, it
    is completed as before, or cancelled. Earlier payments stay. Work that was not completed before ended when
    it was disputed, however long the decision took. Raises InvalidDispute, InvalidSplit or TaskNotOpen.
    """
    if outcome not in DisputeOutcome.values:
        raise InvalidDispute(f"a dispute ends for the worker, the platform or nobody, not {outcome!r}")
    task = lock_task(task_id=task_id)
    now = now or database_now()
    dispute = Dispute.objects.locked().filter(task=task, resolved_at=None).first()
    if dispute is None:
        raise TaskNotOpen(
            f"task {task.reference} is {task.status}: it has no open dispute", status=task.status
        )
    is_first_completion = task.completed_at is None
    value = exact_amount(worker_amount, allow_zero=True)
    held = require_split(task=task, worker_amount=value)
    closing = _split_money(task, value, now)
    dispute.task = task
    dispute.resolved_at = now
    dispute.outcome = outcome
    dispute.worker_amount = value
    dispute.refund_amount = closing.refunded
    dispute.resolution = resolution
    dispute.save()
    _end_task(task, dispute, closing, now)
    _record_decision(dispute, held, now)
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


def require_undisputed(*, task_id: UUID) -> None:
    """Raise TaskNotOpen while the task is disputed: only its resolution moves money."""
    if Task.objects.filter(pk=task_id, status=TaskStatus.DISPUTED).exists():
        raise TaskNotOpen(f"task {task_id} is disputed: staff resolve it", status=TaskStatus.DISPUTED)


def require_split(*, task: Task, worker_amount: Decimal) -> Decimal:
    """Return the amount that is still held. Raises InvalidSplit if `worker_amount` is more."""
    held = task_funding().still_held(task)
    if worker_amount > held:
        raise InvalidSplit(
            f"still held {usdc(held)}, for the worker {usdc(worker_amount)}", held=held, worker=worker_amount
        )
    return held


def _split_money(task: Task, worker_amount: Decimal, now: datetime) -> Closing:
    """Split the held amount. A task that was paid before the dispute has nothing left to split."""
    if task.paid_amount is not None:
        return Closing(paid=task.paid_amount, refunded=Decimal(0))
    return task_funding().split(task, worker_amount, now)


def _record_decision(dispute: Dispute, held: Decimal, now: datetime) -> None:
    worker_id, outcome = dispute.task.worker_id, DisputeOutcome(dispute.outcome or "")
    value = dispute.worker_amount or Decimal(0)
    if worker_id is None:
        raise ValueError(f"the disputed task {dispute.task_id} has no worker")
    right = "nobody" if outcome == DisputeOutcome.NOBODY else f"the {outcome}"
    case = Case(
        subject=dispute,
        worker_id=worker_id,
        outcome=outcome,
        inputs={
            "side": dispute.side,
            "severity": dispute.severity,
            "held": held,
            "worker_amount": value,
        },
        sentence=f"The dispute was decided for {right}: of {usdc(held)} held the worker gets {usdc(value)}.",
        reason=dispute.resolution,
    )
    decide(DISPUTE, case, now=now)


# The side at fault, by the side that was right.
_FAULTS = {
    DisputeOutcome.WORKER: Fault.PLATFORM,
    DisputeOutcome.PLATFORM: Fault.WORKER,
    DisputeOutcome.NOBODY: Fault.NOBODY,
}


def _end_task(task: Task, dispute: Dispute, closing: Closing, now: datetime) -> None:
    """Move the task to the status of the outcome. The dispute is saved before: figures count its outcome."""
    outcome = DisputeOutcome(dispute.outcome or "")
    columns = {"paid_amount": closing.paid, "at_fault": _FAULTS[outcome]}
    was_completed = outcome == DisputeOutcome.NOBODY and task.completed_at is not None
    if outcome == DisputeOutcome.WORKER or was_completed:
        move_task(
            task=task,
            after=TaskStatus.COMPLETED,
            completed_at=task.completed_at or dispute.filed_at,
            **columns,
        )
    else:
        move_task(
            task=task, after=TaskStatus.CANCELLED, cancelled_at=now, cancelled_by=PartySide.STAFF, **columns
        )
