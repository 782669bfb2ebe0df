"""Reputation events: the facts that move a score, and the rule that turns events into scores."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum
from psycopg.types.json import Jsonb

from audit.approvals.services import require_reason
from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.services import Record, verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from platforms.events.services.events import NewEvent, publish_events
from platforms.models import Consent, Dispute, Task
from platforms.tasks.enums import DisputeOutcome, TaskStatus
from reputation.models import ReputationEvent
from reputation.scores import bounds
from reputation.scores.calculations import (
    LATE,
    clamp_score,
    completion_delta,
    dispute_delta,
    is_late,
    rating_delta,
)
from reputation.scores.enums import ReputationEventType
from reputation.scores.errors import ZeroAdjustment
from reputation.scores.models import ERASING_WORKER
from reputation.scores.vocabulary import WORKER_REPUTATION_CHANGED
from reputation.signals import reputation_changed
from workers.models import MAX_REPUTATION, STARTING_REPUTATION, Worker


def score_event(event: ReputationEvent) -> None:
    """Number an event that is about to be saved, and write the score after it on the worker."""
    scores = _lock_scores([event])
    numbers, _ = _on_record(scores, ())
    _number_and_score([event], numbers, scores)
    sql.run("reputation/scores/write_scores", **_scores_after([event]))


def record_events(events: Sequence[ReputationEvent], *, now: datetime) -> list[ReputationEvent]:
    """Record a set of events and write the scores after them; return those that were new.

    A fact that has counted before is left out, and the points of a payer are cut to its bounds. Uses the
    caller's transaction.
    """
    if not events:
        return []
    scores = _lock_scores(events)
    numbers, known = _on_record(scores, [event.source_key for event in events if event.source_key])
    new = [event for event in events if event.source_key not in known]
    if not new:
        return []
    bounds.cut_to_bounds(new)
    _number_and_score(new, numbers, scores)
    for event in new:
        event.created_at = now
        event.triggered_by = event.triggered_by or str(current_actor())
    sql.rows(
        f"WITH scored AS ({sql.text('reputation/scores/write_scores')})"
        f" {sql.text('reputation/scores/insert_events')}",
        {"events": Jsonb([_as_json(event) for event in new]), **_scores_after(new)},
    )
    audit.record_many(
        (
            Record(
                "reputation.change",
                "worker",
                str(event.worker_id),
                before={"score": event.previous_score},
                after={"score": event.new_score},
                metadata=_metadata_of(event),
            )
            for event in new
        ),
        now=now,
    )
    reputation_changed.send(sender=ReputationEvent, events=new, now=now)
    return new


def _metadata_of(event: ReputationEvent) -> dict[str, Any]:
    reason = {"reason": event.reason} if event.reason else {}
    return {"event_type": event.event_type, "delta": event.delta, **reason}


def record_completions(tasks: Sequence[Task], *, now: datetime) -> None:
    """Record completed work, and late work against the worker. Tasks of less than 1 USDC count together."""
    pay = bounds.PayBefore(tasks)
    events = []
    for task in tasks:
        counts, only_payer = pay.add(task)
        if counts:
            for event in _completion_of(task, task.completed_at or now):
                event.by_the_only_payer = only_payer
                events.append(event)
    record_events(events, now=now)


def changes_by_decision(disputes: Sequence[Dispute]) -> dict[UUID, dict[str, int]]:
    """Return how each decision on the open disputes would move the worker's score, by outcome, before the
    bounds of a day, by one statement."""
    gave = points_of_completions([dispute.task_id for dispute in disputes])
    return {
        dispute.pk: {
            DisputeOutcome.WORKER: _points_of_first_completion(dispute),
            DisputeOutcome.PLATFORM: dispute_delta(dispute.severity) - gave.get(dispute.task_id, 0),
            DisputeOutcome.NOBODY: 0,
        }
        for dispute in disputes
    }


def _points_of_first_completion(dispute: Dispute) -> int:
    """Return the points of a completion that the decision brings; 0 where the task was completed before."""
    task = dispute.task
    if task.completed_at is not None:
        return 0
    late = LATE if is_late(completed_at=dispute.filed_at, due_at=task.due_at) else 0
    return completion_delta(completed_at=dispute.filed_at, due_at=task.due_at) + late


def _completion_of(task: Task, completed_at: datetime) -> list[ReputationEvent]:
    delta = completion_delta(completed_at=completed_at, due_at=task.due_at)
    events = [_event_of(task, ReputationEventType.TASK_COMPLETED, delta)]
    if is_late(completed_at=completed_at, due_at=task.due_at):
        events.append(_event_of(task, ReputationEventType.TASK_LATE, LATE))
    for event in events:
        event.counted_on = bounds.day_of(completed_at)
    return events


def record_ratings(tasks: Sequence[Task], *, now: datetime) -> None:
    """Record the platforms' ratings: each moves the score by its distance from 3."""
    rated = [task for task in tasks if task.worker_rating is not None]
    pay = bounds.PayBefore(rated, is_counted=True)
    events = []
    for task in rated:
        event = _event_of(task, ReputationEventType.RATING_RECEIVED, rating_delta(task.worker_rating or 0))
        event.counted_on = bounds.day_of(now)
        event.by_the_only_payer = pay.is_only_payer(task)
        events.append(event)
    record_events(events, now=now)


def record_disputes(disputes: Sequence[Dispute], *, now: datetime) -> None:
    """Record filed disputes, which take nothing: their costs are decided with them."""
    events = [
        _event_of(dispute.task, ReputationEventType.DISPUTE_FILED, 0, fact=f"dispute_filed:{dispute.pk}")
        for dispute in disputes
    ]
    record_events(events, now=now)


def record_resolutions(disputes: Sequence[Dispute], *, now: datetime) -> None:
    """Record decided disputes. A decision against the worker takes by severity, and takes back the points of
    the completion of a task that ends cancelled."""
    cancelled = [dispute.task_id for dispute in disputes if dispute.task.status == TaskStatus.CANCELLED]
    gave = points_of_completions(cancelled)
    record_events([_resolution_of(dispute, gave) for dispute in disputes], now=now)


def _resolution_of(dispute: Dispute, gave: Mapping[UUID, int]) -> ReputationEvent:
    lost = dispute.outcome == DisputeOutcome.PLATFORM
    took_back = gave.get(dispute.task_id, 0) if lost else 0
    event = _event_of(
        dispute.task,
        ReputationEventType.DISPUTE_RESOLVED,
        (dispute_delta(dispute.severity) if lost else 0) - took_back,
        fact=f"dispute_resolved:{dispute.pk}",
    )
    if took_back:
        event.reason = f"{-dispute_delta(dispute.severity)} for the dispute, {took_back} for the completion"
    event.metadata = {"severity": dispute.severity, "took_back": took_back} if lost else {}
    return event


def _event_of(
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


def publish_scores(events: Sequence[ReputationEvent], *, now: datetime) -> None:
    """Publish new scores to each platform that the worker has agreed to work for, without their reasons:
    other platforms' disputes and a worker's debts are none of its business."""
    moved = [event for event in events if event.new_score != event.previous_score]
    platforms_of: dict[UUID, list[UUID]] = {}
    pairs = Consent.objects.open().filter(worker__in={event.worker_id for event in moved})
    for worker_id, platform_id in pairs.order_by("accepted_at", "pk").values_list("worker_id", "platform_id"):
        platforms_of.setdefault(worker_id, []).append(platform_id)
    publish_events(
        NewEvent.of(
            platform_id,
            WORKER_REPUTATION_CHANGED,
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


def allow_erasing(worker: Worker) -> None:
    """Let the events of this worker be erased in this transaction: the database refuses it otherwise."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config(%s, %s, true)", [ERASING_WORKER, str(worker.pk)])


def points_of_completions(task_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return the points that the completion of each of these tasks has added to its worker's score, lateness
    taken off; tasks that added nothing are left out."""
    kinds = (ReputationEventType.TASK_COMPLETED, ReputationEventType.TASK_LATE)
    events = ReputationEvent.objects.filter(task__in=task_ids, event_type__in=kinds)
    moved = events.values("task").annotate(points=Sum(F("new_score") - F("previous_score")))
    return {row["task"]: row["points"] for row in moved if row["points"] > 0}


def _lock_scores(events: Sequence[ReputationEvent]) -> dict[UUID, int]:
    """Lock the events' workers in id order and return their scores.

    A statement of its own: the next one sees everything that earlier holders of the rows have committed.
    """
    workers = Worker.objects.locked().filter(pk__in={event.worker_id for event in events})
    return dict(workers.values_list("pk", "reputation_score"))


def _on_record(worker_ids: Iterable[UUID], keys: Sequence[str]) -> tuple[dict[UUID, int], set[str]]:
    """Return the number of each worker's last event, and the facts that have counted before."""
    found = sql.run("reputation/scores/on_record", workers=list(worker_ids), keys=list(keys))
    numbers = {row["worker_id"]: row["number"] or 0 for row in found if row["worker_id"]}
    return numbers, {row["source_key"] for row in found if row["source_key"]}


def _number_and_score(
    events: Sequence[ReputationEvent], numbers: Mapping[UUID, int], scores: Mapping[UUID, int]
) -> None:
    """Set each event's number, and its scores before and after; several of one worker count in the order
    given. `numbers` and `scores` are those of the locked workers so far."""
    number, score = dict(numbers), dict(scores)
    for event in events:
        worker_id = event.worker_id
        event.number = number[worker_id] = number[worker_id] + 1
        event.previous_score = score[worker_id]
        event.new_score = score[worker_id] = clamp_score(
            score[worker_id] + event.delta, highest=MAX_REPUTATION
        )


def _scores_after(events: Sequence[ReputationEvent]) -> dict[str, list[Any]]:
    """Return each worker with the score after their last event, as columns."""
    after = {event.worker_id: event.new_score for event in events}
    return {"workers": list(after), "scores": list(after.values())}


def _as_json(event: ReputationEvent) -> dict[str, Any]:
    return {
        "id": str(event.pk),
        "created_at": event.created_at.isoformat(),
        "worker_id": str(event.worker_id),
        "task_id": str(event.task_id) if event.task_id else None,
        "event_type": event.event_type,
        "delta": event.delta,
        "previous_score": event.previous_score,
        "new_score": event.new_score,
        "number": event.number,
        "reason": event.reason,
        "triggered_by": event.triggered_by,
        "source_key": event.source_key,
        "metadata": event.metadata,
        "counted_on": event.counted_on.isoformat() if event.counted_on else None,
    }


@verb("reputation.adjust", "worker")
def adjust_reputation(
    *, worker_id: UUID, delta: int, reason: str, now: datetime | None = None
) -> ReputationEvent:
    """Move the score by `delta` for staff, within 0 to 1000. Raises ReasonMissing or ZeroAdjustment."""
    reason = require_reason(reason)
    if delta == 0:
        raise ZeroAdjustment("an adjustment by 0 moves nothing", delta=delta)
    event = ReputationEvent(
        worker_id=worker_id,
        event_type=ReputationEventType.MANUAL_ADJUSTMENT,
        delta=delta,
        reason=reason,
    )
    return record_events([event], now=now or database_now())[0]


# Workers whose score is not that after their last event.
WRONG_SCORES = f"""
    SELECT w.id, coalesce(e.new_score, {STARTING_REPUTATION}) AS score FROM workers w
    LEFT JOIN (
        SELECT DISTINCT ON (worker_id) worker_id, new_score
        FROM reputation_events ORDER BY worker_id, number DESC
    ) AS e ON e.worker_id = w.id
    WHERE w.reputation_score <> coalesce(e.new_score, {STARTING_REPUTATION})
"""  # noqa: S608 - a constant of this module


@in_unit
def recompute_scores() -> int:
    """Write on each worker the score after their last event; return how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers ORDER BY id FOR NO KEY UPDATE")
        cursor.execute(
            f"""
            UPDATE workers SET reputation_score = wrong.score
            FROM ({WRONG_SCORES}) AS wrong WHERE workers.id = wrong.id
            """  # noqa: S608 - a constant of this module
        )
        return cursor.rowcount
