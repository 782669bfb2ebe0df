"""Recording what moves a reputation, and the one rule that turns events into scores."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Sum
from psycopg.types.json import Jsonb

from audit import services as audit
from audit.approvals import require_reason
from audit.context import current_actor
from audit.services import Record, verb
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from reputation import bounds
from reputation.calculations import clamp
from reputation.enums import ReputationEventType
from reputation.errors import ZeroAdjustment
from reputation.models import ReputationEvent
from reputation.signals import reputation_changed
from workers.models import MAX_REPUTATION, STARTING_REPUTATION, Worker

_SQL = Path(__file__).resolve().parent / "sql"


def score_event(event: ReputationEvent) -> None:
    """The rule `update_reputation_score` for one event that is about to be saved."""
    scores = _lock_scores([event])
    numbers, _ = _on_record(scores, ())
    _number_and_score([event], numbers, scores)
    sql.rows(sql.load(_SQL / "write_scores.sql"), _scores_after([event]))


def record_events(events: Sequence[ReputationEvent], *, now: datetime) -> list[ReputationEvent]:
    """The rule for a set, and the events are on record; facts that counted before are left out, and what one
    payer can make is cut to its bounds.

    The caller's transaction is used. Returns the events that were new.
    """
    if not events:
        return []
    scores = _lock_scores(events)
    numbers, known = _on_record(scores, [event.source_key for event in events if event.source_key])
    new = [event for event in events if event.source_key not in known]
    if not new:
        return []
    bounds.cut(new)
    _number_and_score(new, numbers, scores)
    for event in new:
        event.created_at = now
        event.triggered_by = event.triggered_by or str(current_actor())
    sql.rows(
        f"WITH scored AS ({sql.load(_SQL / 'write_scores.sql')}) {sql.load(_SQL / 'insert_events.sql')}",
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
                metadata={"event_type": event.event_type, "delta": event.delta},
            )
            for event in new
        ),
        now=now,
    )
    reputation_changed.send(sender=ReputationEvent, events=new, now=now)
    return new


def points_of_completions(task_ids: Collection[UUID]) -> dict[UUID, int]:
    """Return what the completion of each of these tasks has added to its worker's score, lateness taken off;
    those that added nothing are left out."""
    kinds = (ReputationEventType.TASK_COMPLETED, ReputationEventType.TASK_LATE)
    events = ReputationEvent.objects.filter(task__in=task_ids, event_type__in=kinds)
    moved = events.values("task").annotate(points=Sum(F("new_score") - F("previous_score")))
    return {row["task"]: row["points"] for row in moved if row["points"] > 0}


def _lock_scores(events: Sequence[ReputationEvent]) -> dict[UUID, int]:
    """The scores of the events' workers, who are locked in id order. A statement of its own, so that what
    follows sees what those who held the rows before have committed."""
    workers = Worker.objects.locked().filter(pk__in={event.worker_id for event in events})
    return dict(workers.values_list("pk", "reputation_score"))


def _on_record(worker_ids: Iterable[UUID], keys: Sequence[str]) -> tuple[dict[UUID, int], set[str]]:
    """The number of each worker's last event, and which of the facts have counted before."""
    found = sql.rows(sql.load(_SQL / "on_record.sql"), {"workers": list(worker_ids), "keys": list(keys)})
    numbers = {row["worker_id"]: row["number"] or 0 for row in found if row["worker_id"]}
    return numbers, {row["source_key"] for row in found if row["source_key"]}


def _number_and_score(
    events: Sequence[ReputationEvent], numbers: Mapping[UUID, int], scores: Mapping[UUID, int]
) -> None:
    """Each event has its number and its scores before and after; several of one worker count in the order
    given. The workers are locked; `numbers` and `scores` are those that they have so far."""
    number, score = dict(numbers), dict(scores)
    for event in events:
        worker_id = event.worker_id
        event.number = number[worker_id] = number[worker_id] + 1
        event.previous_score = score[worker_id]
        event.new_score = score[worker_id] = clamp(score[worker_id] + event.delta, highest=MAX_REPUTATION)


def _scores_after(events: Sequence[ReputationEvent]) -> dict[str, list[Any]]:
    """What each worker's score is after their last event."""
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
    """Staff have moved the score by `delta`, within 0 to 1000. Raises ReasonMissing or ZeroAdjustment."""
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
