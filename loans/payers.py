"""One payer's part: how much one platform can make of a figure that is a sum over payers (domain.md, 7)."""

from collections.abc import Mapping, Sequence
from decimal import Decimal

from gigstream.lib.money import from_micro, micro

# Of the whole figure, in percent; what lies beyond counts nothing.
PART_PERCENT = 40


def part_of(part: int, whole: int) -> int:
    """Return how much of one payer's `part` counts of the `whole`, rounded down."""
    return min(part, whole * PART_PERCENT // 100)


def counted_history(by_payer: Sequence[Mapping[int, Decimal]], *, days: int) -> list[Decimal]:
    """Return the pay of the last days, the oldest first and none before the first, as far as it counts.

    Each payer's pay is given by how many days ago it was paid; what is older stands at `days` and only says
    that there was pay. A payer whose pay is cut counts the same share of it on each day, rounded down.
    """
    sums = [sum(micro(amount) for ago, amount in pay.items() if ago < days) for pay in by_payer]
    whole = sum(sums)
    oldest = max((max(pay) for pay in by_payer if pay), default=-1)
    history = [0] * min(oldest + 1, days)
    for pay, own in zip(by_payer, sums, strict=True):
        counted = part_of(own, whole)
        for ago, amount in pay.items():
            if ago < days and own:
                history[ago] += micro(amount) * counted // own
    return [from_micro(amount) for amount in reversed(history)]
