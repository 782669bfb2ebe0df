"""Bare entries, posted in turn through GigStream's ledger."""

import itertools
import secrets
from decimal import Decimal

from django.db import transaction

from gigstream.core.clock import database_now
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.vocabulary import ADJUSTMENT
from platforms.models import Platform
from tests.benchmarks.books import check_books
from workers.models import Worker

PAY = Decimal("12.50")
_asked: list[int] = []
_accounts: list[int] = []
_numbers = itertools.count()


def prepare(count: int) -> dict[str, int]:
    """Give a platform the money, and a worker an account to take it."""
    platform_id = Platform.objects.order_by("pk").values_list("pk", flat=True)[0]
    worker_id = Worker.objects.order_by("pk").values_list("pk", flat=True)[0]
    payments.book_deposit(platform_id=platform_id, amount=PAY * count, tx_hash=f"0x{secrets.token_hex(32)}")
    available = accounts.of_platform(platform_id, AccountName.AVAILABLE)
    _accounts[:] = [available, accounts.of_workers([worker_id], AccountName.AVAILABLE)[worker_id]]
    _asked[:] = [count]
    return {"count": count}


def post() -> dict[str, int]:
    """Post this number of entries, each in a transaction of its own."""
    debit, credit = _accounts
    for _ in range(_asked[0]):
        with transaction.atomic():
            ledger.post(
                [Posting(ADJUSTMENT, debit, credit, PAY, key=f"bench:{next(_numbers)}")],
                now=database_now(),
            )
    return {"count": _asked[0]}


COMMANDS = {"check_books": check_books, "prepare": prepare, "post": post}
