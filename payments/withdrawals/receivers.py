from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from payments.models import Transaction
from payments.settlement.transactions.enums import TransactionType
from payments.settlement.transactions.receivers import publish_transactions
from payments.signals import (
    transactions_cancelled,
    transactions_confirmed,
    transactions_created,
    transactions_failed,
    transactions_submitted,
)
from payments.withdrawals.vocabulary import (
    WITHDRAWAL_CONFIRMED,
    WITHDRAWAL_FAILED,
    WITHDRAWAL_REQUESTED,
    WITHDRAWAL_SENT,
    WITHDRAWAL_STOPPED,
)


def _publish_withdrawals(transactions: Sequence[Transaction], type_: str, now: datetime) -> None:
    withdrawals = [row for row in transactions if row.type == TransactionType.WITHDRAWAL]
    publish_transactions(withdrawals, type_, now)


@receiver(transactions_created)
def publish_withdrawals_requested(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _publish_withdrawals(transactions, WITHDRAWAL_REQUESTED, now)


@receiver(transactions_submitted)
def publish_withdrawals_sent(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _publish_withdrawals(transactions, WITHDRAWAL_SENT, now)


@receiver(transactions_confirmed)
def publish_withdrawals_confirmed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _publish_withdrawals(transactions, WITHDRAWAL_CONFIRMED, now)


@receiver(transactions_failed)
def publish_withdrawals_failed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _publish_withdrawals(transactions, WITHDRAWAL_FAILED, now)


@receiver(transactions_cancelled)
def publish_withdrawals_stopped(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _publish_withdrawals(transactions, WITHDRAWAL_STOPPED, now)
