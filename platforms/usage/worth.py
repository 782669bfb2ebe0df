"""Register of those who know the worth of creators' days of use, so that a correction can say the pay that it
moves."""

from collections.abc import Callable, Collection, Mapping
from decimal import Decimal

from platforms.usage.finality import CreatorDate

Worth = Mapping[CreatorDate, Decimal]
Measure = Callable[[Collection[CreatorDate]], Worth]

_measures: list[Measure] = []


def register(measure: Measure) -> None:
    """Add a function that returns the worth of the given days, in USDC."""
    _measures.append(measure)


def measure_days(days: Collection[CreatorDate]) -> Worth:
    """Return the worth of the use of these days by all measures, in USDC."""
    sums = dict.fromkeys(sorted(days), Decimal(0))
    for measure in _measures:
        for day, amount in measure(days).items():
            sums[day] += amount
    return sums
