"""What moves a reputation when work is announced, the rule that keeps the score, and who is told of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models.signals import pre_delete, pre_save
from django.dispatch import receiver

from platforms.enums import DisputeOutcome, EventType, TaskStatus
from platforms.models import Consent, Dispute, Task
from platforms.services.events import Fact, record_events
from platforms.signals import disputes_filed, disputes_resolved, tasks_completed, tasks_rated
from reputation import bounds, services
from reputation.calculations import (
    LATE,
    completion_delta,
    dispute_delta,
    is_late,
    rating_delta,
)
from reputation.enums import ReputationEventType
from reputation.models import ERASING_WORKER, ReputationEvent
from reputation.signals import reputation_changed
from workers.models import Worker


@receiver(pre_save, sender=ReputationEvent)
def update_reputation_score(instance: ReputationEvent, **kwargs: Any) -> None:
    """A reputation event is inserted: the worker's score, and the event's scores before and after."""
    if instance._state.adding:
        services.score_event(instance)


@receiver(tasks_completed)
def record_completions(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    """Completed work counts, late work against the worker. Tasks of less than 1 USDC count together."""
    pay = bounds.PayBefore(tasks)
    events = []
    for task in tasks:
        counts, only_payer = pay.add(task)
        if counts:
            for event in _completion(task, task.completed_at or now):
                event.by_the_only_payer = only_payer
                events.append(event)
    services.record_events(events, now=now)


def _completion(task: Task, completed_at: datetime) -> list[ReputationEvent]:
    delta = completion_delta(completed_at=completed_at, due_at=task.due_at)
    events = [_event(task, ReputationEventType.TASK_COMPLETED, delta)]
    if is_late(completed_at=completed_at, due_at=task.due_at):
        events.append(_event(task, ReputationEventType.TASK_LATE, LATE))
    for event in events:
        event.counted_on = bounds.day_of(completed_at)
    return events


@receiver(tasks_rated)
def record_ratings(tasks: Sequence[Task], now: datetime, **kwargs: Any) -> None:
    """A platform's rating moves the score by how far it is from 3."""
    rated = [task for task in tasks if task.worker_rating is not None]
    pay = bounds.PayBefore(rated, is_counted=True)
    events = []
    for task in rated:
        event = _event(task, ReputationEventType.RATING_RECEIVED, rating_delta(task.worker_rating or 0))
        event.counted_on = bounds.day_of(now)
        event.by_the_only_payer = pay.is_only_payer(task)
        events.append(event)
    services.record_events(events, now=now)


@receiver(disputes_filed)
def record_disputes(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    """A dispute is on record and takes nothing: what it costs is decided with it."""
    events = [
        _event(dispute.task, ReputationEventType.DISPUTE_FILED, 0, fact=f"dispute_filed:{dispute.pk}")
        for dispute in disputes
    ]
    services.record_events(events, now=now)


@receiver(disputes_resolved)
def record_resolutions(disputes: Sequence[Dispute], now: datetime, **kwargs: Any) -> None:
    """A decision against the worker takes by severity, and what the completion of a task gave that ends
    cancelled."""
    gave = services.points_of_completions(
        [dispute.task_id for dispute in disputes if dispute.task.status == TaskStatus.CANCELLED]
    )
    services.record_events([_resolution(dispute, gave) for dispute in disputes], now=now)


def _resolution(dispute: Dispute, gave: Mapping[UUID, int]) -> ReputationEvent:
    lost = dispute.outcome == DisputeOutcome.PLATFORM
    took_back = gave.get(dispute.task_id, 0) if lost else 0
    event = _event(
        dispute.task,
        ReputationEventType.DISPUTE_RESOLVED,
        (dispute_delta(dispute.severity) if lost else 0) - took_back,
        fact=f"dispute_resolved:{dispute.pk}",
    )
    if took_back:
        event.reason = f"{-dispute_delta(dispute.severity)} for the dispute, {took_back} for the completion"
    event.metadata = {"severity": dispute.severity, "took_back": took_back} if lost else {}
    return event


def _event(
    task: Task, event_type: ReputationEventType, delta: int, *, fact: str | None = None
) -> ReputationEvent:
    if task.worker_id is None:
        raise ValueError(f"task {task.pk} has no worker whose reputation could move")
    return ReputationEvent(
        worker_id=task.worker_id,
        task=task,
        event_type=event_type,
        delta=delta,
        source_key=fact or f"{event_type}:{task.pk}",
    )


@receiver(pre_delete, sender=Worker)
def let_events_go_with_their_worker(instance: Worker, **kwargs: Any) -> None:
    """Open the one door through which the database lets reputation events be deleted."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [ERASING_WORKER, str(instance.pk)])


@receiver(reputation_changed)
def tell_scores(events: Sequence[ReputationEvent], now: datetime, **kwargs: Any) -> None:
    """Every platform that a worker has agreed to work for hears the new score, and not why: other platforms'
    disputes and a worker's debts are none of its business."""
    moved = [event for event in events if event.new_score != event.previous_score]
    platforms_of: dict[UUID, list[UUID]] = {}
    pairs = Consent.objects.open().filter(worker__in={event.worker_id for event in moved})
    for worker_id, platform_id in pairs.order_by("accepted_at", "pk").values_list("worker_id", "platform_id"):
        platforms_of.setdefault(worker_id, []).append(platform_id)
    record_events(
        Fact.of(
            platform_id,
            EventType.WORKER_REPUTATION_CHANGED,
            {
                "worker_id": event.worker_id,
                "previous_score": event.previous_score,
                "score": event.new_score,
                "changed_at": now,
            },
            now,
        )
        for event in moved
        for platform_id in platforms_of.get(event.worker_id, [])
    )
