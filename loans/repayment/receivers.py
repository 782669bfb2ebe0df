from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from loans.applications import services
from loans.models import Loan
from loans.repayment.deductions import RepaymentRule
from loans.signals import (
    loans_repaid,
)
from payments.earnings import deductions
from reputation.scores.calculations import LOAN_REPAID
from reputation.scores.enums import ReputationEventType

deductions.register(RepaymentRule())


@receiver(loans_repaid)
def reward_repayment(loans: Sequence[Loan], now: datetime, **kwargs: Any) -> None:
    services.record_reputation(loans, ReputationEventType.LOAN_REPAID, LOAN_REPAID, now=now)
