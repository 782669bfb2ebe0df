"""Kinds of entries: a subject that registers a kind needs no change elsewhere."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.books.invariant_registry import all_invariants
from payments.ledger import entry_kinds
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.models import Account, LedgerEntry
from payments.statements.selectors.statements import read_statement
from tests.support.factories import NOW, WorkerFactory


@pytest.fixture
def gift(monkeypatch):
    """A kind of the test's own, which pays a worker out of the house's rewards."""
    monkeypatch.setattr(entry_kinds, "_kinds", dict(entry_kinds._kinds))
    return entry_kinds.register("gift", "Gift", ("house rewards", "worker available"), position=1)


def gift_to(worker, kind, key="gift:1"):
    rewards = accounts.of_house(AccountName.REWARDS)
    available = accounts.of_worker(worker.pk, AccountName.AVAILABLE)
    return Posting(kind, rewards, available, Decimal("2.5"), key=key)


def misfits():
    (invariant,) = [found for found in all_invariants() if found.name == "ledger_entry_fits_its_kind"]
    return invariant.find()


def test_an_entry_of_a_registered_kind_is_booked_and_stands_in_the_statement(db, gift):
    worker = WorkerFactory()

    booked = ledger.post([gift_to(worker, gift)], now=NOW)
    found = read_statement(worker.pk, NOW - timedelta(days=1), NOW + timedelta(days=1))

    assert [(line.number, line.kind, line.words) for line in found.lines] == [
        (booked["gift:1"], "gift", "Gift")
    ]
    assert [(total.kind, total.words, total.change.available) for total in found.totals] == [
        ("gift", "Gift", Decimal("2.5"))
    ]
    assert misfits() == []


def test_an_entry_between_other_accounts_than_those_of_its_kind_is_found(db, gift):
    worker = WorkerFactory()
    gift_in = ledger.post([gift_to(worker, gift)], now=NOW)["gift:1"]
    back = gift_to(worker, gift, "gift:2")
    gift_back = ledger.post([Posting(gift, back.credit, back.debit, Decimal(1), key="gift:2")], now=NOW)

    assert misfits() == [str(gift_back["gift:2"])]
    assert gift_in != gift_back["gift:2"]


def test_an_entry_of_an_unregistered_kind_is_refused_and_nothing_moves(db):
    worker = WorkerFactory()
    posting = gift_to(worker, "gift")

    with pytest.raises(entry_kinds.UnregisteredEntryKind, match="no subject has registered the entry kind"):
        ledger.post([posting], now=NOW)
    assert not LedgerEntry.objects.exists()
    assert Account.objects.get(pk=posting.credit).balance == 0


@pytest.mark.parametrize("name", ["", "Gift", "a gift", "gift_", "_gift", "gift1", "g" * 25])
def test_a_malformed_kind_is_not_registered(name):
    before = entry_kinds.kind_names()

    with pytest.raises(ValueError, match="is not like loan_fee"):
        entry_kinds.register(name, "Gift", position=2)
    assert entry_kinds.kind_names() == before


@pytest.mark.parametrize(("name", "position"), [("fee", 2), ("gift", 10)])
def test_a_kind_and_a_position_are_registered_once(name, position):
    before = entry_kinds.kind_names()

    with pytest.raises(ValueError, match="is registered already"):
        entry_kinds.register(name, "Gift", position=position)
    assert entry_kinds.kind_names() == before


def test_the_words_of_a_kind_may_depend_on_the_type_of_the_transfer():
    assert entry_kinds.kind_words("payout_hold") == "Payout begun"
    assert entry_kinds.kind_words("payout_hold", "payout") == "Payout begun"
    assert entry_kinds.kind_words("payout_hold", "advance") == "Advance sent"
    with pytest.raises(ValueError, match="registered already"):
        entry_kinds.reword_for_transfer("payout_hold", "advance", "Advance on its way")
