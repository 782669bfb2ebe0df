"""What must hold in the books: each app registers its own, `check_books` runs them all."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db import connection

from audit import sealing

Finder = Callable[[], list[str]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """A statement about the books, in words, and a finder of the ids that break it. Where it is about
    `money`, a violation means that some may leave, or have left, wrongly."""

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
    """Every registered invariant, in order of registration."""
    return list(_registry.values())


def by_sql(statement: str) -> Finder:
    """A finder that runs one SELECT whose first column names each offender."""

    def find() -> list[str]:
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return [str(row[0]) for row in cursor.fetchall()]

    return find


register(
    Invariant(
        "audit_chain_verifies",
        "Every link of the audit chain follows from its rows and from the link before.",
        lambda: [str(seal_id) for seal_id in sealing.broken_seals()],
    )
)
