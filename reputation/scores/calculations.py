"""Deltas and tiers, pure (domain.md, section 7)."""

from datetime import datetime

from reputation.scores.enums import TIER_FLOORS, Tier

COMPLETED = 10
ON_TIME_BONUS = 5
LATE = -10
DISPUTE_STEP = -10
LOAN_REPAID = 10
LOAN_DEFAULTED = -50
NEUTRAL_RATING = 3
RATING_STEP = 5
# Most points that a platform gives a worker in a UTC day, and takes, and gives in all until another platform
# has paid the worker too.
GIVEN_IN_A_DAY, TAKEN_IN_A_DAY, GIVEN_BY_ONE_PAYER = 20, 30, 100


def completion_delta(*, completed_at: datetime, due_at: datetime | None) -> int:
    """Return +10, and +5 more when a due date was given and met."""
    on_time = due_at is not None and completed_at <= due_at
    return COMPLETED + (ON_TIME_BONUS if on_time else 0)


def is_late(*, completed_at: datetime, due_at: datetime | None) -> bool:
    return due_at is not None and completed_at > due_at


def rating_delta(rating: int) -> int:
    """Return (rating - 3) * 5, so from -10 to +10."""
    return (rating - NEUTRAL_RATING) * RATING_STEP


def dispute_delta(severity: int) -> int:
    """Return -10 for each step of severity of a dispute that is decided against the worker."""
    return DISPUTE_STEP * severity


def bounded_delta(
    delta: int, *, given_today: int, taken_today: int, given_in_all: int | None
) -> tuple[int, str]:
    """Return how much of `delta` the bounds of a platform leave, and the bound that has cut it, if any.
    Points given and taken so far are positive; `given_in_all` is None once another platform has paid."""
    if delta < 0:
        kept = max(delta, min(taken_today - TAKEN_IN_A_DAY, 0))
        return kept, f"one platform takes at most {TAKEN_IN_A_DAY} a day" if kept != delta else ""
    today = min(delta, max(GIVEN_IN_A_DAY - given_today, 0))
    if given_in_all is None or today <= GIVEN_BY_ONE_PAYER - given_in_all:
        return today, f"one platform gives at most {GIVEN_IN_A_DAY} a day" if today != delta else ""
    words = f"one platform gives at most {GIVEN_BY_ONE_PAYER} until another has paid"
    return max(GIVEN_BY_ONE_PAYER - given_in_all, 0), words


def clamp_score(score: int, *, highest: int) -> int:
    """Return the score kept in 0 to `highest`."""
    return min(max(score, 0), highest)


def tier_of(score: int) -> Tier:
    """Return the band that the score lies in."""
    return next(tier for floor, tier in TIER_FLOORS if score >= floor)


def next_tier(score: int) -> tuple[int, Tier] | None:
    """Return the band above that of the score and where it begins; None in the highest."""
    above = [(floor, tier) for floor, tier in TIER_FLOORS if floor > score]
    return above[-1] if above else None


# Facts that would move the score, as workers read them, with their points.
MOVES: tuple[tuple[str, int], ...] = (
    ("a task completed", COMPLETED),
    ("a task with a due date completed on time", COMPLETED + ON_TIME_BONUS),
    ("a task completed late", COMPLETED + LATE),
    *((f"a rating of {stars}", rating_delta(stars)) for stars in range(5, 0, -1)),
    *(
        (f"a dispute of severity {step} decided against the worker", dispute_delta(step))
        for step in range(1, 6)
    ),
    ("an advance repaid", LOAN_REPAID),
    ("an advance defaulted on", LOAN_DEFAULTED),
)
