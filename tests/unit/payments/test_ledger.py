"""Booking: each key once, nothing below zero, nobody alone."""

from decimal import Decimal
from uuid import uuid4

import pytest

from audit.models import AuditLog
from gigstream.lib.errors import ReplayMismatch
from payments import deductions
from payments import services as payments
from payments.deductions import Earning, Withheld
from payments.enums import AccountName, EntryKind
from payments.errors import InsufficientFunds, SamePerson
from payments.models import LedgerEntry, Transaction
from payments.postings import Posting
from payments.services import accounts, ledger
from tests.factories import NOW, PlatformFactory, WorkerFactory, balance, house_balance


@pytest.fixture
def platform(db):
    return PlatformFactory(funds="10")


def hold(platform, amount, key="hold:1"):
    return Posting(
        EntryKind.HOLD,
        accounts.of_platform(platform.pk, AccountName.AVAILABLE),
        accounts.of_platform(platform.pk, AccountName.ESCROW),
        Decimal(amount),
        key=key,
    )


def test_the_same_posting_again_is_left_alone(platform):
    first = ledger.post([hold(platform, "4")], now=NOW)
    again = ledger.post([hold(platform, "4")], now=NOW)

    assert first == again
    assert balance(platform, "escrow") == 4


def test_the_same_key_with_another_amount_is_refused_with_both(platform):
    ledger.post([hold(platform, "4")], now=NOW)

    with pytest.raises(ReplayMismatch, match=r"booked as hold of 4\.00 USDC, not hold of 5\.00 USDC"):
        ledger.post([hold(platform, "5")], now=NOW)

    assert balance(platform, "escrow") == 4


def test_a_batch_with_one_posting_too_many_books_nothing(platform):
    with pytest.raises(InsufficientFunds, match=r"available 10\.00 USDC, requested 12\.00 USDC"):
        ledger.post([hold(platform, "6", "hold:1"), hold(platform, "6", "hold:2")], now=NOW)

    assert (balance(platform, "available"), balance(platform, "escrow")) == (10, 0)
    assert not LedgerEntry.objects.filter(kind="hold").exists()


def test_accounts_are_locked_in_an_order_that_reaches_busy_ones_last(platform):
    worker = WorkerFactory()
    ids = [
        accounts.of_worker(worker.pk, AccountName.AVAILABLE),
        accounts.of_worker(worker.pk, AccountName.IN_TRANSIT),
        accounts.of_worker(worker.pk, AccountName.LOAN),
        accounts.of_platform(platform.pk, AccountName.AVAILABLE),
        accounts.of_platform(platform.pk, AccountName.ESCROW),
        accounts.of_house(AccountName.FEES),
    ]
    assert ids == sorted(ids)


def test_an_adjustment_needs_two_people_and_is_booked_once(platform):
    losses = accounts.of_house(AccountName.LOSSES)
    available = accounts.of_platform(platform.pk, AccountName.AVAILABLE)
    act = {
        "debit_account": losses,
        "credit_account": available,
        "amount": "1.5",
        "reason": "double charge of 1 March",
        "requested_by": "7",
        "key": "case-1",
        "now": NOW,
    }

    with pytest.raises(SamePerson):
        payments.adjust(**act, approved_by="7")
    first = payments.adjust(**act, approved_by="8")
    again = payments.adjust(**act, approved_by="8")

    assert first == again
    assert (balance(platform, "available"), house_balance("losses")) == (Decimal("11.5"), Decimal("-1.5"))
    assert (first.adjustment.requested_by, first.adjustment.approved_by) == ("7", "8")
    assert AuditLog.objects.filter(action="ledger.adjust").count() == 1


def test_a_reward_by_the_house_is_granted_once_per_key(db):
    worker = WorkerFactory()
    act = {"worker_id": worker.pk, "reason": "100th task", "key": "hundred", "now": NOW}

    payments.grant_reward(**act, amount="5")
    payments.grant_reward(**act, amount="5")
    with pytest.raises(ReplayMismatch):
        payments.grant_reward(**act, amount="6")

    assert (balance(worker, "available"), house_balance("rewards")) == (5, -5)
    assert Transaction.objects.filter(type="reward").count() == 1


def test_no_rule_may_take_more_than_half_of_an_earning(monkeypatch):
    earning = Earning("earning:1", uuid4(), 1, Decimal("1"))

    def greedy(earnings, now):
        posting = Posting(EntryKind.REPAYMENT, 1, 2, Decimal("0.500001"), key="x")
        return [Withheld("earning:1", posting, Transaction())]

    monkeypatch.setattr(deductions, "_rules", [])
    deductions.register(greedy)

    with pytest.raises(ValueError, match=r"rules take 0\.500001 of the earning 1"):
        deductions.withhold([earning], NOW)
