"""Pay by use: the worth of plays, and how a change of it moves the pay that is due."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from gigstream.core.money import ZERO, from_micro, to_micro
from payments.earnings.calculations import fee_on

# Of a later payment, at most a tenth makes up for too large payments.
RECOVERED_AT_MOST = 10


@dataclass(frozen=True, slots=True)
class WorkUse:
    """The plays of a work on a day: those that count, and of them those that rules hold or people refused."""

    plays: int
    held: int
    refused: int
    rate: Decimal


def earned_by(uses: Iterable[WorkUse]) -> tuple[Decimal, Decimal]:
    """Return the worth of these uses, refused plays left out, and the part of it that is held. A rate has
    at most 6 decimals, so both are exact."""
    amount = held = ZERO
    for use in uses:
        amount += (use.plays - use.refused) * use.rate
        held += use.held * use.rate
    return amount, held


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """The royalties of a creator in a period, and where each part of them is.

    `accrued + taken_back = paid + recovered + carried + unfunded + held`. `carried` stands in escrow with its
    fee; `taken_back` was paid before a correction took it away, and `recovered` of later pay made up for
    that.
    """

    accrued: Decimal = ZERO
    held: Decimal = ZERO
    unfunded: Decimal = ZERO
    carried: Decimal = ZERO
    paid: Decimal = ZERO
    recovered: Decimal = ZERO
    taken_back: Decimal = ZERO

    @property
    def is_whole(self) -> bool:
        """Whether the parts are the whole."""
        parts = self.paid + self.recovered + self.carried + self.unfunded + self.held
        return self.accrued + self.taken_back == parts


@dataclass(frozen=True, slots=True)
class Change:
    """A `Due` after a change; the sum that leaves escrow again, and by how much the creator's
    negative remainder grows (below 0: shrinks)."""

    due: Due
    released: Decimal
    remainder: Decimal


def change_due(due: Due, *, accrued: Decimal, held: Decimal, remainder: Decimal) -> Change:
    """Return the change that follows when a period's accrued sum and its held part become these.

    More first makes up for the part taken back, as far as the remainder still has it, and is then unfunded.
    Less is taken of the unfunded part, then of the carried, and then of the paid.
    """
    more = (accrued - held) - (due.accrued - due.held)
    after = replace(due, accrued=accrued, held=held)
    if more >= 0:
        restored = min(more, due.taken_back, remainder)
        taken, unfunded = due.taken_back - restored, due.unfunded + more - restored
        return Change(replace(after, taken_back=taken, unfunded=unfunded), ZERO, -restored)
    less = -more
    of_unfunded = min(less, due.unfunded)
    of_carried = min(less - of_unfunded, due.carried)
    of_paid = less - of_unfunded - of_carried
    return Change(
        replace(
            after,
            unfunded=due.unfunded - of_unfunded,
            carried=due.carried - of_carried,
            taken_back=due.taken_back + of_paid,
        ),
        of_carried,
        of_paid,
    )


def fund_up_to(unfunded: Decimal, *, base: Decimal, fee_bps: int, available: Decimal) -> Decimal:
    """Return how much of an unfunded sum `available` covers with the fee on top, after `base` that has
    carried its fee. Where it does not cover all, up to 4 micro-USDC are left."""
    if unfunded + fee_on(base + unfunded, fee_bps) - fee_on(base, fee_bps) <= available:
        return unfunded
    micros = to_micro(available) * 10_000 // (10_000 + fee_bps) - 1
    return max(ZERO, min(unfunded, from_micro(micros)))


def recover(carried: Decimal, remainder: Decimal) -> Decimal:
    """Return the part of a payment that makes up for a negative remainder: at most a tenth, rounded down."""
    return min(remainder, from_micro(to_micro(carried) // RECOVERED_AT_MOST))
