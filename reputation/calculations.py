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
