"""Bare entries, posted in turn through django-hordak."""

from decimal import Decimal

from django.core.management import call_command
from hordak.models import Account, AccountType
from moneyed import Money

PAY = Money(Decimal("12.50"), "USD")
_asked: list[int] = []
_accounts: list[Account] = []


def prepare(count: int) -> dict[str, int]:
    """Make the tables and two accounts."""
    if not _accounts:
        call_command("migrate", verbosity=0)
        for code, name in (("1", "escrow"), ("2", "worker")):
            _accounts.append(
                Account.objects.create(name=name, code=code, type=AccountType.liability, currencies=["USD"])
            )
    _asked[:] = [count]
    return {"count": count}


def post() -> dict[str, int]:
    """Post this number of transactions, each with two legs."""
    escrow, worker = _accounts
    for _ in range(_asked[0]):
        escrow.transfer_to(worker, PAY)
    return {"count": _asked[0]}


COMMANDS = {"prepare": prepare, "post": post}
