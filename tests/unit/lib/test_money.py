"""Amounts are exact decimals with six places, or they are refused."""

from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st

from gigstream.core.money import (
    InvalidAmount,
    MoneyField,
    exact_amount,
    from_micro,
    share_bps,
    to_micro,
    usdc,
)

MICRO_UNITS = st.integers(min_value=1, max_value=10**20 - 1)


@pytest.mark.parametrize(
    "given_value, exact",
    [
        ("1", "1"),
        ("0.000001", "0.000001"),
        ("1.5", "1.5"),
        ("1.500000", "1.500000"),
        ("99999999999999.999999", "99999999999999.999999"),
        (1, "1"),
        (99_999_999_999_999, "99999999999999"),
        (Decimal("12.50"), "12.50"),
        (Decimal("1E+3"), "1000"),
        (Decimal("1E-6"), "0.000001"),
        (Decimal("1.0000000"), "1.000000"),
        (Decimal("0.30"), "0.30"),
    ],
)
def test_a_plain_amount_is_taken_exactly(given_value, exact):
    assert exact_amount(given_value) == Decimal(exact)


@pytest.mark.parametrize(
    "given_value",
    [
        "",
        " ",
        " 5 ",
        "5 ",
        "5\n",
        "1_000",
        "1,000",
        "1e3",
        "1E3",
        "0x10",
        "\u0665",
        "1.\u0665",
        "\uff15",
        "-0",
        "-1",
        "+1",
        "01",
        "00.5",
        ".5",
        "5.",
        "1.2.3",
        "1.0000001",
        "1.0000000",
        "100000000000000",
        "NaN",
        "nan",
        "Infinity",
        "-Infinity",
        "inf",
        "1/2",
        "ten",
        "1\x00",
        "9" * 5000,
        "0." + "1" * 5000,
        100_000_000_000_000,
        10**5000,
        -(10**5000),
        -1,
        True,
        False,
        None,
        [],
        ["1"],
        {},
        b"1",
        0.1,
        1.0,
        float("nan"),
        Decimal("NaN"),
        Decimal("sNaN"),
        Decimal("Infinity"),
        Decimal("-1"),
        Decimal("1E-7"),
        Decimal("1.0000001"),
        Decimal("1E+14"),
        Decimal("1E+999999999999"),
        Decimal("1E-999999999999"),
    ],
    ids=lambda value: f"{type(value).__name__}-{str(value)[:24]!r}" if type(value) is not int else "int",
)
def test_what_is_not_a_plain_amount_is_refused(given_value):
    with pytest.raises(InvalidAmount) as refusal:
        exact_amount(given_value)

    assert (refusal.value.code, refusal.value.status) == ("invalid_amount", 400)
    assert len(refusal.value.message) < 200


@pytest.mark.parametrize("zero", ["0", "0.000000", 0, Decimal(0), Decimal("0E-6"), Decimal("0E+5")])
def test_zero_is_an_amount_only_where_it_is_allowed(zero):
    assert exact_amount(zero, allow_zero=True) == 0
    with pytest.raises(InvalidAmount, match="must be above 0"):
        exact_amount(zero)


@pytest.mark.parametrize("zero", ["-0", "+0", "-0.0", Decimal("-0")])
def test_a_signed_zero_is_refused_even_where_zero_is_allowed(zero):
    with pytest.raises(InvalidAmount):
        exact_amount(zero, allow_zero=True)


@settings(deadline=None)
@given(MICRO_UNITS)
def test_every_amount_survives_its_own_text_and_its_micro_units(units):
    value = from_micro(units)

    assert exact_amount(str(value)) == value
    assert to_micro(value) == units
    assert -value.as_tuple().exponent == 6


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_is_an_amount_or_a_refusal_and_nothing_else(text):
    try:
        value = exact_amount(text)
    except InvalidAmount:
        return
    assert value > 0
    assert value == Decimal(text)
    assert set(text) <= set("0123456789.")


@pytest.mark.parametrize(
    "value, bps, share",
    [
        ("100", 200, "2"),
        ("20", 200, "0.4"),
        ("0.000049", 200, "0"),
        ("0.000050", 200, "0.000001"),
        ("0.000099", 200, "0.000001"),
        ("33.333333", 350, "1.166666"),
        ("10", 0, "0"),
        ("10", 10_000, "10"),
        ("99999999999999.999999", 9_999, "99989999999999.999999"),
    ],
)
def test_a_share_is_rounded_down_to_a_micro_usdc(value, bps, share):
    assert share_bps(Decimal(value), bps) == Decimal(share)


@settings(deadline=None)
@given(MICRO_UNITS, st.integers(min_value=0, max_value=10_000))
def test_a_share_is_less_than_a_micro_usdc_below_the_exact_one(units, bps):
    exact = units * bps
    assert 0 <= exact - to_micro(share_bps(from_micro(units), bps)) * 10_000 < 10_000


@pytest.mark.parametrize(
    "value, text",
    [
        ("0", "0.00 USDC"),
        ("12.5", "12.50 USDC"),
        ("12.500000", "12.50 USDC"),
        ("1", "1.00 USDC"),
        ("0.000001", "0.000001 USDC"),
        ("1.230", "1.23 USDC"),
        ("1.2345", "1.2345 USDC"),
        ("-20.4", "-20.40 USDC"),
        ("99999999999999.999999", "99999999999999.999999 USDC"),
        ("1E+3", "1000.00 USDC"),
    ],
)
def test_people_read_two_to_six_decimals(value, text):
    assert usdc(Decimal(value)) == text


def _money_column() -> MoneyField:
    field = MoneyField()
    field.set_attributes_from_name("pay")
    return field


@pytest.mark.parametrize("value", [0.1, 1.0, Decimal("1.0000001"), "1.0000001", "NaN", Decimal("Infinity")])
def test_a_money_column_refuses_what_it_would_have_to_round(value):
    with pytest.raises(ValidationError):
        _money_column().get_db_prep_save(value, connection)


@pytest.mark.parametrize(
    "value, stored", [(Decimal("1.5"), "1.5"), ("1.500000", "1.5"), (3, "3"), (Decimal("1.0000000"), "1")]
)
def test_a_money_column_takes_exact_values(value, stored):
    assert _money_column().get_db_prep_save(value, connection) == Decimal(stored)


def test_a_money_column_leaves_nothing_as_nothing():
    assert _money_column().get_db_prep_save(None, connection) is None


def test_a_money_column_is_numeric_20_6():
    assert _money_column().db_type(connection) == "numeric(20, 6)"
