"""Parts of payers: the share of a platform in a figure that is a sum over payers (domain.md, 7)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gigstream.core.money import from_micro, to_micro

# Of the whole figure, in percent; the excess counts nothing.
PART_PERCENT = 40


def part_of(part: int, whole: int) -> int:
    """Return how much of a payer's `part` counts of the `whole`, rounded down."""
    return min(part, whole * PART_PERCENT // 100)


def counted_history(by_payer: Sequence[Mapping[int, Decimal]], *, days: int) -> list[Decimal]:
    """Return the pay of the last days, the oldest first and none before the first, as far as it counts.

    Each payer's pay is given by the number of days since; older pay stands at `days` and only says that there
    was some. A payer whose pay is cut counts the same share of it on each day, rounded down.
    """
    sums = [sum(to_micro(amount) for ago, amount in pay.items() if ago < days) for pay in by_payer]
    whole = sum(sums)
    oldest = max((max(pay) for pay in by_payer if pay), default=-1)
    history = [0] * min(oldest + 1, days)
    for pay, own in zip(by_payer, sums, strict=True):
        counted = part_of(own, whole)
        for ago, amount in pay.items():
            if ago < days and own:
                history[ago] += to_micro(amount) * counted // own
    return [from_micro(amount) for amount in reversed(history)]
