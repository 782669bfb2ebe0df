"""Recording what moves a reputation, and the one rule that turns events into scores."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.db.models import Max

from audit import services as audit
from audit.context import current_actor
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from reputation.calculations import clamp
from reputation.enums import ReputationEventType
from reputation.errors import ReasonMissing, ZeroAdjustment
from reputation.models import ReputationEvent
from reputation.signals import reputation_changed
from workers.models import MAX_REPUTATION, STARTING_REPUTATION, Worker


def score_events(events: Sequence[ReputationEvent]) -> None:
    """The rule `update_reputation_score` for a set: each event (not yet saved) has its number and its scores
    before and after, and each worker's score is that after their last event.

    Workers are locked in id order; several events of one worker count in the order given.
    """
    workers = {
        worker.pk: worker
        for worker in Worker.objects.locked().filter(pk__in={event.worker_id for event in events})
    }
    numbers = dict(
        ReputationEvent.objects.filter(worker__in=workers)
        .values_list("worker")
        .annotate(Max("number"))
        .values_list("worker", "number__max")
    )
    for event in events:
        worker = workers[event.worker_id]
        numbers[worker.pk] = event.number = numbers.get(worker.pk, 0) + 1
        event.previous_score = worker.reputation_score
        event.new_score = clamp(worker.reputation_score + event.delta, highest=MAX_REPUTATION)
        worker.reputation_score = event.new_score
    Worker.objects.bulk_update(workers.values(), ["reputation_score"])


def record_events(events: Sequence[ReputationEvent], *, now: datetime) -> list[ReputationEvent]:
    """The events are on record and the scores have followed; facts that counted before are left out.

    The caller's transaction is used. Returns the events that were new.
    """
    keys = {event.source_key for event in events if event.source_key}
    known = set(ReputationEvent.objects.filter(source_key__in=keys).values_list("source_key", flat=True))
    new = [event for event in events if event.source_key not in known]
    if not new:
        return []
    for event in new:
        event.created_at = now
        event.triggered_by = event.triggered_by or str(current_actor())
    score_events(new)
    ReputationEvent.unguarded.bulk_create(new)
    audit.record_many(
        (
            Record(
                "reputation.change",
                "worker",
                str(event.worker_id),
                before={"score": event.previous_score},
                after={"score": event.new_score},
                metadata={"event_type": event.event_type, "delta": event.delta},
            )
            for event in new
        ),
        now=now,
    )
    reputation_changed.send(sender=ReputationEvent, events=new, now=now)
    return new


@verb("reputation.adjust", "worker")
def adjust_reputation(
    *, worker_id: UUID, delta: int, reason: str, now: datetime | None = None
) -> ReputationEvent:
    """Staff have moved the score by `delta`, within 0 to 1000. Raises ReasonMissing or ZeroAdjustment."""
    if not reason.strip():
        raise ReasonMissing("a reputation is adjusted only with a reason")
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
"""  # noqa: S608 - a constant of ours


@atomic_with_retry
def recompute_scores() -> int:
    """Every worker's score is that after their last event; returns how many were wrong."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers ORDER BY id FOR NO KEY UPDATE")
        cursor.execute(
            f"""
            UPDATE workers SET reputation_score = wrong.score
            FROM ({WRONG_SCORES}) AS wrong WHERE workers.id = wrong.id
            """  # noqa: S608 - a constant of ours
        )
        return cursor.rowcount
