"""Moves of money by a single member of staff: added up over a day, per person and per receiver, in each
direction."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.approvals import services as approvals
from audit.models import Approval
from audit.staff_movements.models import StaffMovement
from loans.applications import services as loans
from loans.applications.approvals import approve_or_request
from payments.services import reward_or_request
from platforms import services as platforms
from platforms.services import cancel_or_request, resolve_or_request
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, assigned, balance, started
from tests.support.pages.admin import member

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return member("ann")


@pytest.fixture
def bob():
    return member("bob")


@pytest.fixture(autouse=True)
def limit_and_books(settings):
    settings.STAFF_ALONE_UP_TO = "500"
    yield
    assert violated() == {}


def disputed(amount, worker=None):
    task = started(worker, platform=PlatformFactory(funds="60000"), amount=amount)
    platforms.dispute_task(task_id=task.pk, severity=1, reason="late", now=NOW)
    return task


def cancel(one, task, *, now=NOW):
    return one.does(cancel_or_request, task_id=task.pk, reason="mistake", now=now)


def withdraw_all(one):
    for approval in Approval.objects.all():
        one.does(approvals.withdraw, approval_id=approval.pk, now=approval.requested_at)


def resolve(one, task, worker_amount, outcome="worker"):
    return one.does(
        resolve_or_request,
        task_id=task.pk,
        outcome=outcome,
        worker_amount=worker_amount,
        reason="seen",
        now=NOW,
    )


def test_a_dispute_is_not_decided_for_the_worker_by_one_beyond_the_limit(ann, bob):
    """A single member of staff gave 50,000 USDC out of a dispute."""
    worker = WorkerFactory()
    task = disputed("50000", worker)

    asked = resolve(ann, task, "50000")

    assert isinstance(asked, Approval)
    assert (asked.amount, balance(worker, "available")) == (50000, 0)
    assert bob.does(approvals.approve, approval_id=asked.pk, now=NOW).error == ""
    assert balance(worker, "available") == 50000
    assert StaffMovement.objects.count() == 0


def test_refunds_of_one_day_are_added_up_per_person(ann, bob):
    """A single member of staff made 12 refunds of 500."""
    tasks = [assigned(platform=PlatformFactory(funds="1000"), amount="500") for _ in range(12)]

    results = [cancel(ann, task) for task in tasks]

    assert [isinstance(one, Approval) for one in results] == [False] + [True] * 11
    assert not isinstance(cancel(bob, tasks[11]), Approval)
    assert results[1].parameters == {"moved_alone": "500.000000"}


def test_a_day_later_the_limit_is_whole_again(ann):
    first, second = (assigned(platform=PlatformFactory(funds="1000"), amount="500") for _ in range(2))
    cancel(ann, first)

    assert isinstance(cancel(ann, second, now=NOW + timedelta(hours=24, seconds=-1)), Approval)
    withdraw_all(ann)
    assert not isinstance(cancel(ann, second, now=NOW + timedelta(hours=24)), Approval)


def test_what_one_receiver_gets_is_added_up_whoever_gives_it(ann, bob):
    platform = PlatformFactory(funds="1000")
    one, other = (assigned(platform=platform, amount="300") for _ in range(2))

    assert not isinstance(cancel(ann, one), Approval)
    assert isinstance(cancel(bob, other), Approval)


def test_a_split_counts_in_both_directions(ann):
    worker = WorkerFactory()
    task = disputed("400", worker)

    dispute = resolve(ann, task, "150")

    assert (dispute.worker_amount, balance(worker, "available")) == (150, 150)
    counted = StaffMovement.objects.order_by("id").values_list("receiver_type", "receiver_id", "amount")
    assert list(counted) == [
        ("worker", str(worker.pk), Decimal(150)),
        ("platform", str(task.platform_id), Decimal(250)),
    ]
    assert isinstance(resolve(ann, disputed("100.000001"), "0", outcome="platform"), Approval)
    assert not isinstance(resolve(ann, disputed("100"), "0", outcome="platform"), Approval)


def test_rewards_and_advances_count_with_the_rest(ann, bob):
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="400", fee_bps=200, now=NOW)
    cancel(ann, assigned(platform=PlatformFactory(funds="1000"), amount="490"))

    reward = {"worker_id": worker.pk, "reason": "thanks", "now": NOW}
    assert not isinstance(ann.does(reward_or_request, amount="10", **reward), Approval)
    assert isinstance(ann.does(reward_or_request, amount="0.000001", **reward), Approval)
    assert isinstance(ann.does(approve_or_request, loan_id=loan.pk, reason="good", now=NOW), Approval)

    withdraw_all(ann)
    assert bob.does(approve_or_request, loan_id=loan.pk, reason="good", now=NOW).status == "approved"
    assert StaffMovement.objects.filter(staff=str(bob.actor)).get().amount == 400


def test_an_act_that_is_refused_counts_nothing(ann):
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="40", fee_bps=200, now=NOW)
    loans.cancel_loan(loan_id=loan.pk, now=NOW)

    with pytest.raises(Exception, match="cancelled"):
        ann.does(approve_or_request, loan_id=loan.pk, reason="good", now=NOW)

    assert StaffMovement.objects.count() == 0
