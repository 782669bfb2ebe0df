"""Formulas of the oracle: packed metrics, leaves of shares, bids for gas, months, and classes of errors."""

import hmac
from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from gigstream.core.money import from_micro, to_micro
from gigstream.remote_calls.enums import ErrorClass
from payments.oracle.enums import ChainErrorClass
from payments.oracle.errors import NumbersTooLarge, PriceTooHigh
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass
from payments.settlement.provider.protocol import FeeEstimate, GasBid
from payments.settlement.provider.units import gas_cost, raise_bid
from platforms.usage.calculations.merkle import hash_leaf
from platforms.usage.calculations.receipts import canonical_json

# Bits of a count, and of the revenue in millionths of a USDC, in the contract's word of 256.
COUNT_BITS, REVENUE_BITS = 48, 64
COUNTS = ("plays", "followers", "likes", "listeners")
RAISE_BPS = 2_000
# Gas that each transaction costs besides its creators: the chain's own, and the record that it was done.
GAS_OF_A_TRANSACTION = 47_000
WEI_IN_GWEI = 10**9
# An operation that was given up waits for staff so long.
DEAD_FOR = timedelta(days=7)

_CLASSES: dict[str, ChainErrorClass] = {
    ErrorClass.NETWORK: ChainErrorClass.NETWORK,
    ErrorClass.UNKNOWN_OUTCOME: ChainErrorClass.NETWORK,
    ErrorClass.CREDENTIALS: ChainErrorClass.NETWORK,
    ErrorClass.INVALID_REQUEST: ChainErrorClass.EXECUTION,
    TransferErrorClass.GAS: ChainErrorClass.GAS,
    TransferErrorClass.INSUFFICIENT_FUNDS: ChainErrorClass.GAS,
    TransferErrorClass.NONCE: ChainErrorClass.NONCE,
    TransferErrorClass.EXECUTION: ChainErrorClass.EXECUTION,
}


@dataclass(frozen=True, slots=True)
class CreatorNumbers:
    """Numbers of a creator's works: counts, and the revenue in USDC."""

    plays: int
    followers: int
    likes: int
    listeners: int
    revenue: Decimal


NO_NUMBERS = CreatorNumbers(0, 0, 0, 0, Decimal(0))


def pack_numbers(numbers: CreatorNumbers) -> int:
    """Return the numbers as the contract keeps them. Raises NumbersTooLarge."""
    packed = 0
    for place, name in enumerate(COUNTS):
        packed |= _require_room(name, getattr(numbers, name), COUNT_BITS) << (COUNT_BITS * place)
    micro = _require_room("revenue", to_micro(numbers.revenue), REVENUE_BITS)
    return packed | micro << (COUNT_BITS * len(COUNTS))


def unpack_numbers(packed: int) -> CreatorNumbers:
    """Return the numbers that the contract keeps so."""
    mask = (1 << COUNT_BITS) - 1
    plays, followers, likes, listeners = (packed >> COUNT_BITS * place & mask for place in range(4))
    revenue = from_micro(packed >> COUNT_BITS * len(COUNTS))
    return CreatorNumbers(plays, followers, likes, listeners, revenue)


def _require_room(name: str, value: int, bits: int) -> int:
    if not 0 <= value < 1 << bits:
        raise NumbersTooLarge(f"{name} {value} does not fit into {bits} bits")
    return value


@dataclass(frozen=True, slots=True)
class ShareContent:
    """Content of the leaf of a share of a distribution. The salt keeps others, who see its hash beside their
    own, from trying amounts until one fits."""

    distribution: UUID
    creator: UUID
    plays: int
    weight: Decimal
    amount: Decimal
    salt: str

    def as_json(self) -> dict[str, Any]:
        """Return the content by name."""
        return {
            "amount": f"{self.amount:.6f}",
            "creator": str(self.creator),
            "distribution": str(self.distribution),
            "plays": self.plays,
            "salt": self.salt,
            "weight": f"{self.weight:f}",
        }

    def leaf(self) -> bytes:
        """Return the hash of the leaf."""
        return hash_leaf(canonical_json(self.as_json()))


def salt_of_share(secret: str, number: int) -> str:
    """Return the salt of the share with this number, from the secret of its distribution."""
    return hmac.digest(bytes.fromhex(secret), str(number).encode(), "sha256").hex()


def key_of_distribution(platform: UUID, number: int) -> str:
    """Return the key of the operation that records a platform's distribution."""
    return f"distribution:{platform}:{number}"


def are_equal(one: CreatorNumbers, other: CreatorNumbers) -> bool:
    return astuple(one) == astuple(other)


def class_of_error(error_class: str | None) -> ChainErrorClass | None:
    """Return the class of an error as sync health counts it, None for no error."""
    if error_class is None:
        return None
    return _CLASSES.get(error_class, ChainErrorClass.UNKNOWN)


def first_bid(estimate: FeeEstimate, *, floor: Decimal, ceiling: Decimal) -> GasBid:
    """Return the bid of the middle level, its price within floor and ceiling (gwei). Raises PriceTooHigh
    when the network asks for more than the ceiling now."""
    bid = estimate.bids[FeeLevel.MEDIUM]
    price = estimate.costs[FeeLevel.MEDIUM] * WEI_IN_GWEI / bid.gas_limit
    if price > ceiling:
        raise PriceTooHigh(f"a unit of gas costs {price:.3f} gwei now, at most {ceiling:f} are paid")
    return _within(bid, floor, ceiling)


def raised_bid(first: GasBid, *, bumps: int, floor: Decimal, ceiling: Decimal) -> GasBid:
    """Return the first bid raised by a fifth so many times, its price within floor and ceiling."""
    bid = first
    for _ in range(bumps):
        bid = raise_bid(bid, by_bps=RAISE_BPS)
    return _within(bid, floor, ceiling)


def _within(bid: GasBid, floor: Decimal, ceiling: Decimal) -> GasBid:
    max_fee = min(max(bid.max_fee, floor), ceiling)
    return replace(bid, max_fee=max_fee, priority_fee=min(bid.priority_fee, max_fee))


def largest_cost(bid: GasBid) -> Decimal:
    """Return the most that a transaction with this bid can cost, in USDC."""
    return gas_cost(bid.gas_limit, bid.max_fee)


def saved_gas(creators: int) -> int:
    """Return the gas that a transaction for so many creators saves beside one for each."""
    return max(creators - 1, 0) * GAS_OF_A_TRANSACTION


def month_of(at: datetime) -> date:
    """Return the first day of the UTC month."""
    return at.astimezone(UTC).date().replace(day=1)


def month_bounds(month: date) -> tuple[datetime, datetime]:
    """Return the instants at which the UTC month begins and ends."""
    following = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
    first, end = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (month, following))
    return first, end


def is_at_least(part: int, whole: int, percent: int) -> bool:
    """Whether the part is so many percent of the whole, without rounding; nothing of nothing is all of it."""
    return 100 * part >= percent * whole


def percent_text(part: int, whole: int) -> str:
    """Return the part in percent, rounded down to one decimal, as "89.9"; "100.0" of nothing."""
    tenths = 1000 * part // whole if whole else 1000
    return f"{tenths // 10}.{tenths % 10}"


def split_batches(items: Sequence[object], size: int) -> list[Sequence[object]]:
    return [items[start : start + size] for start in range(0, len(items), size)]
