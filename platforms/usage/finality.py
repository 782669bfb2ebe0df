"""Registers of those who say which days are final: whose use is paid for good, and whose listeners nothing
needs any more."""

from collections.abc import Callable, Collection
from datetime import date, datetime
from uuid import UUID

# A creator's number, and a day.
CreatorDate = tuple[int, date]
Finder = Callable[[Collection[CreatorDate]], Collection[CreatorDate]]
# Of a platform, a first and a last day, and the present time.
Lock = Callable[[UUID, date, date, datetime], bool]

_finders: list[Finder] = []
_locks: list[Lock] = []


def register(finder: Finder) -> None:
    """Add a function that returns those of the given days that are final, as they were paid."""
    _finders.append(finder)


def unregister(finder: Finder) -> None:
    """Take a function away again."""
    _finders.remove(finder)


def find_final(days: Collection[CreatorDate]) -> list[CreatorDate]:
    """Return those of the days that anybody calls final, in order."""
    return sorted({day for finder in _finders for day in finder(days)})


def register_lock(lock: Lock) -> None:
    """Add a function that says whether all that follows from the use of a platform's days is final, and has
    it stay so until the transaction ends."""
    _locks.append(lock)


def lock_final(platform_id: UUID, *, first: date, last: date, now: datetime) -> bool:
    """Whether all that follows from the use of these days is final; it stays so until the transaction
    ends."""
    return all(lock(platform_id, first, last, now) for lock in _locks)
