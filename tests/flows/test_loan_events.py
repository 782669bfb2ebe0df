"""What platforms hear of advances: the one that the worker has named everything, the others nothing."""

from datetime import timedelta

import pytest

from audit.context import Actor, acting
from audit.enums import ActorType
from gigstream.lib.clock import database_now
from loans import services as loans
from loans.errors import NotYourPlatform
from platforms import services as platforms
from platforms.models import Event, Platform
from tests.factories import PlatformFactory, WorkerFactory, accepted, settle, started, trusted_worker

pytestmark = pytest.mark.django_db
ANN, BOB = Actor(ActorType.STAFF, "1"), Actor(ActorType.STAFF, "2")


def heard() -> list[tuple[Platform, str, str]]:
    """Of loans, by everybody: who, what, and the status told with it."""
    events = Event.objects.filter(type__startswith="loan.").order_by("platform", "sequence")
    return [(one.platform, one.type, one.payload["status"]) for one in events.select_related("platform")]


def employer(worker):
    """One of the platforms that the worker works for."""
    return worker.engagements.order_by("id").first().platform


def test_the_platform_that_the_worker_names_hears_the_whole_life_of_an_advance():
    worker = trusted_worker(now=database_now())
    platform = employer(worker)
    started(worker, platform=PlatformFactory(funds="100"))

    loan = loans.request_advance(worker_id=worker.pk, tell_platform=platform.pk, **accepted(worker, "20"))
    loans.disburse_approved_loans()
    settle(database_now())
    loans.repay_early(loan_id=loan.pk, amount="20")
    platforms.complete_task(task_id=started(worker, amount="50").pk)

    assert heard() == [
        (platform, "loan.requested", "pending"),
        (platform, "loan.approved", "approved"),
        (platform, "loan.disbursed", "disbursed"),
        (platform, "loan.activated", "active"),
        (platform, "loan.repaid", "repaid"),
    ]
    told = Event.objects.get(type="loan.repaid").payload
    assert (told["id"], told["worker_id"]) == (str(loan.pk), str(worker.pk))
    assert (told["amount"], told["fee"], told["total_due"]) == ("20.000000", "0.700000", "20.700000")
    assert (told["amount_repaid"], told["amount_written_off"]) == ("20.700000", "0.000000")
    assert not {"risk_score", "risk_factors", "predicted_earnings"} & set(told)


def test_a_default_and_a_loss_are_told_and_so_is_a_cancellation():
    worker, now = WorkerFactory(), database_now()
    platform = started(worker, now=now).platform
    asked = {"worker_id": worker.pk, "amount": "30", "fee_bps": 0, "tell_platform": platform.pk, "now": now}
    loans.reject_loan(loan_id=loans.request_loan(**asked).pk, reason="not yet")
    loan = loans.request_loan(**asked)
    with acting(ANN):
        loans.approve_loan(loan_id=loan.pk)
    loans.disburse_loan(loan_id=loan.pk, now=now)
    settle(now)

    later = now + timedelta(days=61)
    loans.default_overdue_loans(now=later)
    loans.write_off(loan_id=loan.pk, requested_by=str(ANN), approved_by=str(BOB), reason="gone", now=later)

    assert [type_ for _, type_, _ in heard()] == [
        "loan.requested",
        "loan.cancelled",
        "loan.requested",
        "loan.approved",
        "loan.disbursed",
        "loan.activated",
        "loan.defaulted",
        "loan.written_off",
    ]
    assert Event.objects.get(type="loan.written_off").payload["amount_written_off"] == "30.000000"


def test_without_a_name_no_platform_hears_of_it():
    worker = trusted_worker(now=database_now())

    loans.request_advance(worker_id=worker.pk, **accepted(worker, "20"))
    loans.disburse_approved_loans()
    settle(database_now())

    assert heard() == []


def test_a_platform_that_the_worker_does_not_work_for_is_not_told():
    worker, stranger = trusted_worker(now=database_now()), PlatformFactory()

    with pytest.raises(NotYourPlatform):
        loans.request_advance(worker_id=worker.pk, tell_platform=stranger.pk, **accepted(worker, "20"))

    assert (worker.loans.count(), heard()) == (0, [])
