"""Pay by use: what plays are worth, the fee by parts, and where each part of what was earned is."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gigstream.core.money import MICRO
from payments.earnings.calculations import fee_between, fee_on
from payments.royalties.calculations.periods import free_span, span_of
from payments.royalties.calculations.rates import (
    Due,
    WorkUse,
    change_due,
    earned_by,
    fund_up_to,
    recover,
)
from payments.royalties.enums import Cadence
from tests.support.long_forms import count

CASES = settings(max_examples=count(short=200, long=10_000), deadline=None)
micros = st.integers(0, 10**12).map(lambda number: number * MICRO)
bps = st.integers(0, 10_000)


def test_plays_are_worth_their_rates_to_the_micro_unit():
    uses = [
        WorkUse(plays=1_000_001, held=0, refused=0, rate=Decimal("0.000001")),
        WorkUse(plays=300, held=7, refused=3, rate=Decimal("0.004321")),
        WorkUse(plays=5, held=0, refused=0, rate=Decimal(0)),
    ]

    assert earned_by(uses) == (Decimal("2.283338"), Decimal("0.030247"))


@pytest.mark.shortened
@CASES
@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6), micros), max_size=5))
def test_what_uses_are_worth_is_the_sum_of_their_micro_units(given_uses):
    uses = [WorkUse(plays + refused, 0, refused, rate) for plays, refused, rate in given_uses]

    amount, held = earned_by(uses)

    assert amount / MICRO == sum(plays * int(rate / MICRO) for plays, _, rate in given_uses)
    assert held == 0


@pytest.mark.shortened
@CASES
@given(bps, st.lists(micros, min_size=1, max_size=8))
def test_fees_on_parts_add_up_to_the_fee_on_the_whole(fee_bps, parts):
    paid, fees = Decimal(0), Decimal(0)
    for part in parts:
        fees += fee_between(fee_bps, paid, paid + part)
        paid += part

    assert fees == fee_on(paid, fee_bps)
    assert int(fees / MICRO) == int(paid / MICRO) * fee_bps // 10_000


@pytest.mark.shortened
@CASES
@given(micros, micros, bps, micros)
def test_what_is_funded_is_covered_and_leaves_next_to_nothing(unfunded, base, fee_bps, available):
    funded = fund_up_to(unfunded, base=base, fee_bps=fee_bps, available=available)
    spent = funded + fee_between(fee_bps, base, base + funded)

    assert 0 <= funded <= unfunded
    assert spent <= available
    # The whole is funded, or at most some micro-USDC are left: one more would be two with its fee.
    assert funded == unfunded or available - spent <= 4 * MICRO


@pytest.mark.shortened
@CASES
@given(
    st.lists(
        st.tuples(st.integers(0, 1_000), st.integers(0, 1_000), st.integers(0, 1_000), st.booleans()),
        max_size=12,
    )
)
def test_every_part_of_what_was_earned_stays_known(steps):
    due, remainder, escrow, received = Due(), Decimal(0), Decimal(0), Decimal(0)
    for accrued, held, funds, is_paid in steps:
        accrued, held, funds = Decimal(accrued), Decimal(min(held, accrued)), Decimal(funds)
        change = change_due(due, accrued=accrued, held=held, remainder=remainder)
        due, remainder, escrow = change.due, remainder + change.remainder, escrow - change.released
        funded = fund_up_to(due.unfunded, base=due.paid + due.carried, fee_bps=0, available=funds)
        due = Due(**{**_parts(due), "unfunded": due.unfunded - funded, "carried": due.carried + funded})
        escrow += funded
        if is_paid:
            back = recover(due.carried, remainder)
            received += due.carried - back
            remainder, escrow = remainder - back, escrow - due.carried
            due = Due(
                **{
                    **_parts(due),
                    "paid": due.paid + due.carried - back,
                    "recovered": due.recovered + back,
                    "carried": Decimal(0),
                }
            )
        assert due.is_whole
        assert min(_parts(due).values()) >= 0
        assert escrow == due.carried
        assert received == due.paid
        assert remainder == due.taken_back - due.recovered >= 0


def _parts(due):
    return {name: getattr(due, name) for name in Due.__slots__}


def test_less_is_taken_of_the_unfunded_then_of_the_carried_then_of_the_paid():
    due = Due(accrued=Decimal(10), unfunded=Decimal(1), carried=Decimal(2), paid=Decimal(4), held=Decimal(3))

    change = change_due(due, accrued=Decimal(5), held=Decimal(3), remainder=Decimal(0))

    assert change.due == Due(accrued=Decimal(5), held=Decimal(3), paid=Decimal(4), taken_back=Decimal(2))
    assert (change.released, change.remainder) == (Decimal(2), Decimal(2))


def test_what_comes_back_first_makes_up_for_what_was_taken_back():
    due = Due(accrued=Decimal(2), paid=Decimal(4), taken_back=Decimal(2))

    change = change_due(due, accrued=Decimal(5), held=Decimal(0), remainder=Decimal(2))

    assert change.due == Due(accrued=Decimal(5), paid=Decimal(4), unfunded=Decimal(1))
    assert (change.released, change.remainder) == (Decimal(0), Decimal(-2))


@pytest.mark.parametrize(
    "carried, remainder, back",
    [
        ("10.00", "5.00", "1"),
        ("10.00", "0.25", "0.25"),
        ("0.000009", "1", "0"),
        ("0.000019", "1", "0.000001"),
    ],
)
def test_a_payment_makes_up_for_a_remainder_with_at_most_a_tenth(carried, remainder, back):
    assert recover(Decimal(carried), Decimal(remainder)) == Decimal(back)


@pytest.mark.parametrize(
    "day, cadence, span",
    [
        (date(2026, 2, 11), Cadence.MONTH, (date(2026, 2, 1), date(2026, 2, 28))),
        (date(2028, 2, 29), Cadence.MONTH, (date(2028, 2, 1), date(2028, 2, 29))),
        (date(2026, 12, 31), Cadence.MONTH, (date(2026, 12, 1), date(2026, 12, 31))),
        (date(2026, 12, 31), Cadence.QUARTER, (date(2026, 10, 1), date(2026, 12, 31))),
        (date(2026, 4, 1), Cadence.QUARTER, (date(2026, 4, 1), date(2026, 6, 30))),
    ],
)
def test_periods_are_those_of_the_calendar(day, cadence, span):
    assert span_of(day, cadence) == span


def test_a_quarter_that_has_begun_in_months_ends_in_months():
    january = span_of(date(2026, 1, 1), Cadence.MONTH)

    assert free_span(date(2026, 2, 1), Cadence.QUARTER, [january]) == (date(2026, 2, 1), date(2026, 2, 28))
    assert free_span(date(2026, 4, 1), Cadence.QUARTER, [january]) == (date(2026, 4, 1), date(2026, 6, 30))
