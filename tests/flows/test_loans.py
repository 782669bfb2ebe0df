"""Advances: paid out, repaid by every kind of earning, early, late and never."""

from decimal import Decimal

import pytest

from audit.approvals.errors import SamePerson
from gigstream.core.errors import IllegalMove
from loans.applications import services as loans
from loans.applications.errors import InvalidTerms, OpenLoanExists
from loans.disbursement import services as disbursement_services
from loans.recovery import services as recovery_services
from loans.repayment import services as repayment_services
from loans.repayment.errors import NothingOwed
from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import Transaction
from payments.settlement.payouts.errors import NoWallet
from platforms import services as platforms
from reputation.models import ReputationEvent
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    house_balance,
    running_stream,
    seconds,
    settle,
    started,
)

pytestmark = pytest.mark.django_db
DAY = 86_400


def disbursed(worker, amount="100", fee_bps=350):
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=fee_bps, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    return disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)


def active(worker, amount="100", fee_bps=350):
    loan = disbursed(worker, amount, fee_bps)
    settle(NOW)
    loan.refresh_from_db()
    return loan


def earn(worker, amount):
    platforms.complete_task(task_id=started(worker, amount=amount).pk, now=NOW)


def test_an_advance_reaches_the_wallet_and_is_owed_with_its_fee():
    worker = WorkerFactory()
    loan = disbursed(worker)
    assert (loan.status, loan.total_due, loan.fee) == ("disbursed", Decimal("103.5"), Decimal("3.5"))
    assert balance(worker, "loan") == Decimal("-103.5")
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (0, 100)

    settle(NOW)

    loan.refresh_from_db()
    assert loan.status == "active"
    assert Transaction.objects.get(type="advance").status == "confirmed"
    assert house_balance("fees") == Decimal("3.5")
    assert balance(worker, "in_transit") == 0


def test_five_tasks_repay_it_and_the_worker_keeps_at_least_half_of_each():
    worker = WorkerFactory()
    loan = active(worker)

    earn(worker, "30")
    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("repaying", Decimal("15"))
    assert balance(worker, "available") == 15

    for _ in range(5):
        earn(worker, "100")
    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid, loan.owed) == ("repaid", Decimal("103.5"), 0)
    assert balance(worker, "loan") == 0
    assert balance(worker, "available") == 530 - Decimal("103.5")
    assert ReputationEvent.objects.get(event_type="loan_repaid").delta == 10
    assert sum(Transaction.objects.filter(type="repayment").values_list("amount", flat=True)) == Decimal(
        "103.5"
    )


def test_several_releases_of_one_worker_in_one_batch_never_repay_more_than_is_owed():
    worker = WorkerFactory()
    loan = active(worker, "2", 0)
    for _ in range(3):
        running_stream(worker, total="100", duration=3600, interval=60, platform=PlatformFactory(funds="200"))

    payments.release_due_streams(now=NOW + seconds(1800))

    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("repaid", 2)
    assert balance(worker, "available") == 148


def test_the_worker_may_repay_early_but_not_more_than_is_owed():
    worker = WorkerFactory()
    earn(worker, "50")
    loan = active(worker, "30", 0)

    with pytest.raises(NothingOwed, match=r"owes 30\.00 USDC, not 31\.00 USDC"):
        repayment_services.repay_early(loan_id=loan.pk, amount="31", now=NOW)
    repayment_services.repay_early(loan_id=loan.pk, amount="10", now=NOW)
    done = repayment_services.repay_early(loan_id=loan.pk, amount="20", now=NOW)

    assert done.status == "repaid"
    assert balance(worker, "available") == 20
    with pytest.raises(NothingOwed):
        repayment_services.repay_early(loan_id=loan.pk, amount="1", now=NOW)


def test_early_repayment_beyond_the_balance_is_refused():
    worker = WorkerFactory()
    loan = active(worker, "30", 0)
    with pytest.raises(InsufficientFunds):
        repayment_services.repay_early(loan_id=loan.pk, amount="10", now=NOW)
    loan.refresh_from_db()
    assert (loan.amount_repaid, balance(worker, "loan")) == (0, -30)


def test_one_open_loan_at_a_time():
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)
    with pytest.raises(OpenLoanExists):
        loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)
    loans.cancel_loan(loan_id=loan.pk, reason="too early", now=NOW)
    assert loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW).status == "pending"


def test_terms_states_and_wallets_are_checked():
    worker = WorkerFactory(wallet_address=None)
    with pytest.raises(InvalidTerms):
        loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=1001, now=NOW)
    loan = loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)
    with pytest.raises(IllegalMove):
        disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    with pytest.raises(NoWallet):
        disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    loan.refresh_from_db()
    assert loan.status == "approved"
    assert balance(worker, "loan") == 0


def test_an_advance_that_fails_on_chain_stays_the_workers_money(settings):
    worker = WorkerFactory()
    settings.SANDBOX_BLOCKLIST = [worker.wallet_address]
    loan = active(worker, "30", 0)

    assert loan.status == "active"
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (30, 0)
    assert balance(worker, "loan") == -30


def test_an_unpaid_loan_defaults_is_still_recovered_and_the_rest_written_off_by_two_people():
    worker = WorkerFactory()
    loan = active(worker, "30", 0)
    assert recovery_services.default_overdue_loans(now=NOW + seconds(60 * DAY)) == 0
    assert recovery_services.default_overdue_loans(now=NOW + seconds(60 * DAY + 1)) == 1
    loan.refresh_from_db()
    worker.refresh_from_db()
    assert (loan.status, worker.reputation_score) == ("defaulted", 450)

    earn(worker, "20")
    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("defaulted", 6)
    with pytest.raises(OpenLoanExists, match="still owes"):
        loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)
    with pytest.raises(SamePerson):
        recovery_services.write_off(
            loan_id=loan.pk, requested_by="1", approved_by="1", reason="gone", now=NOW
        )
    recovery_services.write_off(loan_id=loan.pk, requested_by="1", approved_by="2", reason="gone", now=NOW)

    loan.refresh_from_db()
    assert (loan.owed, loan.amount_written_off) == (0, 24)
    assert (balance(worker, "loan"), house_balance("losses")) == (0, -24)
