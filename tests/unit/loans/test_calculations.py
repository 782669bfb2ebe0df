"""Repayment arithmetic: a fifth of the debt, never more than half of an earning, never more than is owed."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigstream.core.money import from_micro, to_micro
from loans.policy.calculations.terms import (
    expected_loss,
    fee_bps_for,
    loan_fee,
    repayment_from,
    signatures_for,
)

amounts = st.integers(min_value=1, max_value=10**15).map(from_micro)


@pytest.mark.parametrize(
    "amount, bps, fee",
    [("100", 200, "2"), ("100", 350, "3.5"), ("0.000049", 200, "0"), ("33.333333", 350, "1.166666")],
)
def test_the_fee_of_a_loan_is_rounded_down(amount, bps, fee):
    assert loan_fee(Decimal(amount), bps) == Decimal(fee)


@pytest.mark.parametrize(
    "earning, owed, total_due, repaid",
    [
        ("100", "102", "102", "20.4"),
        ("30", "102", "102", "15"),
        ("100", "5", "102", "5"),
        ("100", "4", "4", "1"),
        ("100", "0.5", "4", "0.5"),
        ("1", "4", "4", "0.5"),
        ("0.000001", "4", "4", "0"),
        ("0.000003", "4", "4", "0.000001"),
        ("100", "33.333333", "33.333333", "6.666666"),
        ("100", "0", "102", "0"),
    ],
)
def test_an_earning_repays_what_the_law_says(earning, owed, total_due, repaid):
    assert repayment_from(Decimal(earning), owed=Decimal(owed), total_due=Decimal(total_due)) == Decimal(
        repaid
    )


@settings(deadline=None, max_examples=200)
@given(amounts, amounts, amounts)
def test_the_worker_keeps_at_least_half_and_never_repays_more_than_is_owed(earning, owed, more):
    repaid = repayment_from(earning, owed=owed, total_due=owed + more)

    assert 0 <= repaid <= owed
    assert repaid * 2 <= earning
    assert repaid <= max((owed + more) / 5, Decimal(1))
    assert repaid == from_micro(to_micro(repaid))


@settings(deadline=None, max_examples=50)
@given(st.integers(min_value=1, max_value=500 * 10**6).map(from_micro))
def test_large_earnings_repay_a_loan_in_at_most_six_instalments(total_due):
    owed, instalments = total_due, 0
    while owed:
        owed -= repayment_from(Decimal(10_000), owed=owed, total_due=total_due)
        instalments += 1

    assert instalments <= 6


@pytest.mark.parametrize(
    ("score", "fee_bps"), [(0, None), (599, None), (600, 350), (799, 350), (800, 200), (1000, 200)]
)
def test_the_fee_of_an_advance_follows_the_score(score, fee_bps):
    assert fee_bps_for(score) == fee_bps


@pytest.mark.parametrize(("amount", "signatures"), [("1", 1), ("400", 1), ("400.000001", 2), ("500", 2)])
def test_large_advances_need_two_signatures(amount, signatures):
    assert signatures_for(Decimal(amount)) == signatures


@pytest.mark.parametrize(
    ("outstanding", "in_default", "ended", "defaulted", "lost"),
    [
        ("100", "0", 0, 0, "0"),
        ("100", "30", 0, 0, "30"),
        ("100", "30", 10, 1, "37"),
        ("100", "30", 3, 3, "100"),
        ("10", "0", 3, 1, "3.333333"),
    ],
)
def test_what_is_to_be_lost_is_the_share_that_was_lost_before(
    outstanding, in_default, ended, defaulted, lost
):
    found = expected_loss(
        Decimal(outstanding), in_default=Decimal(in_default), ended=ended, defaulted=defaulted
    )
    assert found == Decimal(lost)
