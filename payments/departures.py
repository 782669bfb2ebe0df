"""Nobody leaves with money here, or owing some."""

from gigstream.lib.money import usdc
from payments.errors import MoneyLeft
from platforms.models import Platform
from workers.departures import platform_departures, worker_departures
from workers.models import Worker


@worker_departures.register
@platform_departures.register
def _require_no_money(party: Worker | Platform) -> None:
    account = party.accounts.exclude(balance=0).first()
    if account is not None:
        raise MoneyLeft(
            f"{party} still has {usdc(account.balance)} {account.name}",
            account=account.name,
            balance=account.balance,
        )
