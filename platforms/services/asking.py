"""What staff do with platforms and tasks only together with a second person: fees, and what moves
more than one of them may move alone."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import approvals
from audit.approvals import Kind
from audit.models import Approval
from audit.services import verb
from audit.staff_movements import Part, count_alone, moved_alone, moved_line
from gigstream.lib.clock import database_now
from gigstream.lib.money import ZERO, usdc
from gigstream.lib.money import amount as exact
from platforms.enums import TaskStatus
from platforms.funding import funding
from platforms.models import Dispute, Platform, Task
from platforms.services.disputes import require_split, resolve_dispute
from platforms.services.endings import cancel_task
from platforms.services.parties import require_fee, set_fee
from platforms.services.tasks import lock_task

Lines = Sequence[tuple[str, str]]
# What can be cancelled and has money held for it.
RESERVED = (TaskStatus.ASSIGNED, TaskStatus.IN_PROGRESS)


# --- Fees ---------------------------------------------------------------------------------------------------
def ask_to_set_fee(*, platform_id: UUID, fee_bps: int, reason: str, now: datetime | None = None) -> Approval:
    """A second person is asked to let tasks posted from then on carry this fee. Raises InvalidFee or what
    `request` raises."""
    require_fee(fee_bps)
    platform = Platform.objects.get(pk=platform_id)
    return approvals.request(
        kind=SET_FEE,
        subject=("platform", str(platform.pk)),
        parameters={"fee_bps": fee_bps, "before": platform.fee_bps},
        reason=reason,
        now=now,
    )


def _set_fee(approval: Approval) -> dict[str, Any]:
    platform = set_fee(
        platform_id=UUID(approval.subject_id), fee_bps=approval.parameters["fee_bps"], reason=approval.reason
    )
    return {"platform": platform.pk}


def _tell_fee(approval: Approval) -> Lines:
    told = approval.parameters
    return [("Fee from", f"{told['before']} basis points"), ("Fee to", f"{told['fee_bps']} basis points")]


SET_FEE = approvals.register(
    Kind("platform.set_fee", "Change of a platform's fee", "platforms.set_fee_platform", _set_fee, _tell_fee)
)


# --- Refunds ------------------------------------------------------------------------------------------------
@verb("task.cancel", "task")
def cancel_or_ask(*, task_id: UUID, reason: str, now: datetime | None = None) -> Task | Approval:
    """Staff have cancelled the task; or, where that moves more than one may move alone, a second person is
    asked to. Raises ReasonMissing or what `cancel_task` raises."""
    reason = approvals.require_reason(reason)
    task = lock_task(task_id)
    now = now or database_now()
    held = funding().still_held(task) if task.status in RESERVED else ZERO
    if count_alone(action="task.cancel", parts=[Part("platform", task.platform_id, held)], now=now):
        return cancel_task(task_id=task_id, reason=reason, now=now)
    return approvals.request(
        kind=CANCEL,
        subject=("task", str(task_id)),
        parameters={"moved_alone": f"{moved_alone(now=now):.6f}"},
        amount=held,
        reason=reason,
        now=now,
    )


def _cancel(approval: Approval) -> dict[str, Any]:
    task = cancel_task(task_id=UUID(approval.subject_id), reason=approval.reason, now=approval.decided_at)
    return {"task": task.pk, "paid": task.paid_amount}


def _tell_cancel(approval: Approval) -> Lines:
    held = usdc(approval.amount or ZERO)
    return [
        ("Still held", held),
        ("To be done", "what has vested is paid, the rest goes back"),
        moved_line(approval),
    ]


CANCEL = approvals.register(
    Kind("task.cancel", "Cancelling beyond the limit", "platforms.cancel_task", _cancel, _tell_cancel)
)


@verb("task.resolve", "task")
def resolve_or_ask(
    *,
    task_id: UUID,
    outcome: str,
    worker_amount: Decimal | str,
    reason: str,
    now: datetime | None = None,
) -> Dispute | Approval:
    """Staff have resolved the dispute; or, where that moves more than one may move alone, to the worker and
    the platform together, a second person is asked to. Raises ReasonMissing or what `resolve_dispute` raises.
    """
    reason = approvals.require_reason(reason)
    task = lock_task(task_id)
    now = now or database_now()
    value = exact(worker_amount, allow_zero=True)
    held = require_split(task, value)
    parts = [Part("worker", task.worker_id, value), Part("platform", task.platform_id, held - value)]
    if count_alone(action="task.resolve", parts=parts, now=now):
        return resolve_dispute(
            task_id=task_id, outcome=outcome, worker_amount=value, resolution=reason, now=now
        )
    return approvals.request(
        kind=RESOLVE,
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


def _resolve(approval: Approval) -> dict[str, Any]:
    dispute = resolve_dispute(
        task_id=UUID(approval.subject_id),
        outcome=approval.parameters["outcome"],
        worker_amount=approval.parameters["worker_amount"],
        resolution=approval.reason,
        now=approval.decided_at,
    )
    return {"dispute": dispute.pk, "refunded": dispute.refund_amount}


def _tell_resolve(approval: Approval) -> Lines:
    told = approval.parameters
    value = Decimal(told["worker_amount"])
    refund = (approval.amount or ZERO) - value
    return [
        ("Who was right", f"the {told['outcome']}"),
        ("For the worker", usdc(value)),
        ("Back to the platform", f"{usdc(refund)}, and the fee that was held on it"),
        moved_line(approval),
    ]


RESOLVE = approvals.register(
    Kind(
        "task.resolve",
        "Decision on a dispute beyond the limit",
        "platforms.resolve_dispute",
        _resolve,
        _tell_resolve,
    )
)
