"""Rows of the transactions table, made in one place."""

from collections.abc import Sequence
from datetime import datetime

from payments.enums import TransactionStatus
from payments.models import Transaction
from payments.signals import transactions_created


def internal(now: datetime, **fields: object) -> Transaction:
    """A movement that never leaves the ledger and so is confirmed with its entry."""
    return Transaction(status=TransactionStatus.CONFIRMED, confirmed_at=now, created_at=now, **fields)


def insert(transactions: Sequence[Transaction], now: datetime) -> None:
    """The rows exist and those who follow new transactions have been told, once for all of them."""
    if transactions:
        Transaction.unguarded.bulk_create(transactions)
        transactions_created.send(sender=Transaction, transactions=list(transactions), now=now)
