"""Pools: money that arrives is shared among any number of members by one write, in integers alone.

Amounts are micro-USDC. `index` is the sum that a unit has got since the beginning, times 10^18.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from payments.royalties.calculations.shares import SCALE


@dataclass(frozen=True, slots=True)
class PoolIndex:
    """The index of a pool, and the rest of the arrivals that no unit has got yet, times 10^18."""

    index: int
    carry: int
    units: int


@dataclass(frozen=True, slots=True)
class Holding:
    """A member's units, the index up to which the member was settled, and the fraction of a micro-USDC that
    was left then, times 10^18."""

    units: int
    index_at: int
    fraction: int


def add_to_index(pool: PoolIndex, amount: int) -> PoolIndex:
    """Return the pool after `amount` has arrived. Raises ZeroDivisionError without units."""
    more, carry = divmod(amount * SCALE + pool.carry, pool.units)
    return PoolIndex(pool.index + more, carry, pool.units)


def owed_to(holding: Holding, index: int) -> int:
    """Return the sum that the member is owed at this index, times 10^18."""
    return holding.units * (index - holding.index_at) + holding.fraction


def settle(holding: Holding, index: int) -> tuple[int, Holding]:
    """Return the whole micro-USDC that are due, and the member after it is paid."""
    due, fraction = divmod(owed_to(holding, index), SCALE)
    return due, Holding(holding.units, index, fraction)


def share_rest(carry: int, fractions: Sequence[int]) -> list[int]:
    """Return who of a closed pool's settled members, in the order of their ids, gets a micro-USDC more: the
    rest goes to the largest fractions, of equal ones to the first. All members have the index of the pool.
    """
    rest, odd = divmod(carry + sum(fractions), SCALE)
    if odd or rest > len(fractions):
        raise ValueError(f"{rest} micro-USDC and {odd} are left of a pool with {len(fractions)} members")
    chosen = sorted(range(len(fractions)), key=lambda at: -fractions[at])[:rest]
    parts = [0] * len(fractions)
    for at in chosen:
        parts[at] = 1
    return parts
