"""Rows as events tell them: each with all that a platform may know of it, so that the latest says all."""

from decimal import Decimal
from typing import Any

from platforms.models import Dispute, Task


def money(value: Decimal | None) -> str | None:
    """An amount with its six decimals, however many it was computed with."""
    return None if value is None else f"{value:.6f}"


def of_task(task: Task) -> dict[str, Any]:
    """The task as it is now; ratings and proofs are the parties' own."""
    return {
        "id": task.pk,
        "external_task_id": task.external_task_id,
        "title": task.title,
        "task_type": task.task_type,
        "status": task.status,
        "worker_id": task.worker_id,
        "amount": money(task.amount),
        "fee_bps": task.fee_bps,
        "paid_amount": money(task.paid_amount),
        "duration_seconds": task.duration_seconds,
        "release_interval": task.release_interval,
        "due_at": task.due_at,
        "created_at": task.created_at,
        "assigned_at": task.assigned_at,
        "started_at": task.started_at,
        "disputed_at": task.disputed_at,
        "completed_at": task.completed_at,
        "cancelled_at": task.cancelled_at,
    }


def of_dispute(dispute: Dispute) -> dict[str, Any]:
    """The dispute as both parties know it, without what staff noted."""
    return {
        "id": dispute.pk,
        "severity": dispute.severity,
        "reason": dispute.reason,
        "outcome": dispute.outcome,
        "worker_amount": money(dispute.worker_amount),
        "refund_amount": money(dispute.refund_amount),
        "resolved_at": dispute.resolved_at,
    }
