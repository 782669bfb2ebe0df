"""Replay of scores under other deltas, pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from reputation.scores.calculations import (
    COMPLETED,
    DISPUTE_STEP,
    LATE,
    LOAN_DEFAULTED,
    LOAN_REPAID,
    ON_TIME_BONUS,
    RATING_STEP,
    clamp_score,
)
from reputation.scores.enums import ReputationEventType
from workers.models import MAX_REPUTATION


@dataclass(frozen=True, slots=True)
class Deltas:
    """Points of each kind of fact: those of today unless given otherwise. `rating_step` is for each star away
    from 3, `dispute_step` for each step of severity."""

    completed: int = COMPLETED
    on_time: int = ON_TIME_BONUS
    late: int = LATE
    dispute_step: int = DISPUTE_STEP
    rating_step: int = RATING_STEP
    loan_repaid: int = LOAN_REPAID
    loan_defaulted: int = LOAN_DEFAULTED


@dataclass(frozen=True, slots=True)
class PastEvent:
    """A reputation event on record."""

    at: datetime
    event_type: str
    delta: int
    previous_score: int
    new_score: int
    source_key: str
    task_id: str = ""
    # Points that the bounds of a payer cut off the delta.
    cut: int = 0
    severity: int = 0
    took_back: int = 0


@dataclass(frozen=True, slots=True)
class ScoreAt:
    """Score from this instant on, recorded and replayed."""

    at: datetime
    recorded: int
    replayed: int


def replay_scores(events: Iterable[PastEvent], deltas: Deltas) -> list[ScoreAt]:
    """Return the scores after each of a worker's events, in their order, under other deltas.

    The first starts from the score on record before it. Adjustments by staff, and completions before the
    first event that a dispute takes back, count as they did."""
    scores: list[ScoreAt] = []
    gave: dict[str, int] = {}
    score: int | None = None
    for event in events:
        before = event.previous_score if score is None else score
        score = clamp_score(
            before + _less_cut(_replayed_delta(event, deltas, gave), event.cut), highest=MAX_REPUTATION
        )
        if event.event_type in (ReputationEventType.TASK_COMPLETED, ReputationEventType.TASK_LATE):
            gave[event.task_id] = gave.get(event.task_id, 0) + score - before
        scores.append(ScoreAt(event.at, event.new_score, score))
    return scores


def _less_cut(delta: int, cut: int) -> int:
    """Return the delta without the points that were cut off, as far as there are any."""
    return max(delta - cut, 0) if cut > 0 else min(delta - cut, 0) if cut < 0 else delta


def _replayed_delta(event: PastEvent, deltas: Deltas, gave: dict[str, int]) -> int:
    kind, recorded = event.event_type, event.delta + event.cut
    if kind == ReputationEventType.TASK_COMPLETED:
        return deltas.completed + (deltas.on_time if recorded > COMPLETED else 0)
    if kind == ReputationEventType.DISPUTE_RESOLVED:
        took_back = max(gave.get(event.task_id, event.took_back), 0) if event.took_back else 0
        return deltas.dispute_step * event.severity - took_back
    steps = {
        ReputationEventType.TASK_LATE: (LATE, deltas.late),
        ReputationEventType.RATING_RECEIVED: (RATING_STEP, deltas.rating_step),
        ReputationEventType.LOAN_REPAID: (LOAN_REPAID, deltas.loan_repaid),
        ReputationEventType.LOAN_DEFAULTED: (LOAN_DEFAULTED, deltas.loan_defaulted),
    }
    if kind not in steps:
        return recorded
    step, other = steps[ReputationEventType(kind)]
    return recorded // step * other


def replayed_at(scores: Iterable[ScoreAt], at: datetime, *, otherwise: int) -> int:
    """Return the replayed score at an instant; `otherwise` before the first event."""
    past = [score.replayed for score in takewhile(lambda score: score.at <= at, scores)]
    return past[-1] if past else otherwise
