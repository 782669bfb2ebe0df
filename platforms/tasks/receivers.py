"""Automatic consequences of a changed task (domain.md, section 5), and the events of tasks and disputes."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Model, QuerySet
from django.db.models.signals import pre_delete, pre_save
from django.dispatch import receiver

from gigstream.core.errors import GuardedWrite, HasMoneyHistory
from platforms.events.services.events import NewEvent, publish_events
from platforms.figures.services import FIGURE_COLUMNS, STATUS_TIMES, TaskFigures, TaskMove, latest_change
from platforms.models import Dispute, Task
from platforms.signals import (
    disputes_filed,
    disputes_resolved,
    milestones_approved,
    platforms_rated,
    tasks_assigned,
    tasks_cancelled,
    tasks_completed,
    tasks_created,
    tasks_rated,
    tasks_returned,
    tasks_started,
    tasks_updated,
)
from platforms.tasks import payloads
from platforms.tasks.vocabulary import (
    TASK_ASSIGNED,
    TASK_CANCELLED,
    TASK_COMPLETED,
    TASK_CREATED,
    TASK_DISPUTED,
    TASK_MILESTONE_APPROVED,
    TASK_RATED,
    TASK_RESOLVED,
    TASK_STARTED,
    TASK_UPDATED,
)

TERMS = ("platform_id", "worker_id", "task_type", "fee_bps")


WATCHED = tuple(dict.fromkeys((*FIGURE_COLUMNS, *STATUS_TIMES, *TERMS, "worker_rating", "at_fault")))


@receiver(pre_save, sender=Task)
def remember_stored_task(instance: Task, **kwargs: Any) -> None:
    """Lock the stored row and keep it for the rules to compare with: the object in memory may be stale."""
    instance._stored = (
        Task.objects.filter(pk=instance.pk).locked().values(*WATCHED).first() if instance.pk else None
    )


def find_move(task: Task, update_fields: frozenset[str] | None) -> TaskMove | None:
    """Return the change that a save made, or None if no figure depends on it. Columns that `update_fields`
    does not name were not written, and are not counted."""
    stored = task._stored
    now = {
        name: getattr(task, name)
        if stored is None or update_fields is None or {name, name.removesuffix("_id")} & update_fields
        else stored[name]
        for name in WATCHED
    }
    if stored == now:
        return None
    return TaskMove(
        task_id=task.pk,
        **{name: now[name] for name in TERMS},
        assigned_at=now["assigned_at"],
        before=TaskFigures.of(stored) if stored else None,
        after=TaskFigures.of(now),
        at=latest_change(columns=now),
    )


@receiver(pre_delete, sender=Task)
def refuse_to_delete_a_task(instance: Task, origin: Model | QuerySet[Any], **kwargs: Any) -> None:
    """Refuse to delete a task, whose counts would outlive it, unless its platform goes with it and no worker
    ever had it: else the other side's figures would count work without a record."""
    if (origin.model if isinstance(origin, QuerySet) else type(origin)) is Task:
        raise GuardedWrite(f"task {instance.pk}: a task is cancelled, not deleted")
    if instance.worker_id:
        raise HasMoneyHistory(
            f"task {instance.pk} counts for its worker and its platform: both stay on record"
        )


def _publish_tasks(tasks: Sequence[Task], type_: str, now: datetime) -> None:
    steps = payloads.steps_of(tasks)
    publish_events(
        NewEvent.of(task.platform_id, type_, payloads.of_task(task, type_, steps), now) for task in tasks
    )


@receiver(tasks_created)
def publish_tasks_created(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_CREATED, now)


@receiver(tasks_assigned)
def publish_tasks_assigned(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_ASSIGNED, now)


@receiver(tasks_returned)
def publish_tasks_returned(
    tasks: Sequence[Task], type_: str, worker_id: UUID, now: datetime, **kwargs: Any
) -> None:
    steps = payloads.steps_of(tasks)
    publish_events(
        NewEvent.of(
            task.platform_id,
            type_,
            {**payloads.of_task(task, type_, steps), "former_worker_id": worker_id},
            now,
        )
        for task in tasks
    )


@receiver(tasks_updated)
def publish_tasks_updated(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_UPDATED, now)


@receiver(tasks_started)
def publish_tasks_started(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_STARTED, now)


@receiver(milestones_approved)
def publish_milestones_approved(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_MILESTONE_APPROVED, now)


@receiver(tasks_completed)
def publish_tasks_completed(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_COMPLETED, now)


@receiver(tasks_cancelled)
def publish_tasks_cancelled(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_CANCELLED, now)


@receiver(tasks_rated)
@receiver(platforms_rated)
def publish_tasks_rated(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _publish_tasks(tasks, TASK_RATED, now)


def _publish_disputes(disputes: Sequence[Dispute], type_: str, now: datetime) -> None:
    steps = payloads.steps_of(dispute.task for dispute in disputes)
    publish_events(
        NewEvent.of(
            dispute.task.platform_id,
            type_,
            {
                **payloads.of_task(dispute.task, type_, steps),
                "dispute": payloads.of_dispute(dispute),
            },
            now,
        )
        for dispute in disputes
    )


@receiver(disputes_filed)
def publish_disputes_filed(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    _publish_disputes(disputes, TASK_DISPUTED, now)


@receiver(disputes_resolved)
def publish_disputes_resolved(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    _publish_disputes(disputes, TASK_RESOLVED, now)
