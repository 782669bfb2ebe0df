"""Register of the invariants of the books: each app adds its own, `check_books` runs all of them."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

Finder = Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement about the books, in words, and a finder of the ids that break it. With `money`, a violation
    means that money may leave, or has left, wrongly."""

    name: str
    words: str
    find: Finder
    money: bool = False


_registry: dict[str, Invariant] = {}


def register(invariant: Invariant) -> None:
    """Add an invariant; its name must be new."""
    if invariant.name in _registry:
        raise ValueError(f"there is already an invariant {invariant.name}")
    _registry[invariant.name] = invariant


def all_invariants() -> list[Invariant]:
    """Return the registered invariants, in order of registration."""
    return list(_registry.values())


def by_sql(statement: str) -> Finder:
    """Return a finder that runs a SELECT and takes its first column as the ids."""

    def find() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [str(row[0]) for row in cursor.fetchall()]

    return find
