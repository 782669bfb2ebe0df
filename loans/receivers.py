"""How loans follow what payments announce, and what they tell reputation."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from loans import services
from loans.deductions import Repayments
from loans.models import Loan
from loans.signals import loans_defaulted, loans_repaid
from payments import deductions
from payments.enums import TransactionType
from payments.models import Transaction
from payments.signals import transactions_cancelled, transactions_confirmed, transactions_failed
from reputation import services as reputation
from reputation.calculations import LOAN_DEFAULTED, LOAN_REPAID
from reputation.enums import ReputationEventType
from reputation.models import ReputationEvent

deductions.register(Repayments)


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
