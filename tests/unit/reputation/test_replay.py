"""Scores replayed under other deltas, by hand."""

from datetime import UTC, datetime, timedelta

import pytest

from reputation.scores.replay import Deltas, PastEvent, ScoreAt, replay_scores, replayed_at

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def past(*facts, start=600):
    """Return events of (type, delta, more), an hour apart, each from the score after the event before."""
    events, score = [], start
    for number, (kind, delta, *more) in enumerate(facts):
        after = min(max(score + delta, 0), 1000)
        at = START + timedelta(hours=number)
        events.append(
            PastEvent(at, kind, delta, score, after, f"{kind}:{number}", **(more[0] if more else {}))
        )
        score = after
    return events


def scores(events, **deltas):
    return [one.replayed for one in replay_scores(events, Deltas(**deltas))]


LIFE = past(
    ("task_completed", 10),
    ("task_completed", 15),
    ("task_completed", 10),
    ("task_late", -10),
    ("rating_received", 10),
    ("rating_received", -5),
    ("rating_received", 0),
    ("dispute_filed", 0),
    ("dispute_resolved", -20, {"severity": 2}),
    ("loan_repaid", 10),
    ("manual_adjustment", -7),
    ("loan_defaulted", -50),
)


def test_under_todays_rules_every_score_is_what_it_was():
    assert [one.recorded for one in replay_scores(LIFE, Deltas())] == scores(LIFE)
    assert scores(LIFE)[-1] == LIFE[-1].new_score == 563


@pytest.mark.parametrize(
    "deltas, last",
    [
        ({"completed": 12}, 563 + 3 * 2),
        ({"on_time": 25}, 563 + 20),
        ({"late": -40}, 563 - 30),
        ({"rating_step": 15}, 563 + 2 * 10 - 1 * 10),
        ({"loan_repaid": 0}, 553),
        ({"loan_defaulted": -100}, 513),
        ({"dispute_step": -50}, 563 - 80),
    ],
)
def test_each_delta_moves_its_own_facts(deltas, last):
    assert scores(LIFE, **deltas)[-1] == last


def test_a_lost_dispute_takes_back_what_the_completion_would_have_given():
    lost = {"severity": 1, "took_back": 10, "task_id": "a"}
    events = past(("task_completed", 10, {"task_id": "a"}), ("dispute_resolved", -20, lost), start=500)

    assert scores(events) == [510, 490]
    assert scores(events, completed=30) == [530, 490]


def test_a_completion_from_before_is_taken_back_as_it_was():
    events = past(("dispute_resolved", -20, {"severity": 1, "took_back": 10, "task_id": "a"}))

    assert scores(events, dispute_step=-50) == [540]


def test_scores_stay_within_their_bounds():
    events = past(("task_completed", 10), ("task_completed", 10), start=980)

    assert scores(events, completed=100) == [1000, 1000]


def test_the_score_at_a_time_is_that_after_the_last_event_until_then():
    found = [ScoreAt(START, 610, 620), ScoreAt(START + timedelta(hours=1), 620, 640)]

    assert replayed_at(found, START - timedelta(seconds=1), otherwise=600) == 600
    assert replayed_at(found, START, otherwise=600) == 620
    assert replayed_at(found, START + timedelta(days=1), otherwise=600) == 640
    assert replayed_at([], START, otherwise=600) == 600
