"""Advances that the system lends by itself, that staff lend beyond it, and the gain of a ring from both."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.db.models import Sum

from audit.approvals import services as approvals
from audit.approvals.errors import SamePerson
from audit.log.context import Actor, acting, acting_as
from audit.log.enums import ActorType
from audit.log.errors import ReasonMissing
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.applications.errors import AdvanceOutOfRange, OpenLoanExists, StaffNeeded
from loans.exceptions.services import lend_by_exception, request_exception
from loans.models import Loan
from loans.policy.selectors.offers import assess_credit, forecast_for
from payments import services as payments
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.services import WorkReport
from tests.support.books import violated
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    accepted,
    house_balance,
    started,
)
from tests.support.long_forms import count
from tests.support.pages.admin import member
from workers.models import Worker

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def automatic(worker: Worker) -> Decimal:
    return assess_credit(worker.pk, database_now()).automatic.amount


def request(worker: Worker, amount: str) -> Loan:
    return loans.request_advance(worker_id=worker.pk, **accepted(worker, amount))


def pay(worker: Worker, platform, amount: str, at) -> None:
    task = started(worker, platform=platform, amount=amount, now=at)
    platforms.complete_task(task_id=task.pk, now=at)


# --- A payer's part -----------------------------------------------------------------------------------------


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
    """Pay of 10 a day in all for a day: 10 x 7 x 0.7, times the counted part of it."""
    now = database_now()
    worker = WorkerFactory(now=now - 30 * DAY)
    for number in range(payers):
        amount = Decimal("10.000000") / payers if payers != 3 else Decimal(["3.3", "3.3", "3.4"][number])
        pay(worker, PlatformFactory(funds="100"), f"{amount:f}", now - timedelta(hours=1))

    assert forecast_for(worker.pk, now).amount == Decimal(expected)


# --- Approvals by the system --------------------------------------------------------------------------------


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
    assert not assess_credit(worker.pk, database_now()).eligible

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
        asked = request_exception(worker_id=worker.pk, amount="450", reason="known for years")
    with acting(Actor(ActorType.STAFF, str(bob.user.pk))):
        approvals.approve(approval_id=asked.pk, reason="I know them too")

    loan = Loan.objects.get(worker=worker)
    assert (loan.status, loan.amount) == ("approved", 450)
    assert violated() == {}


# --- The ring -----------------------------------------------------------------------------------------------


@pytest.mark.long_form
@pytest.mark.shortened
def test_a_ring_gets_at_most_the_fees_that_it_paid():
    """A platform and three workers, eight days of tiny tasks with five stars, and one of 60 a day whose
    pay goes round: 595 USDC of advances went out for no fee at all."""
    now = database_now()
    platform = PlatformFactory(funds="3000", now=now - 9 * DAY)
    ring = [WorkerFactory(now=now - 9 * DAY) for _ in range(count(short=2, long=3))]
    for day in range(8 - count(short=4, long=8), 8):
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
    """Return the largest advance that the worker can have, if any."""
    assessment = assess_credit(worker.pk, database_now())
    return request(worker, f"{assessment.maximum:f}") if assessment.maximum else None
