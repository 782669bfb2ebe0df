"""Deltas and tiers of a reputation."""

from datetime import UTC, datetime, timedelta

import pytest

from reputation.scores.calculations import (
    LATE,
    LOAN_DEFAULTED,
    LOAN_REPAID,
    MOVES,
    bounded_delta,
    clamp_score,
    completion_delta,
    dispute_delta,
    is_late,
    next_tier,
    rating_delta,
    tier_of,
)

DUE = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TICK = timedelta(microseconds=1)


@pytest.mark.parametrize(
    "completed_at, due_at, delta, late",
    [
        (DUE, None, 10, False),
        (DUE - TICK, DUE, 15, False),
        (DUE, DUE, 15, False),
        (DUE + TICK, DUE, 10, True),
    ],
)
def test_completed_work_counts_and_more_when_it_met_its_due_time(completed_at, due_at, delta, late):
    assert completion_delta(completed_at=completed_at, due_at=due_at) == delta
    assert is_late(completed_at=completed_at, due_at=due_at) is late


def test_the_fixed_deltas():
    assert (LATE, LOAN_REPAID, LOAN_DEFAULTED) == (-10, 10, -50)


@pytest.mark.parametrize("rating, delta", [(1, -10), (2, -5), (3, 0), (4, 5), (5, 10)])
def test_a_rating_moves_the_score_by_its_distance_from_3(rating, delta):
    assert rating_delta(rating) == delta


@pytest.mark.parametrize("severity, delta", [(1, -10), (2, -20), (3, -30), (4, -40), (5, -50)])
def test_a_dispute_costs_10_per_step_of_severity(severity, delta):
    assert dispute_delta(severity) == delta


@pytest.mark.parametrize(
    ("delta", "given", "taken", "in_all", "kept"),
    [
        (15, 0, 0, None, 15),
        (15, 10, 30, None, 10),
        (15, 20, 0, None, 0),
        (15, 0, 0, 85, 15),
        (15, 0, 0, 90, 10),
        (15, 10, 0, 93, 7),
        (15, 0, 0, 100, 0),
        (-10, 20, 0, 100, -10),
        (-10, 0, 25, None, -5),
        (-10, 0, 30, None, 0),
        (0, 20, 30, 100, 0),
    ],
)
def test_one_platform_gives_and_takes_within_its_bounds(delta, given, taken, in_all, kept):
    found, words = bounded_delta(delta, given_today=given, taken_today=taken, given_in_all=in_all)

    assert (found, bool(words)) == (kept, kept != delta)


@pytest.mark.parametrize("score, kept", [(-1, 0), (0, 0), (500, 500), (1000, 1000), (1001, 1000)])
def test_a_score_stays_within_0_and_1000(score, kept):
    assert clamp_score(score, highest=1000) == kept


@pytest.mark.parametrize(
    "score, tier",
    [
        (0, "Starter"),
        (399, "Starter"),
        (400, "Bronze"),
        (500, "Bronze"),
        (599, "Bronze"),
        (600, "Silver"),
        (699, "Silver"),
        (700, "Gold"),
        (799, "Gold"),
        (800, "Platinum"),
        (899, "Platinum"),
        (900, "Diamond"),
        (1000, "Diamond"),
    ],
)
def test_the_tier_of_a_score(score, tier):
    assert tier_of(score) == tier


@pytest.mark.parametrize(
    ("score", "ahead"),
    [
        (0, (400, "Bronze")),
        (399, (400, "Bronze")),
        (400, (600, "Silver")),
        (899, (900, "Diamond")),
        (900, None),
    ],
)
def test_the_next_tier_is_the_nearest_above(score, ahead):
    assert next_tier(score) == ahead


def test_what_would_move_a_score_is_told_as_the_rules_have_it():
    told = dict(MOVES)

    assert told["a task completed"] == 10
    assert told["a task with a due date completed on time"] == 15
    assert told["a task completed late"] == 0
    assert [told[f"a rating of {stars}"] for stars in range(1, 6)] == [-10, -5, 0, 5, 10]
    lost = "a dispute of severity {} decided against the worker"
    assert [told[lost.format(step)] for step in (1, 5)] == [-10, -50]
    assert (told["an advance repaid"], told["an advance defaulted on"]) == (10, -50)
