"""USDC amounts: exact decimals with 6 places, never floats (domain.md, section 1)."""

import re
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models

from gigstream.core.errors import Refusal

MICRO = Decimal("0.000001")
# The largest value of a column. As a bound in a constraint it also excludes NaN, which PostgreSQL sorts above
# all.
LARGEST = Decimal("99999999999999.999999")
ZERO = Decimal("0")
BPS = 10_000
LIMIT = 10**14

_AMOUNT = re.compile(r"(0|[1-9]\d{0,13})(\.\d{1,6})?", re.ASCII)
_WITH_SEPARATORS = re.compile(r"[1-9]\d{0,2}(,\d{3})+(\.\d*)?", re.ASCII)
_TOO_LARGE = re.compile(r"[1-9]\d{14,}(\.\d*)?", re.ASCII)


class InvalidAmount(Refusal):
    """The text or number is not a positive USDC amount with at most 6 decimals."""

    code = "invalid_amount"
    status = 400


def exact_amount(value: object, *, allow_zero: bool = False) -> Decimal:
    """Return the exact USDC amount that `value`, a plain decimal string, an int or a Decimal, names.

    Raise InvalidAmount for zero (unless allowed), a sign, an exponent, NaN, a float, more than
    14 digits before or 6 after the point. Nothing is rounded.
    """
    text = _plain_text(value)
    if text is None or not _AMOUNT.fullmatch(text):
        shown = _describe_refused(value)
        raise InvalidAmount(f"{shown} {_what_is_wrong(text)}", amount=shown)
    result = Decimal(text)
    if result == 0 and not allow_zero:
        raise InvalidAmount("the amount must be above 0", amount=text)
    return result


def _plain_text(value: object) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, Decimal) and _has_plain_size(value):
        return _trim_zeros(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < LIMIT:
        return str(value)
    return None


def _what_is_wrong(text: str | None) -> str:
    """Return why the text is no amount: two mistakes are called by their names."""
    if text is not None and _WITH_SEPARATORS.fullmatch(text):
        return f"has separators of thousands: write {text.replace(',', '')[:40]}"
    if text is not None and _TOO_LARGE.fullmatch(text):
        return f"is too large: an amount is at most {LARGEST}"
    return "is not an amount: give digits with at most 6 decimals"


def _has_plain_size(value: Decimal) -> bool:
    """Whether plain notation is short: an exponent can need more digits than memory holds."""
    return value.is_finite() and -LIMIT < value < LIMIT and value.adjusted() > -100


def _describe_refused(value: object) -> str:
    """Return the refused value for people, cut short; an integer can be too long for Python to write down."""
    if isinstance(value, int) and abs(value) >= LIMIT:
        return "an integer of more than 14 digits"
    return repr(value)[:60]


def _trim_zeros(value: Decimal) -> str:
    """Return plain notation without the zeros behind the sixth decimal, which carry no value."""
    text = f"{value:f}"
    whole, dot, decimals = text.partition(".")
    if len(decimals) > 6 and not decimals[6:].strip("0"):
        return whole + dot + decimals[:6]
    return text


def to_micro(value: Decimal) -> int:
    """Return the amount as a whole number of micro-USDC."""
    return int(value.scaleb(6))


def from_micro(units: int) -> Decimal:
    """Return the amount in USDC of so many micro-USDC."""
    return Decimal(units).scaleb(-6).quantize(MICRO)


def share_bps(value: Decimal, bps: int) -> Decimal:
    """Return floor(value * bps / 10000) at 6 decimals, the rounding rule of all fees."""
    return from_micro(to_micro(value) * bps // BPS)


def rate_text(bps: int) -> str:
    """Return a rate in basis points for people, as in "2.5 %"."""
    return f"{Decimal(bps * 100) / BPS:g} %"


def require_micro(value: Decimal) -> Decimal:
    """Return the amount; raise ValidationError if it has more than 6 decimals, which a column would round."""
    if value != value.quantize(MICRO):
        raise ValidationError(f"{value} has more than 6 decimals")
    return value


def usdc(value: Decimal) -> str:
    """Return an amount for people, with 2 to 6 decimals, as in "12.50 USDC"."""
    text = f"{value:.6f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"{whole}.{decimals:0<2} USDC"


class MoneyField(models.DecimalField):
    """A numeric(20,6) column of USDC. It refuses floats and values that would need rounding."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs["max_digits"] = 20
        kwargs["decimal_places"] = 6
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("max_digits")
        kwargs.pop("decimal_places")
        return name, path, args, kwargs

    def get_default(self) -> Any:
        """Return the default as an amount: a new row is shown before it is read again."""
        default = super().get_default()
        return Decimal(default) if isinstance(default, int) else default

    def get_db_prep_save(self, value: Any, connection: Any) -> Any:
        if isinstance(value, float):
            raise ValidationError(f"{self.name}: a float is not an amount")
        if isinstance(value, str):
            value = self.to_python(value)
        if isinstance(value, Decimal) and value.is_finite():
            require_micro(value)
        return super().get_db_prep_save(value, connection)
