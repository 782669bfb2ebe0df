"""What follows automatically when a task changes (domain.md, section 5), and what platforms are told."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.signals import post_save, pre_delete, pre_save
from django.dispatch import receiver

from gigstream.lib.errors import GuardedWrite, HasMoneyHistory
from platforms import payloads, statistics
from platforms.enums import EventType
from platforms.models import Consent, Dispute, Invitation, Platform, Task
from platforms.outbox import ERASING_PLATFORM
from platforms.services import consents as consent_services
from platforms.services import invitations
from platforms.services.events import Fact, record_events
from platforms.signals import (
    consents_ended,
    disputes_filed,
    disputes_resolved,
    invitations_accepted,
    milestones_approved,
    platforms_rated,
    tasks_assigned,
    tasks_cancelled,
    tasks_completed,
    tasks_created,
    tasks_moved_in_bulk,
    tasks_rated,
    tasks_returned,
    tasks_started,
    tasks_updated,
)
from platforms.statistics import STANDING, TIMES, Standing, TaskMove, latest_act
from workers import services as workers
from workers.models import Worker
from workers.signals import worker_deleted

TERMS = ("platform_id", "worker_id", "task_type", "fee_bps")
WATCHED = tuple(dict.fromkeys((*STANDING, *TIMES, *TERMS, "worker_rating", "at_fault")))


@receiver(pre_save, sender=Task)
def remember_stored_task(instance: Task, **kwargs: Any) -> None:
    """Lock the stored row and keep what the rules compare with: the object in memory may be stale."""
    instance._stored = (
        Task.objects.filter(pk=instance.pk).locked().values(*WATCHED).first() if instance.pk else None
    )


def _move(task: Task, update_fields: frozenset[str] | None) -> TaskMove | None:
    """What a save changed, or None if nothing that statistics depend on. What the object in memory holds but
    `update_fields` does not name was not written, and is not counted."""
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
        before=Standing.of(stored) if stored else None,
        after=Standing.of(now),
        at=latest_act(now),
    )


@receiver(post_save, sender=Task)
@receiver(tasks_moved_in_bulk)
def update_worker_statistics(
    instance: Task | None = None,
    moves: Sequence[TaskMove] | None = None,
    update_fields: frozenset[str] | None = None,
    **kwargs: Any,
) -> None:
    """A task's status (or rating) has changed: its worker's totals, rates and average."""
    moves = _moves(instance, moves, update_fields)
    statistics.refresh_workers({worker_id for move in moves for worker_id in move.pair[1:] if worker_id})


@receiver(post_save, sender=Task)
@receiver(tasks_moved_in_bulk)
def update_platform_statistics(
    instance: Task | None = None,
    moves: Sequence[TaskMove] | None = None,
    update_fields: frozenset[str] | None = None,
    **kwargs: Any,
) -> None:
    """A task's status has changed: the engagement and the platform's totals."""
    statistics.add_to_platforms(_moves(instance, moves, update_fields))


def _moves(
    instance: Task | None, moves: Sequence[TaskMove] | None, update_fields: frozenset[str] | None
) -> Sequence[TaskMove]:
    if instance is None:
        return moves or ()
    move = _move(instance, update_fields)
    return [move] if move else ()


@receiver(pre_delete, sender=Task)
def refuse_to_delete_a_task(instance: Task, origin: Model | QuerySet[Any], **kwargs: Any) -> None:
    """The counts of a task would outlive it. It goes only along with its platform, and only if nobody was
    ever given it: else the other side's figures would count work that is on record nowhere."""
    if (origin.model if isinstance(origin, QuerySet) else type(origin)) is Task:
        raise GuardedWrite(f"task {instance.pk}: a task is cancelled, not deleted")
    if instance.worker_id:
        raise HasMoneyHistory(
            f"task {instance.pk} counts for its worker and its platform: both stay on record"
        )


@receiver(post_save, sender=Task)
def update_worker_last_active(instance: Task, created: bool, **kwargs: Any) -> None:
    """A task is inserted: its worker, if it has one already, was active."""
    if created and instance.worker_id:
        at = latest_act({name: getattr(instance, name) for name in TIMES})
        workers.touch_last_active([instance.worker_id], at)


@receiver(pre_delete, sender=Platform)
def let_events_go_with_their_platform(instance: Platform, **kwargs: Any) -> None:
    """Open the one door through which the database lets events be deleted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [ERASING_PLATFORM, str(instance.pk)])


def _tell_of_tasks(tasks: Sequence[Task], type_: EventType, now: datetime) -> None:
    steps = payloads.steps_of(tasks)
    record_events(
        Fact.of(task.platform_id, type_, payloads.of_task(task, type_, steps), now) for task in tasks
    )


@receiver(tasks_created)
def tell_tasks_created(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_CREATED, now)


@receiver(tasks_assigned)
def tell_tasks_assigned(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_ASSIGNED, now)


@receiver(tasks_returned)
def tell_tasks_returned(
    tasks: Sequence[Task], type_: EventType, worker_id: UUID, now: datetime, **kwargs: Any
) -> None:
    steps = payloads.steps_of(tasks)
    record_events(
        Fact.of(
            task.platform_id,
            type_,
            {**payloads.of_task(task, type_, steps), "former_worker_id": worker_id},
            now,
        )
        for task in tasks
    )


@receiver(tasks_updated)
def tell_tasks_updated(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_UPDATED, now)


@receiver(tasks_started)
def tell_tasks_started(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_STARTED, now)


@receiver(milestones_approved)
def tell_milestones_approved(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_MILESTONE_APPROVED, now)


@receiver(tasks_completed)
def tell_tasks_completed(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_COMPLETED, now)


@receiver(tasks_cancelled)
def tell_tasks_cancelled(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_CANCELLED, now)


@receiver(tasks_rated)
@receiver(platforms_rated)
def tell_tasks_rated(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    _tell_of_tasks(tasks, EventType.TASK_RATED, now)


@receiver(invitations_accepted)
def tell_invitations_accepted(invitations: Sequence[Invitation], now: datetime, **kwargs: Any) -> None:
    record_events(
        Fact.of(
            invitation.platform_id,
            EventType.WORKER_INVITATION_ACCEPTED,
            payloads.of_invitation(invitation),
            now,
        )
        for invitation in invitations
    )


@receiver(consents_ended)
def tell_consents_ended(consents: Sequence[Consent], now: datetime, **kwargs: Any) -> None:
    record_events(
        Fact.of(consent.platform_id, EventType.WORKER_LEFT, payloads.of_consent(consent), now)
        for consent in consents
    )


@receiver(worker_deleted)
def end_consents(worker: Worker, now: datetime, **kwargs: Any) -> None:
    """A worker's account is closed: nobody may assign to them, and no platform keeps their address."""
    consent_services.end_consents_of_worker(worker, now=now)
    invitations.forget_invited(worker)


def _tell_of_disputes(disputes: Sequence[Dispute], type_: EventType, now: datetime) -> None:
    steps = payloads.steps_of(dispute.task for dispute in disputes)
    record_events(
        Fact.of(
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
def tell_disputes_filed(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    _tell_of_disputes(disputes, EventType.TASK_DISPUTED, now)


@receiver(disputes_resolved)
def tell_disputes_resolved(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    _tell_of_disputes(disputes, EventType.TASK_RESOLVED, now)
