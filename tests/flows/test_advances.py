"""Stories of advances, from the offer to the last cent: the books balance after each."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from audit import approvals
from audit.context import Actor, acting
from audit.enums import ActorType
from audit.errors import ReasonMissing, SamePerson
from audit.models import AuditLog
from gigstream.lib.clock import database_now
from gigstream.lib.errors import IllegalMove
from loans import services as loans
from loans.approvals import approve_or_ask, ask_to_write_off
from loans.errors import NotEligible, NothingOwed, StaffNeeded
from loans.models import Loan
from payments import services as payments
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.services import MilestonePlan
from reputation.models import ReputationEvent
from reputation.services import adjust_reputation
from tests.books import violated
from tests.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    accepted,
    balance,
    house_balance,
    running_stream,
    seconds,
    settle,
    started,
    trusted_worker,
)
from tests.staff import member
from workers import services as workers

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
ANN = Actor(ActorType.STAFF, "1")


@pytest.fixture(autouse=True)
def _books_balance_after_each():
    yield
    assert violated() == {}


def asked_for(worker, amount):
    return loans.request_advance(worker_id=worker.pk, **accepted(worker, amount))


def active(worker, amount="100", fee_bps=350, now=NOW):
    """An advance that has reached the worker's wallet."""
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=fee_bps, now=now)
    with acting(ANN):
        loans.approve_loan(loan_id=loan.pk, now=now)
    loans.disburse_loan(loan_id=loan.pk, now=now)
    settle(now)
    loan.refresh_from_db()
    return loan


def earn(worker, amount, now=NOW):
    platforms.complete_task(task_id=started(worker, amount=amount, now=now).pk, now=now)


# --- From the offer to the last cent ------------------------------------------------------------------------


def test_a_first_advance_is_approved_paid_out_and_repaid_over_five_tasks():
    now = database_now()
    worker = trusted_worker(now=now)
    before = balance(worker, "available")
    score = type(worker).objects.get(pk=worker.pk).reputation_score

    loan = asked_for(worker, "20")
    assert (loan.status, loan.total_due) == ("approved", Decimal("20.7"))
    assert loans.disburse_approved_loans() == 1
    assert loans.disburse_approved_loans() == 0
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
    assert asked_for(worker, "20").status == "approved"


def test_a_stream_repays_an_advance_slot_by_slot():
    worker = WorkerFactory()
    loan = active(worker, "10", 200)
    running_stream(worker, total="36", duration=3600, interval=60)

    for minute in range(1, 61):
        payments.release_due_streams(now=NOW + seconds(60 * minute))

    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("repaid", Decimal("10.2"))
    parts = LedgerEntry.objects.filter(kind="repayment").order_by("pk").values_list("amount", flat=True)
    # Half of each slot's 0.60, until nothing is owed.
    assert list(parts) == [Decimal("0.3")] * 34
    assert balance(worker, "available") == 36 - Decimal("10.2")


def test_an_advance_is_repaid_early_in_two_parts():
    worker = WorkerFactory()
    earn(worker, "50")
    loan = active(worker, "30", 0)

    loans.repay_early(loan_id=loan.pk, amount="10", now=NOW)
    done = loans.repay_early(loan_id=loan.pk, now=NOW)

    assert (done.status, done.amount_repaid, balance(worker, "available")) == ("repaid", 30, 20)
    assert Transaction.objects.filter(type="repayment").count() == 2


def by_a_fixed_task(worker):
    earn(worker, "8")


def by_a_milestone(worker):
    plans = [MilestonePlan("a", "8"), MilestonePlan("b", "12")]
    task = started(worker, amount="20", task_type="milestone", milestones=plans)
    platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)


def by_a_release(worker):
    running_stream(worker, total="48", duration=3600, interval=60)
    payments.release_due_streams(now=NOW + seconds(600))


def by_a_claim(worker):
    stream = running_stream(worker, total="48", duration=3600, interval=60)
    payments.claim(stream_id=stream.pk, now=NOW + seconds(600))


def by_a_bonus(worker):
    task = started(worker, amount="10")
    bonus = platforms.WorkReport(task.pk, "bonus", external_id="b-1", amount="8")
    platforms.record_work_event(platform_id=task.platform_id, report=bonus, now=NOW)


def by_a_reported_completion(worker):
    task = started(worker, amount="8")
    done = platforms.WorkReport(task.pk, "completed", external_id="c-1")
    platforms.record_work_event(platform_id=task.platform_id, report=done, now=NOW)


def by_a_cancelled_stream(worker):
    stream = running_stream(worker, total="48", duration=3600, interval=60)
    platforms.cancel_task(task_id=stream.task_id, now=NOW + seconds(600))


def by_a_resolved_dispute(worker):
    task = started(worker, amount="8")
    platforms.dispute_task(task_id=task.pk, severity=1, reason="late", now=NOW)
    platforms.resolve_dispute(task_id=task.pk, outcome="worker", worker_amount="8", now=NOW)


@pytest.mark.parametrize(
    "paid",
    [
        by_a_fixed_task,
        by_a_milestone,
        by_a_release,
        by_a_claim,
        by_a_bonus,
        by_a_reported_completion,
        by_a_cancelled_stream,
        by_a_resolved_dispute,
    ],
)
def test_whatever_pays_8_repays_4_and_the_worker_keeps_4(paid):
    worker = WorkerFactory()
    loan = active(worker)

    paid(worker)

    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("repaying", 4)
    assert (balance(worker, "available"), balance(worker, "loan")) == (4, Decimal("-99.5"))


def test_a_gift_of_the_house_repays_nothing():
    worker = WorkerFactory()
    loan = active(worker)

    payments.grant_reward(worker_id=worker.pk, amount="8", reason="thanks", key="1", now=NOW)

    loan.refresh_from_db()
    assert (loan.amount_repaid, balance(worker, "available")) == (0, 8)


# --- Who gets none ------------------------------------------------------------------------------------------


def suspended(worker):
    workers.suspend_worker(worker_id=worker.pk, reason="checks")
    return "the worker is suspended"


def of_a_low_score(worker):
    adjust_reputation(worker_id=worker.pk, delta=-900, reason="complaints")
    return "at least 600 is needed"


def with_an_open_request(worker):
    asked_for(worker, "5")
    return "another loan is open"


def in_default(worker):
    long_ago = database_now() - 70 * DAY
    active(worker, "10", 0, now=long_ago)
    loans.default_overdue_loans()
    return "a defaulted loan still owes 10.00"


def quarrelsome(worker):
    platform = PlatformFactory(funds="100")
    for _ in range(3):
        task = started(worker, platform=platform, now=database_now())
        platforms.dispute_task(task_id=task.pk, severity=1, reason="late")
        platforms.resolve_dispute(task_id=task.pk, outcome="platform", worker_amount="0")
    return "at least 80 % is needed"


@pytest.mark.parametrize("made", [suspended, of_a_low_score, with_an_open_request, in_default, quarrelsome])
def test_a_trusted_worker_is_refused_once_something_speaks_against_it(made):
    worker = trusted_worker(now=database_now())
    body = accepted(worker, "20")
    reason = made(worker)
    before = (balance(worker, "available"), Loan.objects.count())

    with pytest.raises(NotEligible, match=reason):
        loans.request_advance(worker_id=worker.pk, **body)

    assert (balance(worker, "available"), Loan.objects.count()) == before


def test_a_new_worker_reads_every_reason_at_once():
    worker = WorkerFactory(now=database_now())

    with pytest.raises(NotEligible) as refusal:
        loans.request_advance(worker_id=worker.pk, amount="20", terms_hash="0" * 64)

    for reason in (
        "at least 600 is needed",
        "account 0 days old, at least 7 are needed",
        "completion rate",
        "0 completed tasks count, at least 5 are needed",
    ):
        assert reason in refusal.value.message
    assert not Loan.objects.exists()


# --- Staff --------------------------------------------------------------------------------------------------


def pending(amount, worker=None):
    worker = worker or WorkerFactory()
    return loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=350, now=NOW)


def signed(loan, actor, now=NOW):
    with acting(actor):
        return loans.approve_loan(loan_id=loan.pk, now=now)


@pytest.mark.parametrize("amount", ["200.000001", "400"])
def test_one_member_of_staff_approves_up_to_400_and_the_system_200(amount):
    loan = pending(amount)
    with pytest.raises(StaffNeeded):
        loans.approve_loan(loan_id=loan.pk, now=NOW)
    loan.refresh_from_db()
    assert loan.status == "pending"

    assert signed(loan, ANN).status == "approved"


def test_a_worker_approves_nothing():
    loan = pending("10")
    with pytest.raises(StaffNeeded), acting(Actor(ActorType.WORKER, str(loan.worker_id))):
        loans.approve_loan(loan_id=loan.pk, now=NOW)


def test_beyond_400_two_different_members_of_staff_approve_the_same_terms():
    loan = pending("400.000001")
    ann, bob = member("ann"), member("bob")
    with pytest.raises(StaffNeeded, match="by two members of staff"):
        signed(loan, ANN)

    asked = ann.does(approve_or_ask, loan_id=loan.pk, reason="a good year", now=NOW)
    with pytest.raises(SamePerson):
        ann.does(approvals.approve, approval_id=asked.pk, now=NOW)
    with pytest.raises(IllegalMove):
        loans.disburse_loan(loan_id=loan.pk, now=NOW)
    done = bob.does(approvals.approve, approval_id=asked.pk, now=NOW + seconds(1))

    loan.refresh_from_db()
    assert (loan.status, loan.approved_at, done.error) == ("approved", NOW + seconds(1), "")
    assert done.parameters == {"terms_hash": loan.terms_hash}
    line = AuditLog.objects.get(action="loan.approve", success=True)
    assert line.metadata == {
        "signed_by": [str(ann.actor), str(bob.actor)],
        "terms_hash": loan.terms_hash,
        "reason": "a good year",
        # It was not assessed, so the system could lend nothing by itself.
        "automatic_up_to": None,
        "approval": str(asked.pk),
        "requested_by": str(ann.actor),
    }


def test_what_was_accepted_is_what_is_approved_and_paid_out():
    loan = pending("10")
    for column, value in {"amount": "11", "fee": "0", "fee_bps": 0, "terms": "none", "term_days": 60}.items():
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            Loan.unguarded.filter(pk=loan.pk).update(**{column: value})
    signed(loan, ANN)

    loans.disburse_loan(loan_id=loan.pk, now=NOW)

    loan.refresh_from_db()
    assert Transaction.objects.get(type="advance").amount == loan.amount == 10
    assert loan.repayment_due == NOW + 30 * DAY
    assert "amount: 10.000000 USDC" in loan.terms
    line = AuditLog.objects.get(action="loan.approve", success=True)
    assert line.metadata["terms_hash"] == loan.terms_hash


def test_a_changed_term_holds_for_later_advances_only(settings):
    loan = pending("10")
    settings.LOAN_TERM_DAYS = 10
    signed(loan, ANN)

    loans.disburse_loan(loan_id=loan.pk, now=NOW)

    loan.refresh_from_db()
    assert loan.repayment_due == NOW + 30 * DAY


def test_staff_refuse_with_a_reason():
    loan = pending("10")
    with pytest.raises(ReasonMissing):
        loans.reject_loan(loan_id=loan.pk, reason=" ", now=NOW)

    done = loans.reject_loan(loan_id=loan.pk, reason="irregular earnings", now=NOW)

    assert (done.status, done.rejection_reason) == ("cancelled", "irregular earnings")
    with pytest.raises(IllegalMove):
        signed(loan, ANN)
    assert loans.disburse_approved_loans(now=NOW) == 0


# --- Paying out ---------------------------------------------------------------------------------------------


def test_an_approved_advance_waits_for_a_wallet_and_may_be_taken_back():
    worker = WorkerFactory(wallet_address=None)
    loan = pending("10", worker)
    signed(loan, ANN)

    assert loans.disburse_approved_loans(now=NOW) == 0
    cancelled = loans.cancel_loan(loan_id=loan.pk, reason="no need", now=NOW)

    assert cancelled.status == "cancelled"
    assert balance(worker, "loan") == 0
    assert not Transaction.objects.exists()


def test_who_was_suspended_meanwhile_is_not_paid_and_the_others_are():
    one, other = WorkerFactory(), WorkerFactory()
    for worker in (one, other):
        signed(pending("10", worker), ANN)
    workers.suspend_worker(worker_id=one.pk, reason="checks")

    assert loans.disburse_approved_loans(now=NOW) == 1

    assert one.loans.get().status == "approved"
    assert other.loans.get().status == "disbursed"


def test_a_transfer_that_staff_cancel_leaves_the_advance_with_the_worker():
    worker = WorkerFactory()
    loan = pending("10", worker)
    signed(loan, ANN)
    loans.disburse_loan(loan_id=loan.pk, now=NOW)

    payments.cancel_payout(transaction_id=Transaction.objects.get().pk, reason="wrong wallet", now=NOW)

    loan.refresh_from_db()
    assert (loan.status, balance(worker, "available"), balance(worker, "in_transit")) == ("active", 10, 0)
    with pytest.raises(IllegalMove):
        loans.cancel_loan(loan_id=loan.pk, now=NOW)


# --- Late and never -----------------------------------------------------------------------------------------


def test_a_default_costs_reputation_and_what_is_recovered_ends_it():
    worker = WorkerFactory()
    loan = active(worker, "30", 0)
    later = NOW + 60 * DAY + seconds(1)
    assert loans.default_overdue_loans(now=later) == 1
    assert loans.default_overdue_loans(now=later) == 0
    worker.refresh_from_db()
    assert worker.reputation_score == 450

    for _ in range(5):
        earn(worker, "20", now=later)
    loan.refresh_from_db()

    assert (loan.status, loan.amount_repaid, loan.owed) == ("repaid", 30, 0)
    assert loan.defaulted_at == loan.repaid_at == later
    assert balance(worker, "available") == 70
    worker.refresh_from_db()
    assert worker.reputation_score == 450 + 5 * 10 + 10


def test_a_loss_is_borne_when_two_agree_on_the_same_sum():
    worker = WorkerFactory()
    ann, bob = member("ann"), member("bob")
    loan = active(worker, "30", 0)
    later = NOW + 61 * DAY
    asked = {"loan_id": loan.pk, "reason": "gone", "now": later}
    with pytest.raises(NothingOwed):
        ann.does(ask_to_write_off, **asked)
    loans.default_overdue_loans(now=later)

    with pytest.raises(ReasonMissing):
        ann.does(ask_to_write_off, **{**asked, "reason": " "})
    first = ann.does(ask_to_write_off, **asked)
    earn(worker, "2", now=later)
    failed = bob.does(approvals.approve, approval_id=first.pk, now=later)
    loan.refresh_from_db()
    assert (failed.executed_at, loan.amount_written_off) == (None, 0)
    assert "owes 29.00 USDC now" in failed.error
    second = bob.does(ask_to_write_off, **asked)
    ann.does(approvals.approve, approval_id=second.pk, now=later)

    loan.refresh_from_db()
    assert (loan.status, loan.owed, loan.amount_repaid) == ("defaulted", 0, 1)
    assert (balance(worker, "loan"), house_balance("losses")) == (0, -29)
    line = AuditLog.objects.get(action="loan.write_off", success=True)
    assert (line.metadata["requested_by"], line.metadata["approved_by"]) == (str(bob.actor), str(ann.actor))
    with pytest.raises(NothingOwed):
        ann.does(ask_to_write_off, **asked)
    earn(worker, "2", now=later)
    assert balance(worker, "available") == 3
