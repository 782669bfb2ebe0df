"""Events of loans, for the platform that the worker has named."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import Signal, receiver

from loans.events.vocabulary import (
    LOAN_ACTIVATED,
    LOAN_APPROVED,
    LOAN_CANCELLED,
    LOAN_DEFAULTED,
    LOAN_DISBURSED,
    LOAN_REPAID,
    LOAN_REQUESTED,
    LOAN_WRITTEN_OFF,
)
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
from platforms.events.services.events import NewEvent, publish_events

EVENTS = {
    loans_requested: LOAN_REQUESTED,
    loans_approved: LOAN_APPROVED,
    loans_disbursed: LOAN_DISBURSED,
    loans_activated: LOAN_ACTIVATED,
    loans_repaid: LOAN_REPAID,
    loans_defaulted: LOAN_DEFAULTED,
    loans_written_off: LOAN_WRITTEN_OFF,
    loans_cancelled: LOAN_CANCELLED,
}


# Without the grounds of the decision: those are between the worker and the house.
PUBLISHED_COLUMNS = (
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


@receiver([*EVENTS])
def publish_loan_events(signal: Signal, loans: Sequence[Loan], now: datetime, **kwargs: Any) -> None:
    """Publish how the loan goes on, to the platform that the worker has named and to no other."""
    publish_events(
        NewEvent.of(
            loan.told_platform_id,
            EVENTS[signal],
            {name: getattr(loan, name) for name in PUBLISHED_COLUMNS},
            now,
        )
        for loan in loans
        if loan.told_platform_id
    )
