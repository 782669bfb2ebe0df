"""Register of the source of creators' numbers, and of other spenders of gas."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from payments.oracle.calculations import CreatorNumbers


class NumbersSource(Protocol):
    """A source of creators' numbers, made of roll-ups: it reads them for many creators at once."""

    def numbers_of(self, creators: Sequence[UUID]) -> Mapping[UUID, CreatorNumbers]:
        """Return the present numbers of these creators; one that is left out has none."""

    def count_events(self, platform: UUID | None, *, after: datetime, until: datetime) -> int:
        """Return how many events of use a platform, or all of them, reported in this time."""


# Returns the USDC that were spent from an instant on, and before another.
Spent = Callable[[datetime, datetime], Decimal]


class Registry:
    """The source, of which there is one at most, and the others who spend gas, by their names."""

    def __init__(self) -> None:
        self.source: NumbersSource | None = None
        self._spenders: dict[str, Spent] = {}

    def register_source(self, source: NumbersSource) -> None:
        """Set the source of numbers. Raises ValueError for a second one."""
        if self.source is not None:
            raise ValueError("a source of numbers is registered already")
        self.source = source

    def register_spender(self, name: str, spent: Spent) -> None:
        """Have the budget for gas include the spending of others. Raises ValueError for a known name."""
        if name in self._spenders:
            raise ValueError(f"{name} is registered already")
        self._spenders[name] = spent

    def spent_by_others(self, first: datetime, until: datetime) -> Decimal:
        return sum((spent(first, until) for spent in self._spenders.values()), Decimal(0))


registry = Registry()
