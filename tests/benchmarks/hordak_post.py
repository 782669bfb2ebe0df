"""Bare entries, posted one after the other through django-hordak."""

from decimal import Decimal

from django.core.management import call_command
from hordak.models import Account, AccountType
from moneyed import Money

PAY = Money(Decimal("12.50"), "USD")
_asked: list[int] = []
_accounts: list[Account] = []


def prepare(count: int) -> dict[str, int]:
    """The tables and two accounts are there."""
    if not _accounts:
        call_command("migrate", verbosity=0)
        for code, name in (("1", "escrow"), ("2", "worker")):
            _accounts.append(
                Account.objects.create(name=name, code=code, type=AccountType.liability, currencies=["USD"])
            )
    _asked[:] = [count]
    return {"count": count}


def post() -> dict[str, int]:
    """As many transactions as were asked for, each with two legs."""
    escrow, worker = _accounts
    for _ in range(_asked[0]):
        escrow.transfer_to(worker, PAY)
    return {"count": _asked[0]}


COMMANDS = {"prepare": prepare, "post": post}
