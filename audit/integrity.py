"""Whether the books hold, invariant by invariant, as of the last time that each was checked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from audit.invariants import all_invariants
from audit.models import BookCheck

# Of how many full runs the results are looked through: a run may have been of a few invariants only.
RUNS = 20


@dataclass(frozen=True, slots=True)
class State:
    """One invariant in words, and its last result; None where it has not been checked lately."""

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
        """The word's colour, as badges are called."""
        return {"holds": "ok", "broken": "broken"}.get(self.word, "late")


@dataclass(frozen=True, slots=True)
class Integrity:
    """All invariants, those that do not hold first."""

    states: Sequence[State]

    @property
    def holding(self) -> int:
        """How many hold."""
        return sum(state.word == "holds" for state in self.states)

    @property
    def broken(self) -> int:
        """How many do not."""
        return sum(state.word == "broken" for state in self.states)

    @property
    def checked_at(self) -> datetime | None:
        """When the latest of the results was found."""
        return max((state.check.checked_at for state in self.states if state.check), default=None)

    @property
    def milliseconds(self) -> int:
        """How long the last check of each took, added up."""
        return sum(state.check.milliseconds for state in self.states if state.check)


def integrity() -> Integrity:
    """What the last checks found, in one query that reads the latest results only."""
    known = all_invariants()
    latest: dict[str, BookCheck] = {}
    for check in BookCheck.objects.order_by("-checked_at", "name")[: RUNS * len(known)]:
        latest.setdefault(check.name, check)
    states = [State(one.name, one.words, latest.get(one.name)) for one in known]
    return Integrity(sorted(states, key=lambda state: state.word == "holds"))
