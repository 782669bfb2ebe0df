from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.log.services import verb
from audit.models import Approval
from audit.staff_movements.services import Part, count_alone, moved_alone, moved_line
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, exact_amount, usdc
from platforms.models import Dispute, Task
from platforms.platforms.approvals import Lines
from platforms.tasks.enums import DisputeOutcome, TaskStatus
from platforms.tasks.funding import task_funding
from platforms.tasks.services.completion import cancel_task
from platforms.tasks.services.disputes import require_split, resolve_dispute
from platforms.tasks.services.tasks import lock_task

# The statuses of a task that can be cancelled and has money held for it.
RESERVED = (TaskStatus.ASSIGNED, TaskStatus.IN_PROGRESS)


# --- Refunds ------------------------------------------------------------------------------------------------
@verb("task.cancel", "task")
def cancel_or_request(*, task_id: UUID, reason: str, now: datetime | None = None) -> Task | Approval:
    """Cancel the task for staff; where that moves more than a person may move alone, request the approval.
    Raises ReasonMissing, or as `cancel_task` does."""
    reason = approvals.require_reason(reason)
    task = lock_task(task_id=task_id)
    now = now or database_now()
    held = task_funding().still_held(task) if task.status in RESERVED else ZERO
    if count_alone(action="task.cancel", parts=[Part("platform", task.platform_id, held)], now=now):
        return cancel_task(task_id=task_id, reason=reason, now=now)
    return approvals.request(
        kind="task.cancel",
        subject=("task", str(task_id)),
        parameters={"moved_alone": f"{moved_alone(now=now):.6f}"},
        amount=held,
        reason=reason,
        now=now,
    )


def _ended_tasks(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why cancelling would be refused: the task has ended, or is disputed."""
    statuses = _statuses_of(waiting)
    return {
        one.pk: f"it changes nothing: the task is {statuses.get(one.subject_id, 'gone')}"
        for one in waiting
        if statuses.get(one.subject_id) not in RESERVED
    }


def _statuses_of(waiting: Sequence[Approval]) -> dict[str, str]:
    found = Task.objects.filter(pk__in=[one.subject_id for one in waiting])
    return {str(key): status for key, status in found.values_list("pk", "status")}


def _describe_cancellation(approval: Approval) -> Lines:
    held = usdc(approval.amount or ZERO)
    return [
        ("Still held", held),
        ("To be done", "the vested part is paid, the rest goes back"),
        moved_line(approval),
    ]


@approval(
    "task.cancel",
    label="Cancelling beyond the limit",
    permission="platforms.cancel_task",
    describe=_describe_cancellation,
    find_obstacles=_ended_tasks,
)
def _execute_cancellation(approval: Approval) -> dict[str, Any]:
    task = cancel_task(task_id=UUID(approval.subject_id), reason=approval.reason, now=approval.decided_at)
    return {"task": task.pk, "paid": task.paid_amount}


@verb("task.resolve", "task")
def resolve_or_request(
    *,
    task_id: UUID,
    outcome: str,
    worker_amount: Decimal | str,
    reason: str,
    now: datetime | None = None,
) -> Dispute | Approval:
    """Resolve the dispute for staff; where that moves more than a person may move alone, to the worker and
    the platform together, request the approval. Raises ReasonMissing, or as `resolve_dispute` does."""
    reason = approvals.require_reason(reason)
    task = lock_task(task_id=task_id)
    now = now or database_now()
    value = exact_amount(worker_amount, allow_zero=True)
    held = require_split(task=task, worker_amount=value)
    parts = [Part("worker", task.worker_id, value), Part("platform", task.platform_id, held - value)]
    if count_alone(action="task.resolve", parts=parts, now=now):
        return resolve_dispute(
            task_id=task_id, outcome=outcome, worker_amount=value, resolution=reason, now=now
        )
    return approvals.request(
        kind="task.resolve",
        subject=("task", str(task_id)),
        parameters={
            "outcome": outcome,
            "worker_amount": f"{value:.6f}",
            "moved_alone": f"{moved_alone(now=now):.6f}",
        },
        amount=held,
        reason=reason,
        now=now,
    )


def _right_side(outcome: str) -> str:
    return "nobody was wrong" if outcome == DisputeOutcome.NOBODY else f"the {outcome}"


def _resolved_tasks(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why a decision would be refused: the task is not disputed any more."""
    statuses = _statuses_of(waiting)
    return {
        one.pk: f"it changes nothing: no dispute is open, the task is {statuses.get(one.subject_id, 'gone')}"
        for one in waiting
        if statuses.get(one.subject_id) != TaskStatus.DISPUTED
    }


def _describe_resolution(approval: Approval) -> Lines:
    values = approval.parameters
    value = Decimal(values["worker_amount"])
    refund = (approval.amount or ZERO) - value
    return [
        ("Who was right", _right_side(values["outcome"])),
        ("For the worker", usdc(value)),
        ("Back to the platform", f"{usdc(refund)}, and the fee that was held on it"),
        moved_line(approval),
    ]


@approval(
    "task.resolve",
    label="Decision on a dispute beyond the limit",
    permission="platforms.resolve_dispute",
    describe=_describe_resolution,
    find_obstacles=_resolved_tasks,
)
def _execute_resolution(approval: Approval) -> dict[str, Any]:
    dispute = resolve_dispute(
        task_id=UUID(approval.subject_id),
        outcome=approval.parameters["outcome"],
        worker_amount=approval.parameters["worker_amount"],
        resolution=approval.reason,
        now=approval.decided_at,
    )
    return {"dispute": dispute.pk, "refunded": dispute.refund_amount}
