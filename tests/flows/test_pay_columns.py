"""Pay from columns is booked as by a payroll: entries, balances, repayments of advances, movements."""

import random
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from gigstream.core import sql
from loans.models import Loan
from payments.earnings.payables import Charge, Payable
from payments.earnings.services.columns import PayColumns, book_columns
from payments.earnings.services.earnings import Payroll, hold_in_escrow
from payments.earnings.vocabulary import FEE
from payments.ledger.errors import AmountTooLarge, InsufficientFunds
from payments.ledger.subjects import DISTRIBUTION, Subject
from payments.models import Account, Distribution, LedgerEntry, Transaction
from payments.royalties.vocabulary import ROYALTY
from payments.settlement.payouts.limits import PAYOUT_MINIMUM
from tests.support.creators.royalties import paying_platform
from tests.support.database import valid_rows
from tests.support.database.snapshots import everything
from tests.support.factories import NOW, WorkerFactory, balance, owes
from tests.support.long_forms import count

pytestmark = pytest.mark.django_db
LATER = NOW.replace(hour=20)


@pytest.fixture
def paid_for():
    """A distribution of a platform that holds 500 for it."""
    platform = paying_platform("1000")
    found = valid_rows.insert(valid_rows.valid(Distribution, platform=platform))
    hold_in_escrow(platform.pk, Decimal(500), subject=Subject(DISTRIBUTION, found.pk), key="hold:it", now=NOW)
    return found


def fee_of(found, amount):
    return Charge(
        kind=FEE,
        platform_id=found.platform_id,
        amount=amount,
        key="share:0",
        subject=Subject(DISTRIBUTION, found.pk),
    )


def by_payroll(found, pays, fee):
    payroll = Payroll(LATER)
    payroll.add(
        *(
            Payable(
                worker_id=worker.pk,
                platform_id=found.platform_id,
                amount=amount,
                key=f"share:{number}",
                subject=Subject(DISTRIBUTION, found.pk),
                kind=ROYALTY,
            )
            for number, (worker, amount) in enumerate(pays)
        ),
        fee_of(found, fee),
    )
    payroll.book()


def by_columns(found, pays, fee=Decimal(0), first=0):
    pay = PayColumns(
        platform_id=found.platform_id,
        kind=ROYALTY,
        subject_kind=DISTRIBUTION,
        count=len(pays),
        total=sum((amount for _, amount in pays), Decimal(0)),
        workers=sql.array_literal([str(worker.pk) for worker, _ in pays]),
        amounts=sql.array_literal([f"{amount:f}" for _, amount in pays]),
        facts=sql.array_literal([f"share:{first + number}" for number in range(len(pays))]),
        subjects=sql.array_literal([str(found.pk)] * len(pays)),
    )
    return book_columns(pay, [fee_of(found, fee)], now=LATER)


def named(account):
    return account.name, account.worker_id, account.platform_id


def booked():
    """Return all that the books say, without the numbers of rows."""
    entries = LedgerEntry.objects.select_related("debit_account", "credit_account", "withheld_from")
    return {
        "entries": {
            one.fact: (
                one.kind,
                one.amount,
                named(one.debit_account),
                named(one.credit_account),
                one.subject,
                one.created_at,
                one.withheld_from and one.withheld_from.fact,
                one.transaction and one.transaction.idempotency_key,
            )
            for one in entries
        },
        "accounts": {
            named(one): (one.balance, one.oldest_part_at, one.pay_at_once, one.negative_since)
            for one in Account.objects.all()
        },
        "movements": sorted(
            Transaction.objects.values_list("type", "amount", "idempotency_key", "worker", "subject_id")
            .order_by("idempotency_key")
            .iterator(),
            key=str,
        ),
        "loans": dict(Loan.objects.values_list("pk", "amount_repaid")),
    }


def undone(book, *given):
    """Return the books after this, which is rolled back."""
    with transaction.atomic():
        book(*given)
        found = booked()
        transaction.set_rollback(True)
    return found


@pytest.mark.shortened
@pytest.mark.parametrize("seed", range(count(short=2, long=20)))
def test_columns_and_a_payroll_book_the_same(paid_for, seed):
    dice = random.Random(seed)
    workers = [WorkerFactory.create() for _ in range(6)]
    for worker in workers[:2]:
        owes(worker, f"{dice.randrange(5, 40)}")
    amounts = ["0.000001", "0.5", "7.123457", "10", "12.5", "3"]
    pays = [(dice.choice(workers), Decimal(dice.choice(amounts))) for _ in range(12)]

    assert undone(by_columns, paid_for, pays, Decimal("1.1")) == undone(
        by_payroll, paid_for, pays, Decimal("1.1")
    )


def test_what_is_withheld_of_pay_does_not_count_for_being_paid_at_once(paid_for):
    owing, other = WorkerFactory.create(), WorkerFactory.create()
    owes(owing, "100")
    least = PAYOUT_MINIMUM.value

    by_columns(paid_for, [(owing, least), (other, least)])

    found = [worker.accounts.get(name="available") for worker in (owing, other)]
    assert [(one.balance, one.pay_at_once) for one in found] == [(least / 2, False), (least, True)]


def test_the_entries_are_in_the_order_of_the_columns_and_many_take_as_many_statements(paid_for):
    workers = [WorkerFactory.create() for _ in range(30)]
    by_payroll(paid_for, [], Decimal(1))
    counts = []
    for some in (workers[:1], workers[1:]):
        with CaptureQueriesContext(connection) as queries:
            pays = [(worker, Decimal(1)) for worker in some]
            entries = by_columns(paid_for, pays, first=len(counts))
        counts.append(len(queries))
        ids = [int(one) for one in entries[1:-1].split(",")]
        paid = LedgerEntry.objects.in_bulk(ids)
        assert [paid[one].credit_account.worker_id for one in ids] == [worker.pk for worker in some]

    assert counts[0] == counts[1]


def test_a_fact_is_paid_once(paid_for):
    worker = WorkerFactory.create()
    by_columns(paid_for, [(worker, Decimal(1))])

    with pytest.raises(IntegrityError, match="ledger_key_once"), transaction.atomic():
        by_columns(paid_for, [(worker, Decimal(1))])

    assert balance(worker, "available") == 1


def test_more_than_escrow_holds_and_more_than_an_account_can_hold_are_refused(paid_for):
    worker = WorkerFactory.create()
    before = everything()

    with pytest.raises(InsufficientFunds), transaction.atomic():
        by_columns(paid_for, [(worker, Decimal("500.000001"))])
    with pytest.raises(AmountTooLarge), transaction.atomic():
        by_columns(paid_for, [(worker, Decimal("99999999999999")), (worker, Decimal(1))])

    assert everything() == before
