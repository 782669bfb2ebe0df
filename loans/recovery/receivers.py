from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from loans.applications import services
from loans.models import Loan
from loans.signals import (
    loans_defaulted,
)
from reputation.scores.calculations import LOAN_DEFAULTED
from reputation.scores.enums import ReputationEventType


@receiver(loans_defaulted)
def penalise_default(loans: Sequence[Loan], now: datetime, **kwargs: Any) -> None:
    services.record_reputation(loans, ReputationEventType.LOAN_DEFAULTED, LOAN_DEFAULTED, now=now)
