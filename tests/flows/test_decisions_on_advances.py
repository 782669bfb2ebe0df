"""Decisions on advances: each writes its exact inputs, its outcome and who decided."""

from decimal import Decimal

import pytest

from audit.approvals import services as approvals
from audit.log.context import Actor, acting, acting_as
from audit.log.enums import ActorType
from audit.models import Decision
from gigstream.core.clock import database_now
from gigstream.core.unit import rehearsal
from loans.applications import services as loans
from loans.applications.errors import NotEligible
from loans.exceptions.services import lend_by_exception, request_exception
from loans.policy.selectors.offers import assess_credit
from tests.support.books import violated
from tests.support.factories import WorkerFactory, accepted, trusted_worker
from tests.support.pages.admin import member
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("trusted_pk", "lent_by_staff_pk")]


@pytest.fixture(scope="module")
def lent_by_staff_pk(module_transaction):
    """The key of a worker on whose pay no fee is taken, so that the system lends nothing by itself."""
    return trusted_worker(now=database_now(), pay="40", fee_bps=0).pk


@pytest.fixture
def lent_by_staff(lent_by_staff_pk):
    return Worker.objects.get(pk=lent_by_staff_pk)


def only(**of) -> Decision:
    """Return the only decision; its inputs are the JSON that was stored."""
    return Decision.objects.get(**of)


def about(worker: Worker) -> list[tuple[str, str, str]]:
    found = Decision.objects.filter(worker_id=worker.pk).order_by("decided_at", "pk")
    return list(found.values_list("rule", "outcome", "decided_by"))


def assessed(worker: Worker, **more) -> dict:
    """Return the inputs of a decision on an advance to this worker now."""
    assessment = assess_credit(worker.pk, database_now())
    return {
        "risk_score": assessment.risk.score,
        "risk_factors": assessment.factors,
        "predicted_earnings": f"{assessment.forecast.amount:.6f}",
        "automatic_up_to": f"{assessment.automatic.amount:.6f}",
        "objections": list(assessment.reasons),
        **more,
    }


def test_an_advance_that_the_system_approves(trusted):
    worker = trusted
    inputs = assessed(worker, amount="20.000000")

    with acting_as(ActorType.WORKER, str(worker.pk)):
        loan = loans.request_advance(worker_id=worker.pk, **accepted(worker, "20"))

    made = only()
    assert (made.rule, made.version, made.outcome) == ("loan.advance", 1, "approved")
    assert (made.subject_type, made.subject_id, made.worker_id) == ("loan", str(loan.pk), worker.pk)
    assert made.inputs == inputs
    assert (made.decided_by, made.reason, made.needs_person) == ("system", "", False)
    assert made.sentence == (
        f"The advance of 20.00 USDC was approved: at a score of {inputs['risk_score']} the system approves up"
        f" to {Decimal(inputs['automatic_up_to']):.2f} USDC."
    )
    assert violated() == {}


@pytest.mark.parametrize("outcome", ["approved", "refused"])
def test_an_advance_that_staff_decide(lent_by_staff, outcome):
    worker = lent_by_staff
    inputs = assessed(worker, amount="20.000000")
    loan = loans.request_advance(worker_id=worker.pk, **accepted(worker, "20"))
    assert about(worker) == []

    service = loans.approve_loan if outcome == "approved" else loans.reject_loan
    with acting_as(ActorType.STAFF, "7"):
        service(loan_id=loan.pk, reason="irregular work")

    made = only()
    assert (made.rule, made.outcome, made.decided_by) == ("loan.advance", outcome, "staff:7")
    assert (made.subject_id, made.inputs, made.reason) == (str(loan.pk), inputs, "irregular work")
    assert made.sentence == f"Staff {outcome} the advance of 20.00 USDC."


def test_an_advance_that_a_worker_cancels_is_no_decision(lent_by_staff):
    loan = loans.request_advance(worker_id=lent_by_staff.pk, **accepted(lent_by_staff, "20"))
    loans.cancel_loan(loan_id=loan.pk)

    assert about(lent_by_staff) == []


def test_a_worker_who_is_not_eligible_has_the_objections_in_writing():
    worker = WorkerFactory()
    inputs = assessed(worker, amount="20.000000")
    assert inputs["objections"] != []

    with acting_as(ActorType.WORKER, str(worker.pk)), pytest.raises(NotEligible):
        loans.request_advance(worker_id=worker.pk, amount="20", terms_hash="a" * 64)

    made = only()
    assert (made.rule, made.outcome, made.decided_by) == ("loan.advance", "refused", "system")
    assert (made.subject_type, made.subject_id, made.inputs) == ("worker", str(worker.pk), inputs)
    assert made.sentence == f"No advance of 20.00 USDC now: {'; '.join(inputs['objections'])}."


def test_a_rehearsed_refusal_leaves_no_decision():
    worker = WorkerFactory()
    with rehearsal(), pytest.raises(NotEligible):
        loans.request_advance(worker_id=worker.pk, amount="20", terms_hash="a" * 64)

    assert about(worker) == []


def test_an_advance_by_exception_names_both_members_of_staff():
    worker = WorkerFactory()
    inputs = assessed(worker, amount="100.000000")
    ann = member("ann", "workers.view_worker", "workers.lend_by_exception_worker")
    bob = member("bob", "audit.view_approval", "audit.approve_approval", "workers.lend_by_exception_worker")
    asked = ann.does(request_exception, worker_id=worker.pk, amount="100", reason="known for years")
    assert about(worker) == []
    bob.does(approvals.approve, approval_id=asked.pk, reason="I know them too")

    made = only()
    assert (made.rule, made.outcome, made.needs_person) == ("loan.exception", "approved", True)
    assert (made.requested_by, made.decided_by) == (f"staff:{ann.user.pk}", f"staff:{bob.user.pk}")
    assert (made.inputs, made.reason) == (inputs, "known for years")
    assert violated() == {}


def test_two_members_of_staff_decide_on_an_exception_without_an_approval_too():
    worker = WorkerFactory()
    with acting(Actor(ActorType.STAFF, "2")):
        lend_by_exception(
            worker_id=worker.pk,
            amount="5",
            requested_by="staff:1",
            approved_by="staff:2",
            reason="known for years",
        )

    made = only()
    assert (made.requested_by, made.decided_by) == ("staff:1", "staff:2")
