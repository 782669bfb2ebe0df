from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from payments.balances.vocabulary import BALANCE_LOW
from payments.ledger.low_balances import LowBalance
from payments.signals import (
    balances_fell_low,
)
from payments.streams import payloads
from platforms.events.services.events import NewEvent, publish_events


@receiver(balances_fell_low)
def publish_low_balances(balances: Sequence[LowBalance], now: datetime, **kwargs: Any) -> None:
    publish_events(
        NewEvent.of(
            balance.platform_id,
            BALANCE_LOW,
            {"available": payloads.money(balance.available), "threshold": payloads.money(balance.threshold)},
            now,
        )
        for balance in balances
    )
