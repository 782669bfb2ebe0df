"""Events about advances: the platform that the worker has named gets everything, the others nothing."""

from datetime import timedelta

import pytest

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.applications.errors import NotYourPlatform
from loans.disbursement import services as disbursement_services
from loans.recovery import services as recovery_services
from loans.repayment import services as repayment_services
from platforms import services as platforms
from platforms.models import Platform, PlatformEvent
from tests.support.factories import PlatformFactory, WorkerFactory, accepted, settle, started

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trusted_pk")]
ANN, BOB = Actor(ActorType.STAFF, "1"), Actor(ActorType.STAFF, "2")


def heard() -> list[tuple[Platform, str, str]]:
    """Return the events of loans, for everybody: platform, type, and the status in it."""
    events = PlatformEvent.objects.filter(type__startswith="loan.").order_by("platform", "sequence")
    return [(one.platform, one.type, one.payload["status"]) for one in events.select_related("platform")]


def employer(worker):
    """Return a platform that the worker works for."""
    return worker.engagements.order_by("id").first().platform


def test_the_platform_that_the_worker_names_hears_the_whole_life_of_an_advance(trusted):
    worker = trusted
    platform = employer(worker)
    started(worker, platform=PlatformFactory(funds="100"))

    loan = loans.request_advance(worker_id=worker.pk, tell_platform=platform.pk, **accepted(worker, "20"))
    disbursement_services.disburse_approved_loans()
    settle(database_now())
    repayment_services.repay_early(loan_id=loan.pk, amount="20")
    platforms.complete_task(task_id=started(worker, amount="50").pk)

    assert heard() == [
        (platform, "loan.requested", "pending"),
        (platform, "loan.approved", "approved"),
        (platform, "loan.disbursed", "disbursed"),
        (platform, "loan.activated", "active"),
        (platform, "loan.repaid", "repaid"),
    ]
    told = PlatformEvent.objects.get(type="loan.repaid").payload
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
    disbursement_services.disburse_loan(loan_id=loan.pk, now=now)
    settle(now)

    later = now + timedelta(days=61)
    recovery_services.default_overdue_loans(now=later)
    recovery_services.write_off(
        loan_id=loan.pk, requested_by=str(ANN), approved_by=str(BOB), reason="gone", now=later
    )

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
    assert PlatformEvent.objects.get(type="loan.written_off").payload["amount_written_off"] == "30.000000"


def test_without_a_name_no_platform_hears_of_it(trusted):
    loans.request_advance(worker_id=trusted.pk, **accepted(trusted, "20"))
    disbursement_services.disburse_approved_loans()
    settle(database_now())

    assert heard() == []


def test_a_platform_that_the_worker_does_not_work_for_is_not_told(trusted):
    stranger = PlatformFactory()

    with pytest.raises(NotYourPlatform):
        loans.request_advance(worker_id=trusted.pk, tell_platform=stranger.pk, **accepted(trusted, "20"))

    assert (trusted.loans.count(), heard()) == (0, [])
