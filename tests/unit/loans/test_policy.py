"""Advances replayed under other rules, by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from loans.policy.calculations.policy import (
    Outcome,
    PastAdvance,
    Present,
    Rules,
    compare_outcomes,
    score_with,
)
from reputation.scores.replay import Deltas, PastEvent

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def points(reputation, others):
    return {"reputation_points": reputation * Decimal("0.3"), "task_points": Decimal(others)}


# Reputation 700, then 710, 720 and 730: a point of the score for each ten, times three.
EVENTS = [
    PastEvent(START + n * DAY, "task_completed", 10, 690 + 10 * n, 700 + 10 * n, f"t:{n}")
    for n in range(1, 4)
]
PRESENT = Present(
    reputation=730,
    score=819,
    points=points(730, 600),
    other_reasons=0,
    predicted_earnings=Decimal(100),
)


def advance(after_days, reputation, amount="60", fee="1.2", predicted="100"):
    return PastAdvance(
        START + after_days * DAY, Decimal(amount), Decimal(fee), points(reputation, 600), Decimal(predicted)
    )


# After the first event the score was 600 + 0.3 x 710 = 813, at most 100 x (0.5 + 0.2439) = 74.39, fee 2 %.
ADVANCES = [advance(1.5, 710)]


def test_under_todays_rules_nothing_changes():
    before, after = compare_outcomes(Rules(), PRESENT, EVENTS, ADVANCES)

    assert before == after
    # At 819 up to 100 x (0.5 + 0.2457).
    assert before == Outcome(730, 819, Decimal("74.57"), Decimal(60), Decimal("1.2"))
    assert before.eligible


def test_another_fee_changes_the_fee_of_that_score_alone():
    _, dearer = compare_outcomes(Rules(fees=((810, 500), (600, 350))), PRESENT, EVENTS, ADVANCES)
    _, same = compare_outcomes(Rules(fees=((800, 200), (600, 900))), PRESENT, EVENTS, ADVANCES)

    assert (dearer.lent, dearer.fees) == (60, 3)
    assert (same.lent, same.fees) == (60, Decimal("1.2"))


def test_a_higher_threshold_takes_the_advance_of_then_and_leaves_that_of_now():
    _, after = compare_outcomes(Rules(lowest_score=815), PRESENT, EVENTS, ADVANCES)

    # 813 then, 819 now.
    assert (after.lent, after.fees, after.maximum) == (0, 0, Decimal("74.57"))


def test_a_lower_threshold_carries_the_lowest_fee_down():
    rules = Rules(lowest_score=300)

    assert (rules.fee_bps(299), rules.fee_bps(300), rules.fee_bps(599), rules.fee_bps(800)) == (
        None,
        350,
        350,
        200,
    )


def test_a_smaller_worth_of_work_lowers_the_score_of_then_and_now_by_what_it_adds_up_to():
    _, after = compare_outcomes(Rules(deltas=Deltas(completed=-100)), PRESENT, EVENTS, ADVANCES)

    # 600 after the first event and 400 after all: 600 + 180 = 780 then, at 3.5 %; 600 + 120 = 720 now.
    assert (after.reputation, after.score) == (400, 720)
    assert (after.lent, after.fees) == (60, Decimal("2.1"))
    assert after.maximum == Decimal("71.6")


def test_a_smaller_maximum_cuts_the_advance_and_its_fee():
    deltas = Deltas(completed=-700)
    _, after = compare_outcomes(Rules(deltas=deltas), PRESENT, EVENTS, [advance(1.5, 710, amount="74")])

    # 600 then: at most 100 x (0.5 + 0.18), at 3.5 %.
    assert (after.lent, after.fees) == (68, Decimal("2.38"))


def test_before_the_first_event_the_reputation_is_what_it_was():
    early = advance(0.5, 700)

    _, after = compare_outcomes(Rules(deltas=Deltas(completed=0)), PRESENT, EVENTS, [early])

    assert (after.reputation, after.fees) == (700, Decimal("1.2"))


@pytest.mark.parametrize("reasons, predicted", [(1, "100"), (0, "1.2")])
def test_other_reasons_and_too_small_a_forecast_keep_their_weight(reasons, predicted):
    present = Present(730, 819, points(730, 600), reasons, Decimal(predicted))

    before, after = compare_outcomes(Rules(lowest_score=0), present, [], [])

    assert not before.eligible
    assert not after.eligible


def test_the_score_is_rounded_half_up_and_kept_in_its_bounds():
    assert score_with(points(0, "650.5"), 0) == 651
    assert score_with(points(0, "650.49"), 0) == 650
    assert score_with(points(0, "900"), 1000) == 1000
    assert score_with(points(0, "-900"), 1000) == 0
