"""Booking: each key once, nothing below zero, nobody alone."""

from decimal import Decimal
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError

from audit.approvals.errors import SamePerson
from audit.models import AuditLog
from gigstream.core.errors import ReplayMismatch
from loans.repayment.vocabulary import REPAYMENT
from payments import services as payments
from payments.earnings import deductions
from payments.earnings.deductions import Earning, Withheld
from payments.earnings.vocabulary import HOLD
from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.services.accounts import Place
from payments.models import Account, LedgerEntry, Transaction
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, house_balance


@pytest.fixture
def platform(db):
    return PlatformFactory(funds="10")


def hold(platform, amount, key="hold:1"):
    return Posting(
        HOLD,
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


def test_a_batch_books_what_is_new_in_it(platform):
    first = ledger.post([hold(platform, "8", "hold:1")], now=NOW)
    both = ledger.post([hold(platform, "8", "hold:1"), hold(platform, "1", "hold:2")], now=NOW)

    assert both.keys() == {"hold:1", "hold:2"}
    assert both["hold:1"] == first["hold:1"]
    assert (balance(platform, "available"), balance(platform, "escrow")) == (1, 9)


def test_a_repetition_is_no_overdraft(platform):
    first = ledger.post([hold(platform, "8")], now=NOW)

    assert ledger.post([hold(platform, "8")], now=NOW) == first
    assert (balance(platform, "available"), balance(platform, "escrow")) == (2, 8)


def test_a_repetition_with_one_posting_too_many_books_nothing(platform):
    ledger.post([hold(platform, "8", "hold:1")], now=NOW)

    with pytest.raises(InsufficientFunds, match=r"available 2\.00 USDC, requested 3\.00 USDC"):
        ledger.post([hold(platform, "8", "hold:1"), hold(platform, "3", "hold:2")], now=NOW)

    assert (balance(platform, "available"), balance(platform, "escrow")) == (2, 8)
    assert LedgerEntry.objects.filter(kind="hold").count() == 1


def test_an_amount_that_a_column_would_round_is_refused(platform):
    with pytest.raises(ValidationError, match="more than 6 decimals"):
        ledger.post([hold(platform, "0.0000001")], now=NOW)

    assert (balance(platform, "available"), balance(platform, "escrow")) == (10, 0)


def test_nothing_is_booked_to_an_account_that_does_not_exist(platform):
    nowhere = Posting(
        HOLD, accounts.of_platform(platform.pk, AccountName.AVAILABLE), 7, Decimal(1), key="hold:1"
    )
    with pytest.raises(Account.DoesNotExist, match=r"no account \[7\]"):
        ledger.post([nowhere], now=NOW)

    assert not LedgerEntry.objects.filter(kind="hold").exists()


def test_accounts_are_found_at_their_places_and_opened_once(platform):
    worker = WorkerFactory()
    places = [
        Place(AccountName.AVAILABLE, worker_id=worker.pk),
        Place(AccountName.AVAILABLE, platform_id=platform.pk),
        Place(AccountName.FEES),
    ]

    found = accounts.find(places)

    assert accounts.find(places) == found
    assert {place: found[place] for place in places} == {
        places[0]: accounts.of_worker(worker.pk, AccountName.AVAILABLE),
        places[1]: accounts.of_platform(platform.pk, AccountName.AVAILABLE),
        places[2]: accounts.of_house(AccountName.FEES),
    }


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

    class Greedy:
        accounts = ()

        def lock(self, worker_ids, now):
            assert worker_ids == {earning.worker_id}
            return self

        def withhold(self, earnings):
            posting = Posting(REPAYMENT, 1, 2, Decimal("0.500001"), key="x")
            return [Withheld("earning:1", posting, Transaction())]

    monkeypatch.setattr(deductions, "_rules", [])
    deductions.register(Greedy())

    with pytest.raises(ValueError, match=r"rules take 0\.500001 of the earning 1"):
        deductions.lock({earning.worker_id}, NOW).withhold([earning])
