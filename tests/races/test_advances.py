"""Advances requested, signed, paid out, taken back and repaid by several at once."""

from decimal import Decimal
from functools import partial

import pytest

from audit.approvals import services as approvals
from audit.models import AuditLog
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.applications.approvals import approve_or_request
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.ledger.subjects import LOAN
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from tests.support.database.interleaving import LOCKED, acts, hold
from tests.support.factories import (
    NOW,
    WorkerFactory,
    accepted,
    approve_by_staff,
    balance,
    running_stream,
    seconds,
    settle,
    started,
    trusted_worker,
)
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db(transaction=True)

LOAN_LOCKED = f'FROM "loans".*{LOCKED}'
ACCOUNTS_LOCKED = f'FROM "accounts".*{LOCKED}'
PAYING = "workers_locked"


def owing(amount, earned="50"):
    """Return a loan without a fee whose advance has arrived, and whose worker has `earned` before."""
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, amount=earned).pk, now=NOW)
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=0, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    return loan


def test_twenty_requests_with_the_same_terms_make_one_loan(at_once, books_balance):
    worker = trusted_worker(now=database_now())
    request = partial(loans.request_advance, worker_id=worker.pk, **accepted(worker, "20"))

    made, refusals = at_once(*[request] * 20)

    assert len(made) == 1
    assert {refusal.code for refusal in refusals} <= {"open_loan_exists", "not_eligible"}
    loan = Loan.objects.get()
    assert loan.status == "approved"
    books_balance()


def test_of_eight_clicks_of_two_members_of_staff_one_approves_it(at_once, books_balance):
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="450", fee_bps=200, now=NOW)
    ann, bob, eve = member("ann"), member("bob"), member("eve")
    asked = ann.does(approve_or_request, loan_id=loan.pk, reason="a good year", now=NOW)
    clicks = [
        partial(one.does, approvals.approve, approval_id=asked.pk, now=NOW + seconds(1))
        for one in [bob, eve, ann, ann] * 2
    ]

    done, refusals = at_once(*clicks, behind=asked)

    assert len(done) == 1
    assert {refusal.code for refusal in refusals} <= {"same_person", "decided_already"}
    loan.refresh_from_db()
    assert loan.status == "approved"
    assert AuditLog.objects.filter(action="loan.approve", success=True).count() == 1
    books_balance()


def test_of_a_payment_and_a_cancellation_one_happens(at_once, books_balance):
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)

    done, refusals = at_once(
        *[partial(disbursement_services.disburse_loan, loan_id=loan.pk, now=NOW)] * 3,
        *[partial(loans.cancel_loan, loan_id=loan.pk, now=NOW)] * 3,
        behind=loan,
    )

    assert (len(done), [refusal.code for refusal in refusals]) == (1, ["illegal_status"] * 5)
    loan.refresh_from_db()
    paid = loan.status == "disbursed"
    assert Transaction.objects.filter(type="advance").count() == paid
    assert balance(worker, "loan") == (Decimal("-10.2") if paid else 0)
    books_balance()


class TestTheLastCent:
    """1 of 2 USDC is owed still: an earning of 10 takes all of it, and the worker repays it early at the same
    time."""

    @pytest.fixture
    def loan(self):
        loan = owing("2")
        repayment_services.repay_early(loan_id=loan.pk, amount="1", now=NOW)
        return loan

    def repay(self, loan):
        return partial(repayment_services.repay_early, loan_id=loan.pk, now=NOW)

    def earn(self, loan):
        task = started(loan.worker, amount="10")
        return partial(platforms.complete_task, task_id=task.pk, now=NOW)

    def took_it_once(self, loan):
        loan.refresh_from_db()
        assert (loan.status, loan.amount_repaid) == ("repaid", 2)
        assert (balance(loan.worker, "loan"), balance(loan.worker, "available")) == (0, 50 - 2 + 10)
        assert LedgerEntry.objects.of(LOAN, loan.pk).filter(kind="repayment").count() == 2

    def test_the_earning_first(self, loan, books_balance):
        with acts() as start:
            earning = start(self.earn(loan), stop_after=LOAN_LOCKED)
            earning.wait_until_stopped()
            repaying = start(self.repay(loan))
            repaying.wait_until_blocked(by=earning)
            earning.outcome()
            refusal = repaying.outcome()

        assert refusal.code == "nothing_owed"
        self.took_it_once(loan)
        books_balance()

    def test_the_worker_first(self, loan, books_balance):
        with acts() as start:
            repaying = start(self.repay(loan), stop_after=LOAN_LOCKED)
            repaying.wait_until_stopped()
            earning = start(self.earn(loan))
            earning.wait_until_blocked(by=repaying)
            assert repaying.outcome().status == "repaid"
            earning.outcome()

        self.took_it_once(loan)
        books_balance()

    def test_ten_earnings_and_ten_repayments_at_once(self, loan, at_once, books_balance):
        earnings = [self.earn(loan) for _ in range(10)]

        _, refusals = at_once(*earnings, *[self.repay(loan)] * 10)

        assert {refusal.code for refusal in refusals} <= {"nothing_owed"}
        loan.refresh_from_db()
        assert (loan.status, loan.amount_repaid, balance(loan.worker, "loan")) == ("repaid", 2, 0)
        assert balance(loan.worker, "available") == 50 - 2 + 100
        books_balance()


class TestTheLastReleaseOfADebt:
    """The release of 6 repays the 1 USDC that is owed, and so moves the worker's reputation."""

    AT = NOW + seconds(600)

    @pytest.fixture
    def loan(self):
        loan = owing("1")
        running_stream(loan.worker, total="36", duration=3600, interval=60)
        return loan

    def release(self):
        return partial(payments.release_due_streams, now=self.AT)

    def test_it_has_not_locked_the_worker_when_it_comes_to_the_accounts(self, loan, books_balance):
        with acts() as start:
            releasing = start(self.release(), stop_before=PAYING)
            releasing.wait_until_stopped()
            start(hold(loan.worker)).outcome()
            assert releasing.outcome() == 1

        loan.refresh_from_db()
        assert loan.status == "repaid"
        books_balance()

    def test_it_waits_for_a_cash_out_without_a_deadlock(self, loan, books_balance):
        with acts() as start:
            cashing = start(
                partial(payments.cash_out, worker_id=loan.worker_id, amount="5", now=self.AT + seconds(1)),
                stop_after=ACCOUNTS_LOCKED,
            )
            cashing.wait_until_stopped()
            releasing = start(self.release())
            releasing.wait_until_blocked(by=cashing)
            assert cashing.outcome().amount == 5
            assert releasing.outcome() == 1
            assert [*cashing.sqlstates, *releasing.sqlstates] == []

        loan.refresh_from_db()
        assert (loan.status, balance(loan.worker, "available")) == ("repaid", 50 - 5 + 6 - 1)
        books_balance()
