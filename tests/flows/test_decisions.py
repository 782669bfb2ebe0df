"""Decisions about workers: each writes its rule, its exact inputs, its outcome and who decided."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.decisions import rules
from audit.decisions.enums import WhoDecides
from audit.decisions.errors import UnknownOutcome, UnregisteredRule, WrongInputs
from audit.decisions.rules import Rule, all_rules
from audit.decisions.services import Case, decide
from audit.log.context import acting_as
from audit.log.enums import ActorType
from audit.models import Decision
from gigstream.adminkit import admin_url, list_url
from gigstream.core.errors import GuardedWrite
from gigstream.core.unit import in_unit
from payments import services as payments
from platforms import services as platforms
from tests.support.books import violated
from tests.support.decisions import reinstate_worker, resolve_dispute, suspend_worker
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, started
from tests.support.pages.addresses import whole_page
from tests.support.pages.admin import member
from workers import services as workers
from workers.models import Worker
from workers.vocabulary import SUSPENSION

pytestmark = pytest.mark.django_db


def only(**of) -> Decision:
    """Return the only decision; its inputs are the JSON that was stored."""
    return Decision.objects.get(**of)


def about(worker: Worker) -> list[tuple[str, str, str]]:
    found = Decision.objects.filter(worker_id=worker.pk).order_by("decided_at", "pk")
    return list(found.values_list("rule", "outcome", "decided_by"))


# --- Suspensions --------------------------------------------------------------------------------------------


def test_a_suspension_and_its_end():
    worker = WorkerFactory()
    suspend_worker(worker_id=worker.pk, reason="two accounts")

    made = only()
    assert (made.rule, made.version, made.outcome) == ("worker.suspension", 1, "suspended")
    assert (made.subject_type, made.subject_id, made.worker_id) == ("worker", str(worker.pk), worker.pk)
    assert (made.inputs, made.sentence) == ({"status": "active"}, "The account was suspended.")
    assert (made.reason, made.decided_by, made.needs_person) == ("two accounts", "staff:1", True)

    reinstate_worker(worker_id=worker.pk, reason="a mistake")
    made = only(outcome="reinstated")
    assert (made.inputs, made.reason) == ({"status": "suspended"}, "a mistake")
    assert violated() == {}


def test_decisions_outlive_the_worker():
    worker = WorkerFactory()
    suspend_worker(worker_id=worker.pk)
    workers.delete_worker(worker_id=worker.pk)

    assert not Worker.objects.filter(pk=worker.pk).exists()
    assert only().worker_id == worker.pk
    assert violated() == {}


# --- Disputes -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("outcome, right", [("worker", "the worker"), ("nobody", "nobody")])
def test_the_outcome_of_a_dispute(outcome, right):
    worker = WorkerFactory()
    task = started(worker, platform=PlatformFactory(funds=Decimal(100)), amount="10", now=NOW)
    filed = platforms.dispute_task(task_id=task.pk, severity=4, reason="late", now=NOW)
    resolve_dispute(task_id=task.pk, outcome=outcome, worker_amount="7.5", resolution="half done", now=NOW)

    made = only()
    assert (made.rule, made.version, made.outcome) == ("task.dispute", 1, outcome)
    assert (made.subject_type, made.subject_id, made.worker_id) == ("dispute", str(filed.pk), worker.pk)
    assert made.inputs == {
        "side": "platform",
        "severity": 4,
        "held": "10.000000",
        "worker_amount": "7.500000",
    }
    assert made.sentence == (
        f"The dispute was decided for {right}: of 10.00 USDC held the worker gets 7.50 USDC."
    )
    assert (made.reason, made.decided_by, made.decided_at) == ("half done", "staff:1", NOW)


# --- Holds --------------------------------------------------------------------------------------------------


@pytest.fixture
def earner() -> Worker:
    """A worker who has earned 10 USDC."""
    worker = WorkerFactory()
    task = started(worker, amount="10", now=NOW)
    platforms.complete_task(task_id=task.pk, now=NOW)
    return worker


def hold(worker: Worker, **more):
    with acting_as(ActorType.STAFF, "1"):
        return payments.hold_payouts(worker_id=worker.pk, reason="an inquiry", now=NOW, **more)


def test_a_hold_and_its_end_before_its_time(earner):
    held = hold(earner, amount="4", expires_at=NOW + timedelta(days=1))

    made = only()
    assert (made.rule, made.outcome, made.decided_by) == ("payout.hold", "held", "staff:1")
    assert (made.subject_type, made.subject_id, made.worker_id) == ("payouthold", str(held.pk), earner.pk)
    expires_at = (NOW + timedelta(days=1)).isoformat()
    assert made.inputs == {
        "amount": "4.000000",
        "available": "10.000000",
        "held": "0.000000",
        "payout": None,
        "expires_at": expires_at,
    }
    until = f"{NOW + timedelta(days=1):%Y-%m-%d %H:%M} UTC"
    assert made.sentence == f"4.00 USDC of 10.00 USDC available is kept from leaving until {until}."
    assert made.reason == "an inquiry"

    with acting_as(ActorType.STAFF, "2"):
        payments.end_hold(hold_id=held.pk, reason="all is well", now=NOW)
    made = only(rule="payout.hold_end")
    assert (made.outcome, made.decided_by, made.reason) == ("ended", "staff:2", "all is well")
    assert made.inputs == {"amount": "4.000000", "expires_at": expires_at}
    assert violated() == {}


def test_a_hold_that_expires_was_decided_by_the_system(earner):
    hold(earner, expires_at=NOW + timedelta(days=1))
    payments.end_due_holds(now=NOW + timedelta(days=2))

    assert about(earner) == [("payout.hold", "held", "staff:1"), ("payout.hold_end", "expired", "system")]
    assert only(outcome="held").sentence.startswith("All money is kept from leaving until ")
    assert violated() == {}


def test_a_hold_of_a_platforms_money_is_no_decision_about_a_worker():
    platform = PlatformFactory(funds=Decimal(10))
    with acting_as(ActorType.STAFF, "1"):
        payments.hold_withdrawals(platform_id=platform.pk, reason="an inquiry", now=NOW)

    assert not Decision.objects.exists()
    assert violated() == {}


# --- The register -------------------------------------------------------------------------------------------


def case(worker: Worker, **changes) -> Case:
    given = {
        "subject": worker,
        "worker_id": worker.pk,
        "outcome": "suspended",
        "inputs": {"status": "active"},
        "sentence": "The account was suspended.",
        "reason": "fraud",
        "decided_by": "staff:1",
    }
    return Case(**{**given, **changes})


def test_a_rule_that_is_not_registered_decides_nothing():
    unknown = Rule("worker.mood", 1, "A mood.", {}, {"suspended": "Gone."}, WhoDecides.SYSTEM)
    newer = Rule("worker.suspension", 2, "Other.", {}, {"suspended": "Gone."}, WhoDecides.SYSTEM)
    for rule in (unknown, newer):
        with pytest.raises(UnregisteredRule):
            decide(rule, case(WorkerFactory(), inputs={}))

    assert not Decision.objects.exists()


@pytest.mark.parametrize("inputs", [{}, {"status": "active", "age": 3}, {"age": 3}])
def test_inputs_are_exactly_those_that_the_rule_lists(inputs):
    with pytest.raises(WrongInputs):
        decide(SUSPENSION, case(WorkerFactory(), inputs=inputs))

    assert not Decision.objects.exists()


def test_an_outcome_that_the_rule_does_not_know_is_refused():
    with pytest.raises(UnknownOutcome):
        decide(SUSPENSION, case(WorkerFactory(), outcome="banished"))

    assert not Decision.objects.exists()


def test_a_version_of_a_rule_is_registered_once():
    with pytest.raises(ValueError, match=r"already a version 1 of the rule worker\.suspension"):
        rules.register("worker.suspension", 1, "Other.", inputs={}, effect={}, who_decides=WhoDecides.PERSON)
    with pytest.raises(ValueError, match="does not list"):
        rules.register(
            "worker.mood", 1, "A mood.", inputs={}, weights={"mood": "all"}, effect={}, who_decides="person"
        )
    assert rules.find_rule("worker.mood", 1) is None


def test_each_rule_explains_itself_in_plain_words():
    found = all_rules()

    assert {rule.key for rule in found} == {
        "loan.advance",
        "loan.exception",
        "worker.suspension",
        "task.dispute",
        "payout.hold",
        "payout.hold_end",
        "points.reversal",
        "quest.hold",
        "quest.held_reward",
        "submission.check",
        "submission.review",
        "submission.review_by_platform",
        "sybils.factor",
        "sybils.clearing",
        "usage.artificial",
        "usage.artificial_decided",
    }
    for rule in found:
        assert rule.text.endswith(".")
        assert rule.effect
        assert all(rule.effect.values())
        assert all(rule.inputs.values())


# --- With its effect, for good ------------------------------------------------------------------------------


def test_an_act_that_is_undone_leaves_no_decision():
    worker = WorkerFactory()

    @in_unit
    def suspend_in_vain() -> None:
        suspend_worker(worker_id=worker.pk)
        assert about(worker) != []
        raise LookupError

    with pytest.raises(LookupError):
        suspend_in_vain()

    assert about(worker) == []
    assert Worker.objects.get(pk=worker.pk).status == "active"


def test_a_decision_is_not_changed_through_its_model():
    suspend_worker(worker_id=WorkerFactory().pk)

    with pytest.raises(GuardedWrite):
        Decision.objects.update(outcome="reinstated")
    with pytest.raises(GuardedWrite):
        Decision.objects.all().delete()


# --- Staff's pages ------------------------------------------------------------------------------------------


def test_staff_read_decisions_on_their_own_pages_and_on_those_of_the_worker():
    worker = WorkerFactory()
    suspend_worker(worker_id=worker.pk, reason="two accounts")
    ann = member("ann", "audit.view_decision", "workers.view_worker")
    subject = {"subject": f"worker:{worker.pk}"}
    pages = [list_url(Decision), list_url(Decision, **subject), admin_url(only())]

    found = [ann.client.get(page).content.decode() for page in pages]
    for html in (*found, whole_page(ann.client, worker)):
        assert "The account was suspended." in html
        assert "two accounts" in html
    assert "the account&#x27;s status before" in ann.client.get(admin_url(only())).content.decode()
    elsewhere = list_url(Decision, subject=f"worker:{WorkerFactory().pk}")
    assert "The account was suspended." not in ann.client.get(elsewhere).content.decode()
