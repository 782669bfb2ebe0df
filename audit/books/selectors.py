"""State of the books, invariant by invariant, at the last check of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.books.invariant_registry import all_invariants
from audit.models import BookCheck

# A run may have checked a few invariants only: the results of so many full runs are looked through.
RUNS = 20


@dataclass(frozen=True, slots=True)
class State:
    """An invariant in words, and its last result; None where it has not been checked lately."""

    name: str
    words: str
    check: BookCheck | None

    @property
    def word(self) -> str:
        """The result in a word."""
        if self.check is None:
            return "not checked"
        return "holds" if self.check.passed else "broken"

    @property
    def badge(self) -> str:
        """The badge for the word."""
        return {"holds": "ok", "broken": "broken"}.get(self.word, "late")


@dataclass(frozen=True, slots=True)
class Integrity:
    """All invariants, those that do not hold first."""

    states: Sequence[State]

    @property
    def holding(self) -> int:
        """The number of invariants that hold."""
        return sum(state.word == "holds" for state in self.states)

    @property
    def broken(self) -> int:
        """The number of invariants that are broken."""
        return sum(state.word == "broken" for state in self.states)

    @property
    def checked_at(self) -> datetime | None:
        """The time of the latest result."""
        return max((state.check.checked_at for state in self.states if state.check), default=None)

    @property
    def milliseconds(self) -> int:
        """The duration of the last check of each, added up."""
        return sum(state.check.milliseconds for state in self.states if state.check)


def read_integrity() -> Integrity:
    """Return the results of the last checks, by a query that reads the latest results only."""
    known = all_invariants()
    latest: dict[str, BookCheck] = {}
    for check in BookCheck.objects.order_by("-checked_at", "name")[: RUNS * len(known)]:
        latest.setdefault(check.name, check)
    states = [State(invariant.name, invariant.words, latest.get(invariant.name)) for invariant in known]
    return Integrity(sorted(states, key=lambda state: state.word == "holds"))
