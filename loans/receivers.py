"""How loans follow what payments announce, and what they tell reputation and platforms."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import Signal, receiver

from loans import services
from loans.deductions import Repayments
from loans.models import Loan
from loans.signals import (
    loans_activated,
    loans_approved,
    loans_cancelled,
    loans_defaulted,
    loans_disbursed,
    loans_repaid,
    loans_requested,
    loans_written_off,
)
from payments import deductions
from payments.enums import TransactionType
from payments.models import Transaction
from payments.signals import transactions_cancelled, transactions_confirmed, transactions_failed
from platforms.enums import EventType
from platforms.services.events import Fact, record_events
from reputation import services as reputation
from reputation.calculations import LOAN_DEFAULTED, LOAN_REPAID
from reputation.enums import ReputationEventType
from reputation.models import ReputationEvent

deductions.register(Repayments)

EVENTS = {
    loans_requested: EventType.LOAN_REQUESTED,
    loans_approved: EventType.LOAN_APPROVED,
    loans_disbursed: EventType.LOAN_DISBURSED,
    loans_activated: EventType.LOAN_ACTIVATED,
    loans_repaid: EventType.LOAN_REPAID,
    loans_defaulted: EventType.LOAN_DEFAULTED,
    loans_written_off: EventType.LOAN_WRITTEN_OFF,
    loans_cancelled: EventType.LOAN_CANCELLED,
}
# Not what speaks for or against the worker: a platform hears of the loan, not of its grounds.
TOLD_COLUMNS = (
    "id",
    "worker_id",
    "status",
    "amount",
    "fee",
    "total_due",
    "amount_repaid",
    "amount_written_off",
    "requested_at",
    "approved_at",
    "disbursed_at",
    "repayment_due",
    "repaid_at",
    "defaulted_at",
    "cancelled_at",
)


@receiver(transactions_confirmed)
@receiver(transactions_failed)
@receiver(transactions_cancelled)
def activate_advances(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    """A confirmed advance has reached the wallet. One that failed or was cancelled is back in the worker's
    available money and leaves with the next payout: either way the worker has it, and repayment begins."""
    loan_ids = [one.loan_id for one in transactions if one.type == TransactionType.ADVANCE and one.loan_id]
    if loan_ids:
        services.activate_loans(loan_ids, now=now)


@receiver(loans_repaid)
def reward_repayment(loans: Sequence[Loan], now: datetime, **kwargs: Any) -> None:
    """A repaid loan speaks for the worker."""
    _record(loans, ReputationEventType.LOAN_REPAID, LOAN_REPAID, now)


@receiver(loans_defaulted)
def penalise_default(loans: Sequence[Loan], now: datetime, **kwargs: Any) -> None:
    """A default speaks against the worker."""
    _record(loans, ReputationEventType.LOAN_DEFAULTED, LOAN_DEFAULTED, now)


def _record(loans: Sequence[Loan], event_type: ReputationEventType, delta: int, now: datetime) -> None:
    events = [
        ReputationEvent(
            worker_id=loan.worker_id,
            event_type=event_type,
            delta=delta,
            source_key=f"{event_type}:{loan.pk}",
            metadata={"loan": str(loan.pk)},
        )
        for loan in loans
    ]
    reputation.record_events(events, now=now)


@receiver([*EVENTS])
def tell_the_platform(signal: Signal, loans: Sequence[Loan], now: datetime, **kwargs: Any) -> None:
    """The one platform that the worker has named hears how the loan goes on; no other ever does."""
    record_events(
        Fact.of(
            loan.told_platform_id,
            EVENTS[signal],
            {name: getattr(loan, name) for name in TOLD_COLUMNS},
            now,
        )
        for loan in loans
        if loan.told_platform_id
    )
