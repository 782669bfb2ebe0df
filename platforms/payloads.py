"""Rows as events tell them: each with all that a platform may know of it, so that the latest says all."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

from platforms.enums import EventType, TaskType
from platforms.models import Consent, Dispute, Invitation, Milestone, Task

Steps = Mapping[UUID, Sequence[dict[str, Any]]]
# What a task's event tells besides its state: words of the platform's own, when it has given them.
_WORDS: Mapping[EventType, tuple[str, ...]] = {
    EventType.TASK_CREATED: ("description",),
    EventType.TASK_COMPLETED: ("completion_proof",),
}


def money(value: Decimal | None) -> str | None:
    """An amount with its six decimals, however many it was computed with."""
    return None if value is None else f"{value:.6f}"


def steps_of(tasks: Iterable[Task]) -> Steps:
    """The milestones of those of the tasks that have any, in one statement."""
    ids = [task.pk for task in tasks if task.task_type == TaskType.MILESTONE]
    steps: dict[UUID, list[dict[str, Any]]] = {key: [] for key in ids}
    for step in Milestone.objects.filter(task__in=ids).order_by("task", "number") if ids else ():
        steps[step.task_id].append(
            {
                "number": step.number,
                "title": step.title,
                "amount": money(step.amount),
                "approved_at": step.approved_at,
            }
        )
    return steps


def of_task(task: Task, type_: EventType, steps: Steps) -> dict[str, Any]:
    """The task as it is now, with its `steps`, and what an event of this type tells besides."""
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
        "cancelled_by": task.cancelled_by,
        "at_fault": task.at_fault,
        "worker_rating": task.worker_rating,
        "platform_rating": task.platform_rating,
        "metadata": task.metadata,
        "milestones": steps.get(task.pk, ()),
        **{name: getattr(task, name) for name in _WORDS.get(type_, ())},
    }


def of_invitation(invitation: Invitation) -> dict[str, Any]:
    """Who has accepted it."""
    return {
        "id": invitation.pk,
        "worker_id": invitation.worker_id,
        "created_at": invitation.created_at,
        "accepted_at": invitation.accepted_at,
    }


def of_consent(consent: Consent) -> dict[str, Any]:
    """Whose consent it was, and when it held."""
    return {
        "worker_id": consent.worker_id,
        "accepted_at": consent.accepted_at,
        "ended_at": consent.ended_at,
        "ended_by": consent.ended_by,
    }


def of_dispute(dispute: Dispute) -> dict[str, Any]:
    """The dispute as both parties know it, without what staff noted."""
    return {
        "id": dispute.pk,
        "side": dispute.side,
        "filed_at": dispute.filed_at,
        "severity": dispute.severity,
        "reason": dispute.reason,
        "outcome": dispute.outcome,
        "worker_amount": money(dispute.worker_amount),
        "refund_amount": money(dispute.refund_amount),
        "resolved_at": dispute.resolved_at,
    }
