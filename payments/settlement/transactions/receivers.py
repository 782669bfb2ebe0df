from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import post_save
from django.dispatch import receiver

from payments.models import Transaction
from payments.settlement.transactions import payloads
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from payments.settlement.transactions.vocabulary import TRANSACTION_CONFIRMED
from payments.signals import (
    transactions_created,
)
from platforms.events.services.events import NewEvent, publish_events
from workers import services as workers


@receiver(post_save, sender=Transaction)
@receiver(transactions_created)
def update_worker_last_active(
    instance: Transaction | None = None,
    created: bool = False,
    transactions: Sequence[Transaction] = (),
    now: datetime | None = None,
    **kwargs: Any,
) -> None:
    """Move the last activity of the workers of inserted transactions."""
    rows = [instance] if instance is not None and created else transactions
    worker_ids = [row.worker_id for row in rows if row.worker_id]
    if worker_ids:
        workers.touch_last_active(worker_ids=worker_ids, at=now or rows[0].created_at)


def publish_other_than_withdrawals(transactions: Sequence[Transaction], type_: str, now: datetime) -> None:
    """Publish events for the transactions of platforms, without withdrawals, which have events of their
    own."""
    others = [row for row in transactions if row.type != TransactionType.WITHDRAWAL]
    publish_transactions(others, type_, now)


def publish_transactions(transactions: Sequence[Transaction], type_: str, now: datetime) -> None:
    """Publish an event for each transaction that is a platform's own.

    Payouts, advances and repayments are between a worker and the house.
    """
    publish_events(
        NewEvent.of(row.platform_id, type_, payloads.of_transaction(row), now)
        for row in transactions
        if row.platform_id is not None
    )


@receiver(transactions_created)
def publish_transactions_booked(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    """Publish the transactions that are confirmed from the start: within the ledger, or come from the
    chain."""
    booked = [row for row in transactions if row.status == TransactionStatus.CONFIRMED]
    publish_other_than_withdrawals(booked, TRANSACTION_CONFIRMED, now)
