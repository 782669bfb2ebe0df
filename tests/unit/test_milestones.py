"""Formulas of milestones."""

from datetime import date
from decimal import Decimal

import pytest

from reputation.milestones.calculations import (
    METRICS,
    Condition,
    CreatorChanges,
    MetricChange,
    add_up,
    before,
    find_lost,
    find_risen,
    is_reached,
    loss_text,
    market_part,
    market_value,
    recent_from,
    token_name,
    token_symbol,
)
from reputation.milestones.enums import Metric, Window

ALL_TIME, MONTH, RECENT = Window.ALL_TIME, Window.MONTH, Window.DAYS_30
MARCH, FEBRUARY = date(2026, 3, 1), date(2026, 2, 1)


def _change(day, plays=0, revenue=0, creator=1):
    return MetricChange(creator, day, (plays, 0, 0, 0, 0, 0, Decimal(revenue)))


def _values(**plays):
    values = {(metric, window): Decimal(0) for metric in METRICS for window in Window}
    return values | {(Metric.PLAYS, Window(window)): Decimal(value) for window, value in plays.items()}


def test_changes_are_added_up_by_creator_in_the_order_of_their_numbers():
    changes = [_change(MARCH, 2, "0.5", 9), _change(MARCH, 3, 1, 4), _change(FEBRUARY, -1, 2, 9)]

    assert add_up(changes) == {
        4: (3, 0, 0, 0, 0, 0, Decimal(1)),
        9: (1, 0, 0, 0, 0, 0, Decimal("2.5")),
    }
    assert list(add_up(changes)) == [4, 9]


def test_the_values_before_are_those_after_less_the_changes_of_each_window():
    changes = CreatorChanges.of(
        [_change(date(2026, 3, 2), 5), _change(date(2026, 2, 20), 7), _change(date(2026, 1, 1), 1)],
        date(2026, 2, 1),
        date(2026, 3, 3),
    )
    after = _values(all_time=100, month=30, **{"30_days": 50})

    was = before(after, changes, MARCH)

    assert was[(Metric.PLAYS, ALL_TIME)] == 87
    assert was[(Metric.PLAYS, RECENT)] == 38
    assert was[(Metric.PLAYS, MONTH)] == 25
    assert before(after, changes, FEBRUARY)[(Metric.PLAYS, MONTH)] == 23
    assert before(after, changes, date(2025, 12, 1))[(Metric.PLAYS, MONTH)] == 30


@pytest.mark.parametrize(
    ("was", "after", "reached"),
    [(9, 10, True), (9, 9, False), (10, 11, False), (12, 9, False), (0, 500, True)],
)
def test_a_rule_is_reached_when_a_condition_is_crossed(was, after, reached):
    one = Condition(Metric.PLAYS, ALL_TIME, Decimal(10))

    assert is_reached([one], _values(all_time=was), _values(all_time=after)) is reached


def test_all_conditions_hold_when_a_rule_is_reached():
    both = [Condition(Metric.PLAYS, ALL_TIME, Decimal(10)), Condition(Metric.PLAYS, MONTH, Decimal(3))]

    assert not is_reached(both, _values(all_time=9, month=2), _values(all_time=10, month=2))
    assert is_reached(both, _values(all_time=11, month=2), _values(all_time=12, month=3))
    assert not is_reached(both, _values(all_time=12, month=3), _values(all_time=13, month=4))


def test_what_is_lost_held_before():
    one, other = (Condition(Metric.PLAYS, ALL_TIME, Decimal(number)) for number in (10, 20))

    assert find_lost([one, other], _values(all_time=12), _values(all_time=9)) == [one]
    assert find_lost([one, other], _values(all_time=9), _values(all_time=8)) == []
    assert loss_text(one, Decimal(9)) == "plays in all fell to 9, below 10"
    money = Condition(Metric.REVENUE, MONTH, Decimal("100.5"))
    assert loss_text(money, Decimal(100)) == "revenue in a month fell to 100.000000, below 100.500000"


def test_thirty_days_end_today():
    assert recent_from(date(2026, 3, 30)) == date(2026, 3, 1)


def test_a_tenth_of_a_market_value_is_revenue_and_both_are_rounded_down():
    assert market_value(Decimal("0.333333"), Decimal("2.000009")) == Decimal("0.666668")
    assert market_part(Decimal("1000")) == Decimal("100.000000")
    assert market_part(Decimal("0.000019")) == Decimal("0.000001")


@pytest.mark.parametrize(
    ("name", "symbol"),
    [
        ("The Band", "THEBAND"),
        ("99 Red Balloons", "REDBALLOONS"),
        ("Die Ärzte", "DIERZTE"),
        ("周杰伦", "C17"),
        ("X", "C17"),
        ("!!!", "C17"),
    ],
)
def test_a_symbol_is_made_of_the_name_or_the_number(name, symbol):
    assert token_symbol(name, 17) == symbol


def test_a_token_has_at_most_60_characters_of_the_name():
    assert token_name("A" * 59 + " Band", 17) == "A" * 59
    assert token_name("\u200d" * 60 + "Band", 17) == "BAND"


def test_metrics_have_risen_where_a_change_adds_to_them():
    changes = [_change(MARCH, 2), _change(FEBRUARY, -2, "0.5"), _change(MARCH, -1, creator=2)]

    assert find_risen(changes) == {1: 0b1000001, 2: 0}
    assert [one.is_fall for one in changes] == [False, True, True]
