"""Advances that the system lends by itself to a worker whom it trusts."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.applications.errors import NotEligible
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.policy.selectors.offers import assess_credit
from loans.recovery import services as recovery_services
from platforms import services as platforms
from reputation.models import ReputationEvent
from reputation.scores.services import adjust_reputation
from tests.support.decisions import resolve_dispute, suspend_worker
from tests.support.factories import (
    PlatformFactory,
    accepted,
    approve_by_staff,
    balance,
    settle,
    started,
    trusted_worker,
)
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trusted_pk", "second_pk")]
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def second_pk(trusted_pk):
    """Another worker like the first."""
    return trusted_worker(now=database_now(), pay="40").pk


def automatic(worker):
    return assess_credit(worker.pk, database_now()).automatic.amount


def request(worker, amount):
    return loans.request_advance(worker_id=worker.pk, **accepted(worker, amount))


def earn(worker, amount, now, **terms):
    task = started(worker, amount=amount, now=now, **terms)
    platforms.complete_task(task_id=task.pk, now=now)


# --- From the offer to the last cent ------------------------------------------------------------------------


@pytest.mark.usefixtures("books_balance_after_each")
def test_a_first_advance_is_approved_paid_out_and_repaid_over_five_tasks(trusted):
    worker = trusted
    before = balance(worker, "available")
    score = type(worker).objects.get(pk=worker.pk).reputation_score

    loan = request(worker, "20")
    assert (loan.status, loan.total_due) == ("approved", Decimal("20.7"))
    assert disbursement_services.disburse_approved_loans() == 1
    assert disbursement_services.disburse_approved_loans() == 0
    settle(database_now())
    loan.refresh_from_db()
    assert loan.status == "active"
    assert loan.repayment_due == loan.disbursed_at + timedelta(days=30)
    assert balance(worker, "available") == before
    repaid = []
    for _ in range(5):
        earn(worker, "15", now=database_now())
        loan.refresh_from_db()
        repaid.append(loan.amount_repaid)

    assert repaid == [Decimal(part) for part in ("4.14", "8.28", "12.42", "16.56", "20.7")]
    assert (loan.status, loan.owed, balance(worker, "loan")) == ("repaid", 0, 0)
    assert balance(worker, "available") == before + 75 - Decimal("20.7")
    worker.refresh_from_db()
    assert worker.reputation_score == min(score + 5 * 10 + 10, 1000)
    assert ReputationEvent.objects.filter(worker=worker, event_type="loan_repaid").count() == 1
    assert request(worker, "20").status == "approved"


# --- Who gets none ------------------------------------------------------------------------------------------


def suspended(worker):
    suspend_worker(worker_id=worker.pk, reason="checks")
    return "the worker is suspended"


def of_a_low_score(worker):
    adjust_reputation(worker_id=worker.pk, delta=-900, reason="complaints")
    return "at least 600 is needed"


def with_an_open_request(worker):
    request(worker, "5")
    return "another loan is open"


def in_default(worker):
    long_ago = database_now() - 70 * DAY
    loan = loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=0, now=long_ago)
    approve_by_staff(loan_id=loan.pk, now=long_ago)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=long_ago)
    settle(long_ago)
    recovery_services.default_overdue_loans()
    return "a defaulted loan still owes 10.00"


def quarrelsome(worker):
    platform = PlatformFactory(funds="100")
    for _ in range(3):
        task = started(worker, platform=platform, now=database_now())
        platforms.dispute_task(task_id=task.pk, severity=1, reason="late")
        resolve_dispute(task_id=task.pk, outcome="platform", worker_amount="0")
    return "at least 80 % is needed"


@pytest.mark.usefixtures("books_balance_after_each")
@pytest.mark.parametrize("made", [suspended, of_a_low_score, with_an_open_request, in_default, quarrelsome])
def test_a_trusted_worker_is_refused_once_something_speaks_against_it(trusted, made):
    body = accepted(trusted, "20")
    reason = made(trusted)
    before = (balance(trusted, "available"), Loan.objects.count())

    with pytest.raises(NotEligible, match=reason):
        loans.request_advance(worker_id=trusted.pk, **body)

    assert (balance(trusted, "available"), Loan.objects.count()) == before


# --- Limits -------------------------------------------------------------------------------------------------


def test_a_first_advance_is_approved_up_to_50_and_a_later_one_up_to_the_fees(trusted):
    # 400 of pay at 50 %.
    assert automatic(trusted) == 50

    loan = request(trusted, "50")
    assert (loan.status, loan.is_automatic, loan.automatic_up_to) == ("approved", True, 50)
    disbursement_services.disburse_loan(loan_id=loan.pk)
    settle(database_now())

    assert automatic(trusted) == 200


def test_a_first_advance_beyond_50_is_for_staff_who_see_by_how_much(trusted):
    loan = request(trusted, "50.000001")

    assert (loan.status, loan.automatic_up_to) == ("pending", 50)
    assert approve_by_staff(loan_id=loan.pk).is_automatic is False


def test_the_system_lends_no_more_than_the_fees_on_the_workers_pay():
    worker = trusted_worker(now=database_now(), pay="40", fee_bps=200)

    assert automatic(worker) == 8
    assert request(worker, "8.000001").status == "pending"


def test_what_was_written_off_is_taken_from_the_fees(trusted):
    adjust_reputation(worker_id=trusted.pk, delta=200, reason="better still")
    with transaction.atomic():
        Loan.unguarded.create(
            worker=trusted,
            amount=60,
            fee_bps=0,
            status="defaulted",
            amount_written_off=Decimal(60),
            requested_at=database_now(),
            approved_at=database_now(),
            disbursed_at=database_now(),
            repayment_due=database_now(),
        )

    assessment = assess_credit(trusted.pk, database_now())

    # 200 of fees less 60.
    assert assessment.automatic.amount == 140
    assert "the house bore 60.00 USDC of an earlier loan" in assessment.reasons
    assert not assessment.eligible


@pytest.mark.parametrize(
    ("setting", "limit", "left"),
    [
        ("OPEN_ADVANCES_OF_A_PLATFORM", "60", "8.25"),
        ("NEW_ADVANCES_A_DAY", "57", "7"),
        ("OPEN_ADVANCES", "55", "3.25"),
    ],
)
def test_limits_of_the_house_leave_what_is_not_lent_yet(settings, trusted, second_pk, setting, limit, left):
    now, second = database_now(), Worker.objects.get(pk=second_pk)
    shared = PlatformFactory(funds="2000", fee_bps=0)
    for worker in (trusted, second):
        earn(worker, "300", platform=shared, now=now - timedelta(hours=1))
    # With its fee of 3.5 % it owes 51.75.
    assert request(trusted, "50").status == "approved"

    setattr(settings, setting, limit)

    assert automatic(second) == Decimal(left)


def test_two_advances_at_once_wait_for_each_other(trusted):
    """The limits are locked before they are read."""
    body = accepted(trusted, "20")
    with CaptureQueriesContext(connection) as seen:
        loans.request_advance(worker_id=trusted.pk, **body)

    statements = [one["sql"] for one in seen]
    locked = next(i for i, one in enumerate(statements) if "pg_advisory_xact_lock" in one)
    read = next(i for i, one in enumerate(statements) if "of_platform" in one)
    assert locked < read
