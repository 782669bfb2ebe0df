"""USDC on Arc is one balance with two views: 6 decimals as a token, 18 where it pays for gas.

No other module converts between them. Amounts are Decimals in USDC, units are ints.
"""

from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Context, Decimal

from gigstream.core.money import BPS, MICRO
from payments.settlement.provider.protocol import GasBid

TOKEN_DECIMALS = 6
GAS_DECIMALS = 18
GWEI_DECIMALS = 9
# Gas of a transaction that does nothing.
GAS_OF_NOTHING = 21_000
# Wide enough for every unit of 18 decimals that a balance can have.
_EXACT = Context(prec=60)


class NotExact(ValueError):
    """The amount has more decimals than the units have."""


def token_units(amount: Decimal) -> int:
    """Return the amount in millionths. Raises NotExact."""
    return _exact_units(amount, TOKEN_DECIMALS)


def gas_units(amount: Decimal) -> int:
    """Return the amount in units of 18 decimals. Raises NotExact."""
    return _exact_units(amount, GAS_DECIMALS)


def of_token_units(units: int) -> Decimal:
    return Decimal(units).scaleb(-TOKEN_DECIMALS, context=_EXACT)


def of_gas_units(units: int) -> Decimal:
    """Return the exact amount, with up to 18 decimals."""
    return Decimal(units).scaleb(-GAS_DECIMALS, context=_EXACT)


def token_view(amount: Decimal) -> Decimal:
    """Return the part of a balance that the token shows: less than a millionth is there, and not seen."""
    return amount.quantize(MICRO, rounding=ROUND_FLOOR, context=_EXACT)


def booked_fee(amount: Decimal) -> Decimal:
    """Return a network fee as it is booked: never less than was paid."""
    return amount.quantize(MICRO, rounding=ROUND_CEILING, context=_EXACT)


def gas_cost(gas: int, price_gwei: Decimal) -> Decimal:
    """Return the exact cost of so many units of gas at this price."""
    return _EXACT.multiply(Decimal(gas), price_gwei).scaleb(GWEI_DECIMALS - GAS_DECIMALS, context=_EXACT)


def raise_bid(bid: GasBid, *, by_bps: int) -> GasBid:
    """Return the bid with both prices higher by so many basis points, to the unit of 18 decimals."""
    unit = Decimal(1).scaleb(-GWEI_DECIMALS)

    def more(price: Decimal) -> Decimal:
        return (price * (BPS + by_bps) / BPS).quantize(unit, rounding=ROUND_CEILING, context=_EXACT)

    return replace(bid, max_fee=more(bid.max_fee), priority_fee=more(bid.priority_fee))


def _exact_units(amount: Decimal, decimals: int) -> int:
    scaled = amount.scaleb(decimals, context=_EXACT)
    if not scaled.is_finite() or scaled != scaled.to_integral_value():
        raise NotExact(f"{amount} has more than {decimals} decimals")
    return int(scaled)
