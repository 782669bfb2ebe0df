from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from payments.models import Transaction
from payments.settlement.payouts import payloads, selectors
from payments.settlement.payouts.services import task_payouts
from payments.settlement.payouts.services.failures import notify_desk_of_failed
from payments.settlement.transactions.enums import TransactionType
from payments.settlement.transactions.receivers import publish_other_than_withdrawals
from payments.settlement.transactions.vocabulary import (
    TRANSACTION_CONFIRMED,
    TRANSACTION_FAILED,
    TRANSACTION_SUBMITTED,
)
from payments.signals import (
    transactions_confirmed,
    transactions_failed,
    transactions_submitted,
)
from platforms.events.services.events import NewEvent, publish_events
from platforms.models import Dispute, Task
from platforms.signals import disputes_resolved, tasks_cancelled


def _publish_platform_payouts(transactions: Sequence[Transaction], type_: str, now: datetime) -> None:
    """Publish an event for each payout and platform, with the platform's own part only."""
    payouts = [row for row in transactions if row.type == TransactionType.PAYOUT]
    publish_events(
        NewEvent.of(part.platform_id, type_, payloads.of_platform_payout(part), now)
        for part in selectors.platform_payouts(payouts)
    )


@receiver(transactions_submitted)
def publish_transactions_submitted(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    publish_other_than_withdrawals(transactions, TRANSACTION_SUBMITTED, now)
    _publish_platform_payouts(transactions, TRANSACTION_SUBMITTED, now)


@receiver(transactions_confirmed)
def publish_transactions_confirmed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    publish_other_than_withdrawals(transactions, TRANSACTION_CONFIRMED, now)
    _publish_platform_payouts(transactions, TRANSACTION_CONFIRMED, now)


@receiver(transactions_failed)
def publish_transactions_failed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    publish_other_than_withdrawals(transactions, TRANSACTION_FAILED, now)
    _publish_platform_payouts(transactions, TRANSACTION_FAILED, now)
    notify_desk_of_failed(transactions, now=now)


@receiver(tasks_cancelled)
def follow_payouts_of_cancelled_tasks(tasks: Sequence[Task], **kwargs: Any) -> None:
    """Refresh the payout status of cancelled tasks: with no more pay to come, all of it may have left."""
    task_payouts.refresh_closed(tasks)


@receiver(disputes_resolved)
def follow_payouts_of_resolved_tasks(disputes: Sequence[Dispute], **kwargs: Any) -> None:
    """Refresh the payout status of resolved tasks: with no more pay to come, all of it may have left."""
    task_payouts.refresh_closed([dispute.task for dispute in disputes])
