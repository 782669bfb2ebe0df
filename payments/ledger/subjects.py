"""Subjects of ledger entries: the kinds of rows that an entry can belong to.

An app whose rows are paid registers their kind here. The number is stored with each entry and given once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps


@dataclass(frozen=True, slots=True)
class SubjectKind:
    """A kind of row that entries belong to; `model` is the label of its model, whose key is a UUID."""

    number: int
    name: str
    model: str

    @property
    def table(self) -> str:
        """Name of the table that has the rows."""
        return apps.get_model(self.model)._meta.db_table


@dataclass(frozen=True, slots=True)
class Subject:
    """Row that an entry belongs to."""

    kind: SubjectKind
    id: UUID


_kinds: dict[int, SubjectKind] = {}


def register(kind: SubjectKind) -> SubjectKind:
    """Add a kind. Raises ValueError for a number or a name that another kind has."""
    if any(kind.number == known.number or kind.name == known.name for known in _kinds.values()):
        raise ValueError(f"the number or the name of {kind} is taken")
    _kinds[kind.number] = kind
    return kind


def all_kinds() -> Sequence[SubjectKind]:
    """Return the registered kinds in the order of their numbers."""
    return [_kinds[number] for number in sorted(_kinds)]


def subject_of_loan(loan_id: UUID | None) -> Subject | None:
    """Return the subject of an advance; None for any other payout."""
    return None if loan_id is None else Subject(LOAN, loan_id)


def subject_of(number: int | None, id_: UUID | None) -> Subject | None:
    """Return the subject that two columns name; None where they are empty."""
    return None if number is None or id_ is None else Subject(_kinds[number], id_)


# The numbers of tasks and streams stand in `payments/migrations/sql/part_functions.sql` as well.
TASK = register(SubjectKind(1, "task", "platforms.Task"))
STREAM = register(SubjectKind(2, "stream", "payments.Stream"))
LOAN = register(SubjectKind(3, "loan", "loans.Loan"))
WORK_EVENT = register(SubjectKind(4, "work_event", "platforms.WorkEvent"))
QUEST = register(SubjectKind(5, "quest", "reputation.Quest"))
ROYALTY_PERIOD = register(SubjectKind(6, "royalty_period", "payments.RoyaltyPeriod"))
DISTRIBUTION = register(SubjectKind(7, "distribution", "payments.Distribution"))
POOL = register(SubjectKind(8, "pool", "payments.Pool"))
