"""Postings: transfers between accounts that are to be booked."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from payments.ledger.subjects import Subject


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer to be booked: `amount` USDC from `debit` to `credit` (account ids).

    `key` derives from the fact; a release has its stream as the subject, and its `sequence`, instead.
    """

    kind: str
    debit: int
    credit: int
    amount: Decimal
    key: str | None = None
    subject: Subject | None = None
    sequence: int | None = None
    transaction_id: UUID | None = None
    # Entry that this part is withheld from: its id, or its fact where both are booked together.
    withheld_from: int | str | None = None
    # Whether the amount is paid out at once under the standard schedule.
    paid_at_once: bool = False

    @property
    def fact(self) -> str:
        """Name of the fact: the key, or the stream and the number of its release."""
        return self.key or fact_of_release(self.subject.id if self.subject else None, self.sequence)


def fact_of_release(stream_id: UUID | str | None, sequence: int | None) -> str:
    """Return the name of the fact that a stream has made its release of this number."""
    return f"stream:{stream_id}:{sequence}"
