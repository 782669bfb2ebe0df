"""What is to be booked, before it is."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from payments.enums import EntryKind


@dataclass(frozen=True, slots=True)
class Posting:
    """One transfer to be booked: `amount` USDC from `debit` to `credit` (account ids).

    `key` derives from the fact; a stream's release has its stream and sequence instead.
    """

    kind: EntryKind
    debit: int
    credit: int
    amount: Decimal
    key: str | None = None
    stream_id: UUID | None = None
    sequence: int | None = None
    task_id: UUID | None = None
    transaction_id: UUID | None = None
    loan_id: UUID | None = None
    work_event_id: UUID | None = None
    # Whether what it brings is paid out at once under the standard schedule.
    paid_at_once: bool = False
