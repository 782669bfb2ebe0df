"""Packed numbers, bids, months and percents of the oracle."""

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from payments.oracle.calculations import (
    CreatorNumbers,
    class_of_error,
    first_bid,
    is_at_least,
    month_bounds,
    month_of,
    pack_numbers,
    percent_text,
    raised_bid,
    saved_gas,
    unpack_numbers,
)
from payments.oracle.contract import calls
from payments.oracle.errors import NumbersTooLarge, PriceTooHigh
from payments.settlement.provider.abi import (
    NotEncodable,
    decode_call,
    decode_values,
    encode_call,
    encode_values,
    selector_of,
)
from payments.settlement.provider.protocol import FeeEstimate, FeeLevel, GasBid
from payments.settlement.provider.units import gas_cost

COUNT = st.integers(0, 2**48 - 1)
REVENUE = st.integers(0, 2**64 - 1).map(lambda micro: Decimal(micro).scaleb(-6))
BOUNDS = {"floor": Decimal(1), "ceiling": Decimal(1000)}


@given(COUNT, COUNT, COUNT, COUNT, REVENUE)
def test_packed_numbers_are_unpacked_exactly(plays, followers, likes, listeners, revenue):
    numbers = CreatorNumbers(plays, followers, likes, listeners, revenue)

    packed = pack_numbers(numbers)

    assert 0 <= packed < 2**256
    assert unpack_numbers(packed) == numbers


@pytest.mark.parametrize(
    "changed",
    [{"plays": 2**48}, {"listeners": -1}, {"likes": -5}, {"revenue": Decimal(2**64).scaleb(-6)}],
)
def test_numbers_without_room_are_refused(changed):
    numbers = {"plays": 1, "followers": 1, "likes": 1, "listeners": 1, "revenue": Decimal(1)} | changed
    with pytest.raises(NumbersTooLarge):
        pack_numbers(CreatorNumbers(**numbers))


def estimate(price):
    bid = GasBid(100_000, Decimal(price) * 2, Decimal(2))
    return FeeEstimate(
        bids=dict.fromkeys(FeeLevel, bid), costs=dict.fromkeys(FeeLevel, gas_cost(100_000, Decimal(price)))
    )


def test_a_bid_is_within_floor_and_ceiling():
    assert first_bid(estimate("100"), **BOUNDS).max_fee == 200
    assert first_bid(estimate("600"), **BOUNDS).max_fee == 1000
    assert first_bid(estimate("1000"), **BOUNDS).max_fee == 1000
    low = first_bid(estimate("0.1"), **BOUNDS)
    assert (low.max_fee, low.priority_fee) == (1, 1)
    with pytest.raises(PriceTooHigh, match="at most 1000"):
        first_bid(estimate("1000.001"), **BOUNDS)


@given(st.decimals("0.001", "999", places=6), st.integers(0, 40))
def test_bumps_raise_by_a_fifth_up_to_the_ceiling(price, bumps):
    first = GasBid(100_000, price, min(price, Decimal("0.001")))

    prices = [raised_bid(first, bumps=number, **BOUNDS).max_fee for number in range(bumps + 1)]

    assert prices == sorted(prices)
    assert all(1 <= one <= 1000 for one in prices)
    for before, after in pairwise(prices):
        assert after == 1000 or after == 1 or before <= after
        if before > 1 and after < 1000:
            assert before * Decimal("1.2") <= after <= before * Decimal("1.2") + Decimal("1e-8")


@pytest.mark.parametrize(
    "at, month",
    [
        (datetime(2026, 2, 1, tzinfo=UTC), date(2026, 2, 1)),
        (datetime(2026, 12, 31, 23, 59, 59, tzinfo=UTC), date(2026, 12, 1)),
    ],
)
def test_a_month_is_the_calendars_in_utc(at, month):
    first, until = month_bounds(month_of(at))
    assert month_of(at) == month
    assert first <= at < until
    assert (first.day, until.day, (until - first).days) == (1, 1, 28 if month.month == 2 else 31)


@pytest.mark.parametrize(
    "part, whole, text, good",
    [(0, 0, "100.0", True), (899, 1000, "89.9", False), (8999, 10_000, "89.9", False), (9, 10, "90.0", True)],
)
def test_percents_are_exact(part, whole, text, good):
    assert percent_text(part, whole) == text
    assert is_at_least(part, whole, 90) is good


@pytest.mark.parametrize(
    "error, kind",
    [
        (None, None),
        ("network", "network"),
        ("unknown_outcome", "network"),
        ("credentials", "network"),
        ("gas", "gas"),
        ("insufficient_funds", "gas"),
        ("nonce", "nonce"),
        ("execution", "execution"),
        ("invalid_request", "execution"),
        ("key_reused", "unknown"),
        ("something_new", "unknown"),
    ],
)
def test_each_error_has_one_of_five_classes(error, kind):
    assert class_of_error(error) == kind


def test_a_transaction_saves_nothing_for_a_single_creator():
    assert [saved_gas(creators) for creators in (0, 1, 2, 200)] == [0, 0, 47_000, 199 * 47_000]


def test_calls_are_encoded_as_the_chain_takes_them():
    assert selector_of("transfer(address,uint256)") == "a9059cbb"
    data = encode_call("transfer(address,uint256)", ["0x" + "11" * 20, "5"])
    assert data == "0xa9059cbb" + "0" * 24 + "11" * 20 + f"{5:064x}"
    assert decode_call("transfer(address,uint256)", data) == ("0x" + "11" * 20, 5)
    assert decode_values(["uint256", "uint256[]"], encode_values(["uint256", "uint256[]"], [7, [1, 2]])) == (
        7,
        (1, 2),
    )


@pytest.mark.parametrize(
    "function, parameters",
    [
        (calls.READ_DISTRIBUTION, ["0x" + "11" * 16]),
        (calls.READ_DISTRIBUTION, ["0x" + "11" * 17, "0x" + "11" * 16, "1"]),
        (calls.READ_DISTRIBUTION, ["0x" + "11" * 16, "0x" + "11" * 16, "-1"]),
        (calls.READ_TOKEN, ["0x" + "11" * 16, "0x" + "11" * 16, "nobody"]),
    ],
)
def test_parameters_that_are_not_the_functions_are_refused(function, parameters):
    with pytest.raises(NotEncodable):
        encode_call(function, parameters)


@pytest.mark.parametrize("data", ["0x", "0x12", "zz", "0x" + "ff" * 32])
def test_data_that_are_no_result_are_refused(data):
    with pytest.raises(NotEncodable):
        decode_values(["uint256", "uint256[]"], data)
