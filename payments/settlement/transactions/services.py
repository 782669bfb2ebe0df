"""Making of rows of the transactions table."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from payments.ledger.subjects import LOAN, STREAM, TASK, Subject
from payments.models import Transaction
from payments.settlement.transactions.enums import TransactionStatus
from payments.signals import transactions_created


def new_internal(now: datetime, **fields: object) -> Transaction:
    """Return a movement that never leaves the ledger and so is confirmed with its entry."""
    return Transaction(status=TransactionStatus.CONFIRMED, confirmed_at=now, created_at=now, **fields)


_COLUMNS = {TASK: "task_id", STREAM: "stream_id", LOAN: "loan_id"}


def columns_of(*subjects: Subject | None) -> dict[str, UUID | int]:
    """Return the columns that say which rows a transaction belongs to: a task, stream or loan has its own."""
    columns: dict[str, UUID | int] = {}
    for subject in filter(None, subjects):
        if subject.kind in _COLUMNS:
            columns[_COLUMNS[subject.kind]] = subject.id
        else:
            columns |= {"subject_kind": subject.kind.number, "subject_id": subject.id}
    return columns


def insert(transactions: Sequence[Transaction], now: datetime) -> None:
    """Insert the rows and announce them, once for all of them."""
    if transactions:
        Transaction.unguarded.bulk_create(transactions)
        transactions_created.send(sender=Transaction, transactions=list(transactions), now=now)
