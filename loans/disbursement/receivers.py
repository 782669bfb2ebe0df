from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from loans.disbursement import services
from payments.models import Transaction
from payments.signals import transactions_cancelled, transactions_confirmed, transactions_failed


@receiver(transactions_confirmed)
@receiver(transactions_failed)
@receiver(transactions_cancelled)
def activate_advances(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    services.activate_advances(transactions, now=now)
