"""Payloads of events about tasks and disputes: each is complete, so that the latest event is enough."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from platforms.events.payloads import money
from platforms.models import Dispute, Milestone, Task
from platforms.tasks.enums import TaskType
from platforms.tasks.vocabulary import TASK_COMPLETED, TASK_CREATED

Steps = Mapping[UUID, Sequence[dict[str, Any]]]


# Columns that an event has besides the task's state: the platform's own text, when it was just given.
_WORDS: Mapping[str, tuple[str, ...]] = {
    TASK_CREATED: ("description",),
    TASK_COMPLETED: ("completion_proof",),
}


def steps_of(tasks: Iterable[Task]) -> Steps:
    """Return the milestones of the milestone tasks among these, by task, in one statement."""
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


def of_task(task: Task, type_: str, steps: Steps) -> dict[str, Any]:
    """Return the task as it is now, with its `steps` and the further columns of this type of event."""
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


def of_dispute(dispute: Dispute) -> dict[str, Any]:
    """Return the dispute as both sides know it, without the staff's notes."""
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
