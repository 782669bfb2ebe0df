"""Money and debts as a reason why a worker or platform cannot leave."""

from gigstream.core.money import usdc
from payments.ledger.errors import MoneyLeft
from platforms.models import Platform
from workers.departures import platform_departures, worker_departures
from workers.models import Worker


@worker_departures.register
@platform_departures.register
def _require_no_money(owner: Worker | Platform) -> None:
    account = owner.accounts.exclude(balance=0).first()
    if account is not None:
        raise MoneyLeft(
            f"{owner} still has {usdc(account.balance)} {account.name}",
            account=account.name,
            balance=account.balance,
        )
