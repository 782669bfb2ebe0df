"""A payer's part of a figure."""

from decimal import Decimal

import pytest

from loans.policy.selectors.payers import counted_history, part_of


@pytest.mark.parametrize(
    ("parts", "counted"),
    [
        ([100], [40]),
        ([50, 50], [40, 40]),
        ([40, 30, 30], [40, 30, 30]),
        ([90, 5, 5], [40, 5, 5]),
        ([13], [5]),
        ([12], [4]),
        ([], []),
    ],
)
def test_one_payer_makes_at_most_40_percent(parts, counted):
    assert [part_of(part, sum(parts)) for part in parts] == counted


def test_a_history_keeps_its_days_and_cuts_each_of_a_payers_alike():
    large = {0: Decimal(60), 2: Decimal(20)}
    small = {1: Decimal(20)}

    # Of 100 the large payer counts 40 of 80.
    assert counted_history([large, small], days=90) == [10, 20, 30]


def test_what_is_older_than_the_window_only_lengthens_it():
    assert counted_history([{3: Decimal(500), 0: Decimal(10)}], days=3) == [0, 0, 4]
    assert counted_history([], days=3) == []


def test_cut_pay_is_rounded_down_to_a_micro_usdc():
    assert counted_history([{0: Decimal("0.000001"), 1: Decimal("0.000001")}], days=2) == [0, 0]
