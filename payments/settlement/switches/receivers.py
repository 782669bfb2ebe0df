from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from audit.books.services import Result
from audit.books.signals import books_checked
from payments.settlement.switches.services import stop_for_broken_books


@receiver(books_checked)
def stop_payouts_on_broken_books(results: Sequence[Result], now: datetime, **kwargs: Any) -> None:
    """Stop payouts when an invariant about money is violated: a payout does not come back."""
    broken = [result.name for result in results if result.money and not result.passed]
    if broken:
        stop_for_broken_books(names=broken, now=now)
