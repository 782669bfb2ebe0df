"""Payables: the code that pays tasks pays other kinds of rows as well, one or many in a batch."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from gigstream.core.errors import ReplayMismatch
from payments.earnings.calculations import fee_on
from payments.earnings.payables import Payable
from payments.earnings.services.earnings import Payroll
from payments.ledger import subjects
from payments.ledger.errors import InsufficientFunds
from payments.ledger.subjects import Subject, SubjectKind
from payments.models import LedgerEntry, ReportedEarning, Transaction
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, house_balance, owes

pytestmark = pytest.mark.django_db


@pytest.fixture
def parcel(monkeypatch):
    """A kind of subject that an app has registered; its rows stand in a table that there is."""
    monkeypatch.setattr(subjects, "_kinds", dict(subjects._kinds))
    return subjects.register(SubjectKind(30_001, "parcel", "workers.Worker"))


def pay_of(worker, platform, kind, amount="10"):
    """Return the pay for a parcel, for which nothing was reserved before."""
    return Payable(
        worker_id=worker.pk,
        platform_id=platform.pk,
        amount=Decimal(amount),
        key=f"parcel:{worker.pk}",
        subject=Subject(kind, worker.pk),
        fee=fee_on(Decimal(amount), 200),
        is_held_first=True,
    )


def book(payables):
    payroll = Payroll(NOW)
    payroll.add(*payables)
    return payroll.book()


def test_many_are_paid_in_a_batch_of_as_many_statements_as_one(parcel):
    platform, workers = PlatformFactory(funds="2000"), WorkerFactory.create_batch(101)

    with CaptureQueriesContext(
        connection,
    ) as one:
        book([pay_of(workers[0], platform, parcel)])
    with CaptureQueriesContext(connection) as many:
        book([pay_of(worker, platform, parcel) for worker in workers[1:]])

    assert len(many) == len(one)
    assert {balance(worker, "available") for worker in workers} == {Decimal(10)}
    assert (balance(platform, "available"), balance(platform, "escrow")) == (Decimal("969.8"), 0)
    assert house_balance("fees") == Decimal("20.2")
    assert violated() == {}


def test_each_names_its_subject_in_entries_and_transactions(parcel):
    platform, worker = PlatformFactory(funds="20"), WorkerFactory()

    book([pay_of(worker, platform, parcel)])

    entries = LedgerEntry.objects.of(parcel, worker.pk).order_by("id")
    assert [(entry.kind, entry.amount, entry.idempotency_key) for entry in entries] == [
        ("hold", Decimal("10.2"), f"hold:parcel:{worker.pk}"),
        ("earning", 10, f"earning:parcel:{worker.pk}"),
        ("fee", Decimal("0.2"), f"fee:parcel:{worker.pk}"),
    ]
    fee = Transaction.objects.get(type="fee")
    assert (fee.subject_kind, fee.subject_id, fee.task) == (30_001, worker.pk, None)
    assert not ReportedEarning.objects.exists()


def test_what_a_worker_owes_is_withheld_from_it_and_names_it(parcel):
    platform, worker = PlatformFactory(funds="20"), WorkerFactory()
    owes(worker, "6")
    before = balance(worker, "available")

    ids = book([pay_of(worker, platform, parcel)])

    taken = LedgerEntry.objects.get(kind="repayment")
    assert taken.withheld_from_id == ids[f"earning:parcel:{worker.pk}"]
    assert balance(worker, "available") - before == 10 - taken.amount
    assert violated() == {}


def test_a_batch_beyond_what_the_platform_has_books_nothing(parcel):
    platform, workers = PlatformFactory(funds="20"), WorkerFactory.create_batch(2)

    with pytest.raises(InsufficientFunds, match=r"available 20\.00 USDC, requested 20\.40 USDC"):
        book([pay_of(worker, platform, parcel) for worker in workers])

    assert [balance(worker, "available") for worker in workers] == [0, 0]
    assert balance(platform, "available") == 20


def test_a_batch_that_is_repeated_is_compared_and_books_nothing(parcel):
    platform, worker = PlatformFactory(funds="30"), WorkerFactory()
    first = book([pay_of(worker, platform, parcel)])

    again, other = Payroll(NOW), Payroll(NOW)
    again.add(pay_of(worker, platform, parcel))
    other.add(pay_of(worker, platform, parcel, amount="11"))

    assert again.book(is_repeated=True) == first
    with pytest.raises(ReplayMismatch):
        other.book(is_repeated=True)
    assert balance(worker, "available") == 10
