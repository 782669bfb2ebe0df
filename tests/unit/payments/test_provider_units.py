"""A single balance, two views: 6 decimals as a token, 18 as gas."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.settlement.provider import units
from payments.settlement.provider.protocol import GasBid

MOST = 10**20


@given(st.integers(0, MOST))
def test_millionths_go_to_gas_units_and_back_without_loss(millionths):
    amount = units.of_token_units(millionths)

    assert units.token_units(amount) == millionths
    assert units.gas_units(amount) == millionths * 10**12
    assert units.token_view(units.of_gas_units(units.gas_units(amount))) == amount


@given(st.integers(0, MOST * 10**12))
def test_the_token_never_shows_more_than_is_there_nor_a_fee_less_than_was_paid(atto):
    amount = units.of_gas_units(atto)

    assert units.gas_units(amount) == atto
    assert units.token_view(amount) <= amount <= units.booked_fee(amount)
    assert units.booked_fee(amount) - units.token_view(amount) <= Decimal("0.000001")


@pytest.mark.parametrize("amount", ["0.0000001", "NaN", "Infinity"])
def test_what_has_no_whole_number_of_units_is_refused(amount):
    with pytest.raises(units.NotExact):
        units.token_units(Decimal(amount))


def test_gas_costs_its_price():
    assert units.gas_cost(48_000, Decimal(162)) == Decimal("0.007776")
    assert units.gas_cost(1, Decimal("0.000000001")) == Decimal("1e-18")


def test_a_raised_bid_is_higher_by_its_share_rounded_up():
    bid = units.raise_bid(GasBid(65_000, Decimal(322), Decimal("0.000000001")), by_bps=2000)

    assert bid == GasBid(65_000, Decimal("386.4"), Decimal("0.000000002"))
