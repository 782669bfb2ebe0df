"""Register of those who say which days of a creator are final, as they were paid: nothing corrects these."""

from collections.abc import Callable, Collection
from datetime import date

# A creator's number, and a day.
CreatorDate = tuple[int, date]
Finder = Callable[[Collection[CreatorDate]], Collection[CreatorDate]]

_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Add a function that returns those of the given days that are final."""
    _finders.append(finder)


def unregister(finder: Finder) -> None:
    """Take a function away again."""
    _finders.remove(finder)


def find_final(days: Collection[CreatorDate]) -> list[CreatorDate]:
    """Return those of the days that anybody calls final, in order."""
    return sorted({day for finder in _finders for day in finder(days)})
