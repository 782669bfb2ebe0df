"""What the system lends by itself, what staff lend beyond it, and what a ring gets out of both."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.test.utils import CaptureQueriesContext

from audit import approvals
from audit.context import Actor, acting, acting_as
from audit.enums import ActorType
from audit.errors import ReasonMissing, SamePerson
from gigstream.lib.clock import database_now
from loans import services as loans
from loans.errors import AdvanceOutOfRange, OpenLoanExists, StaffNeeded
from loans.exceptions import ask_to_lend_by_exception, lend_by_exception
from loans.models import Loan
from loans.offers import forecast_for, standing_of
from payments import services as payments
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.services import WorkReport
from reputation.services import adjust_reputation
from tests.books import violated
from tests.factories import (
    PlatformFactory,
    WorkerFactory,
    accepted,
    approve_by_staff,
    house_balance,
    settle,
    started,
    trusted_worker,
)
from tests.staff import member
from workers.models import Worker

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def automatic(worker: Worker) -> Decimal:
    return standing_of(worker.pk, database_now()).automatic.amount


def request(worker: Worker, amount: str) -> Loan:
    return loans.request_advance(worker_id=worker.pk, **accepted(worker, amount))


def pay(worker: Worker, platform, amount: str, at) -> None:
    task = started(worker, platform=platform, amount=amount, now=at)
    platforms.complete_task(task_id=task.pk, now=at)


# --- One payer's part ---------------------------------------------------------------------------------------


def test_a_gift_of_the_house_and_a_bonus_are_in_no_forecast():
    """A gift of 400 lifted the offer from none to 136.96 USDC."""
    now = database_now()
    worker, platform = WorkerFactory(now=now - 30 * DAY), PlatformFactory(funds="100")
    payments.grant_reward(worker_id=worker.pk, amount="400", reason="a gift", key="g", now=now - DAY)
    task = started(worker, platform=platform, amount="10", now=now - DAY)
    report = WorkReport(task.pk, "bonus", external_id="b", amount="10")
    platforms.record_work_event(platform_id=platform.pk, report=report, now=now - DAY)

    assert forecast_for(worker.pk, now).amount == 0


@pytest.mark.parametrize(("payers", "expected"), [(1, "19.6"), (2, "39.2"), (3, "49"), (4, "49")])
def test_one_payer_counts_40_percent_of_a_forecast(payers, expected):
    """Pay of 10 a day in all for a day: 10 x 7 x 0.7, times what counts of it."""
    now = database_now()
    worker = WorkerFactory(now=now - 30 * DAY)
    for number in range(payers):
        amount = Decimal("10.000000") / payers if payers != 3 else Decimal(["3.3", "3.3", "3.4"][number])
        pay(worker, PlatformFactory(funds="100"), f"{amount:f}", now - timedelta(hours=1))

    assert forecast_for(worker.pk, now).amount == Decimal(expected)


# --- What the system approves -------------------------------------------------------------------------------


def test_a_first_advance_is_approved_up_to_50_and_a_later_one_up_to_the_fees():
    worker = trusted_worker(now=database_now(), pay="40")
    # 400 of pay at 50 %.
    assert automatic(worker) == 50

    loan = request(worker, "50")
    assert (loan.status, loan.is_automatic, loan.automatic_up_to) == ("approved", True, 50)
    loans.disburse_loan(loan_id=loan.pk)
    settle(database_now())

    assert automatic(worker) == 200


def test_a_first_advance_beyond_50_is_for_staff_who_see_by_how_much():
    worker = trusted_worker(now=database_now(), pay="40")

    loan = request(worker, "50.000001")

    assert (loan.status, loan.automatic_up_to) == ("pending", 50)
    assert approve_by_staff(loan_id=loan.pk).is_automatic is False


def test_the_system_lends_no_more_than_the_fees_on_the_workers_pay():
    worker = trusted_worker(now=database_now(), pay="40", fee_bps=200)

    assert automatic(worker) == 8
    assert request(worker, "8.000001").status == "pending"


def test_what_was_written_off_is_taken_from_the_fees():
    worker = trusted_worker(now=database_now(), pay="40")
    adjust_reputation(worker_id=worker.pk, delta=200, reason="better still")
    with transaction.atomic():
        Loan.unguarded.create(
            worker=worker,
            amount=60,
            fee_bps=0,
            status="defaulted",
            amount_written_off=Decimal(60),
            requested_at=database_now(),
            approved_at=database_now(),
            disbursed_at=database_now(),
            repayment_due=database_now(),
        )

    standing = standing_of(worker.pk, database_now())

    # 200 of fees less 60.
    assert standing.automatic.amount == 140
    assert "the house bore 60.00 USDC of an earlier loan" in standing.reasons
    assert not standing.eligible


@pytest.mark.parametrize(
    ("setting", "limit", "left"),
    [
        ("OPEN_ADVANCES_OF_A_PLATFORM", "60", "8.25"),
        ("NEW_ADVANCES_A_DAY", "57", "7"),
        ("OPEN_ADVANCES", "55", "3.25"),
    ],
)
def test_limits_of_the_house_leave_what_is_not_lent_yet(settings, setting, limit, left):
    now = database_now()
    first = trusted_worker(now=now, pay="40")
    second = trusted_worker(now=now, pay="40")
    shared = PlatformFactory(funds="2000", fee_bps=0)
    for worker in (first, second):
        pay(worker, shared, "300", now - timedelta(hours=1))
    # With its fee of 3.5 % it owes 51.75.
    assert request(first, "50").status == "approved"

    setattr(settings, setting, limit)

    assert automatic(second) == Decimal(left)


def test_two_advances_at_once_wait_for_each_other():
    """The limits are locked before they are read."""
    worker = trusted_worker(now=database_now())
    body = accepted(worker, "20")
    with CaptureQueriesContext(connection) as seen:
        loans.request_advance(worker_id=worker.pk, **body)

    statements = [one["sql"] for one in seen]
    locked = next(i for i, one in enumerate(statements) if "pg_advisory_xact_lock" in one)
    read = next(i for i, one in enumerate(statements) if "of_platform" in one)
    assert locked < read


def test_the_system_approves_nothing_that_was_not_judged():
    loan = loans.request_loan(worker_id=WorkerFactory().pk, amount="10", fee_bps=200)
    assert loan.risk_score is None

    with acting_as(ActorType.SYSTEM, ""), pytest.raises(StaffNeeded, match="at a score of None"):
        loans.approve_loan(loan_id=loan.pk)
    with (
        pytest.raises(IntegrityError, match="loan_approved_by_the_system_within_limits"),
        transaction.atomic(),
    ):
        Loan.unguarded.filter(pk=loan.pk).update(is_automatic=True)

    assert Loan.objects.get(pk=loan.pk).status == "pending"


# --- By exception -------------------------------------------------------------------------------------------


def lend(worker: Worker, amount: str = "100", **changes) -> Loan:
    given = {"requested_by": "staff:1", "approved_by": "staff:2", "reason": "known for years", **changes}
    return lend_by_exception(worker_id=worker.pk, amount=amount, **given)


def test_staff_lend_to_a_worker_who_is_not_eligible():
    worker = WorkerFactory()
    assert not standing_of(worker.pk, database_now()).eligible

    loan = lend(worker)

    assert (loan.status, loan.amount, loan.fee, loan.is_automatic) == ("approved", 100, Decimal("3.5"), False)
    assert loan.exception_reason == "known for years"


def test_an_exception_has_its_bounds():
    worker = WorkerFactory()
    with pytest.raises(AdvanceOutOfRange):
        lend(worker, "500.000001")
    with pytest.raises(SamePerson):
        lend(worker, approved_by="staff:1")
    with pytest.raises(ReasonMissing):
        lend(worker, reason=" ")
    lend(worker, "500")
    with pytest.raises(OpenLoanExists):
        lend(worker, "1")

    assert Loan.objects.count() == 1


def test_an_exception_is_approved_by_a_second_person_on_the_pages():
    ann = member("ann", "workers.view_worker", "workers.lend_by_exception_worker")
    bob = member("bob", "audit.view_approval", "audit.approve_approval", "workers.lend_by_exception_worker")
    worker = WorkerFactory()
    with acting(Actor(ActorType.STAFF, str(ann.user.pk))):
        asked = ask_to_lend_by_exception(worker_id=worker.pk, amount="450", reason="known for years")
    with acting(Actor(ActorType.STAFF, str(bob.user.pk))):
        approvals.approve(approval_id=asked.pk, reason="I know them too")

    loan = Loan.objects.get(worker=worker)
    assert (loan.status, loan.amount) == ("approved", 450)
    assert violated() == {}


# --- The ring -----------------------------------------------------------------------------------------------


def test_a_ring_gets_at_most_the_fees_that_it_paid():
    """One platform and three workers, eight days of tiny tasks with five stars, and one of 60 a day whose
    pay goes round: 595 USDC of advances went out for no fee at all."""
    now = database_now()
    platform = PlatformFactory(funds="3000", now=now - 9 * DAY)
    ring = [WorkerFactory(now=now - 9 * DAY) for _ in range(3)]
    for day in range(8):
        at = now - (8 - day) * DAY + timedelta(hours=1)
        for worker in ring:
            _work_of_a_day(worker, platform, at)

    advances = [_largest(worker) for worker in ring]

    lent = Loan.objects.filter(status="approved").aggregate(sum=Sum("amount"))["sum"] or Decimal(0)
    fees = LedgerEntry.objects.filter(kind="fee").aggregate(sum=Sum("amount"))["sum"]
    assert lent <= fees == house_balance("fees")
    assert all(worker.reputation_score <= 600 for worker in Worker.objects.all())
    assert [one for one in advances if one is not None] == []
    assert violated() == {}


def _work_of_a_day(worker: Worker, platform, at) -> None:
    for number in range(7):
        amount = "60" if number == 6 else "0.000001"
        task = started(worker, platform=platform, amount=amount, due_at=at + DAY, now=at)
        platforms.complete_task(task_id=task.pk, now=at + timedelta(minutes=number))
        platforms.rate_worker(task_id=task.pk, rating=5, now=at + timedelta(minutes=number))


def _largest(worker: Worker) -> Loan | None:
    """The largest advance that the worker can have, if any."""
    standing = standing_of(worker.pk, database_now())
    return request(worker, f"{standing.maximum:f}") if standing.maximum else None
