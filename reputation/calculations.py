"""Deltas and tiers, pure (domain.md, section 7)."""

from datetime import datetime

from reputation.enums import TIER_FLOORS, Tier

COMPLETED = 10
ON_TIME_BONUS = 5
LATE = -10
DISPUTE_STEP = -10
LOAN_REPAID = 10
LOAN_DEFAULTED = -50
NEUTRAL_RATING = 3
RATING_STEP = 5
# What one platform gives a worker at most in a UTC day, what it takes at most, and what it gives in all until
# another platform has paid the worker too.
GIVEN_IN_A_DAY, TAKEN_IN_A_DAY, GIVEN_BY_ONE_PAYER = 20, 30, 100


def completion_delta(*, completed_at: datetime, due_at: datetime | None) -> int:
    """+10, and +5 more when a due date was given and met."""
    on_time = due_at is not None and completed_at <= due_at
    return COMPLETED + (ON_TIME_BONUS if on_time else 0)


def is_late(*, completed_at: datetime, due_at: datetime | None) -> bool:
    return due_at is not None and completed_at > due_at


def rating_delta(rating: int) -> int:
    """(rating - 3) * 5, so from -10 to +10."""
    return (rating - NEUTRAL_RATING) * RATING_STEP


def dispute_delta(severity: int) -> int:
    """-10 for each step of severity, when the dispute is decided against the worker."""
    return DISPUTE_STEP * severity


def bounded_delta(
    delta: int, *, given_today: int, taken_today: int, given_in_all: int | None
) -> tuple[int, str]:
    """Return how much of `delta` the bounds of one platform leave, and which bound has cut it, if any has.
    What it has given and taken so far is positive; `given_in_all` is None once another has paid."""
    if delta < 0:
        kept = max(delta, min(taken_today - TAKEN_IN_A_DAY, 0))
        return kept, f"one platform takes at most {TAKEN_IN_A_DAY} a day" if kept != delta else ""
    today = min(delta, max(GIVEN_IN_A_DAY - given_today, 0))
    if given_in_all is None or today <= GIVEN_BY_ONE_PAYER - given_in_all:
        return today, f"one platform gives at most {GIVEN_IN_A_DAY} a day" if today != delta else ""
    words = f"one platform gives at most {GIVEN_BY_ONE_PAYER} until another has paid"
    return max(GIVEN_BY_ONE_PAYER - given_in_all, 0), words


def clamp(score: int, *, highest: int) -> int:
    """The score kept in 0 to `highest`."""
    return min(max(score, 0), highest)


def tier_of(score: int) -> Tier:
    """The band that the score lies in."""
    return next(tier for floor, tier in TIER_FLOORS if score >= floor)


def next_tier(score: int) -> tuple[int, Tier] | None:
    """The band above the score's own and where it begins; None in the highest."""
    above = [(floor, tier) for floor, tier in TIER_FLOORS if floor > score]
    return above[-1] if above else None


# What a worker is told would move the score, in words and points.
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
