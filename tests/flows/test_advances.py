"""Stories of advances, from the offer to the last cent: the books balance after each."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, transaction

from audit.approvals import services as approvals
from audit.approvals.errors import SamePerson
from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.log.errors import ReasonMissing
from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.core.errors import IllegalMove
from loans.applications import services as loans
from loans.applications.approvals import approve_or_request
from loans.applications.errors import NotEligible, StaffNeeded
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.recovery import services as recovery_services
from loans.recovery.approvals import request_write_off
from loans.repayment import services as repayment_services
from loans.repayment.errors import NothingOwed
from payments import services as payments
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.services import MilestonePlan
from tests.support.decisions import resolve_dispute, suspend_worker
from tests.support.factories import (
    NOW,
    WorkerFactory,
    accepted,
    balance,
    house_balance,
    running_stream,
    seconds,
    settle,
    started,
)
from tests.support.long_forms import spread
from tests.support.pages.admin import member

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("books_balance_after_each")]
DAY = timedelta(days=1)
ANN = Actor(ActorType.STAFF, "1")


def asked_for(worker, amount):
    return loans.request_advance(worker_id=worker.pk, **accepted(worker, amount))


def active(worker, amount="100", fee_bps=350, now=NOW):
    """Return an advance that has reached the worker's wallet."""
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=fee_bps, now=now)
    with acting(ANN):
        loans.approve_loan(loan_id=loan.pk, now=now)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=now)
    settle(now)
    loan.refresh_from_db()
    return loan


def earn(worker, amount, now=NOW):
    platforms.complete_task(task_id=started(worker, amount=amount, now=now).pk, now=now)


# --- From the offer to the last cent ------------------------------------------------------------------------


def test_a_stream_repays_an_advance_slot_by_slot():
    worker = WorkerFactory()
    loan = active(worker, "2", 200)
    running_stream(worker, total="6", duration=600, interval=60)

    for minute in range(1, 11):
        payments.release_due_streams(now=NOW + seconds(60 * minute))

    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("repaid", Decimal("2.04"))
    parts = LedgerEntry.objects.filter(kind="repayment").order_by("pk").values_list("amount", flat=True)
    # Half of each slot's 0.60, until nothing is owed.
    assert list(parts) == [*[Decimal("0.3")] * 6, Decimal("0.24")]
    assert balance(worker, "available") == 6 - Decimal("2.04")


def test_an_advance_is_repaid_early_in_two_parts():
    worker = WorkerFactory()
    earn(worker, "50")
    loan = active(worker, "30", 0)

    repayment_services.repay_early(loan_id=loan.pk, amount="10", now=NOW)
    done = repayment_services.repay_early(loan_id=loan.pk, now=NOW)

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
    payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(600))


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
    resolve_dispute(task_id=task.pk, outcome="worker", worker_amount="8", now=NOW)


@pytest.mark.parametrize(
    "paid",
    spread(
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
        of="kinds of pay",
        one_in=4,
    ),
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

    asked = ann.does(approve_or_request, loan_id=loan.pk, reason="a good year", now=NOW)
    with pytest.raises(SamePerson):
        ann.does(approvals.approve, approval_id=asked.pk, now=NOW)
    with pytest.raises(IllegalMove):
        disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
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

    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)

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

    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)

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
    assert disbursement_services.disburse_approved_loans(now=NOW) == 0


# --- Paying out ---------------------------------------------------------------------------------------------


def test_an_approved_advance_waits_for_a_wallet_and_may_be_taken_back():
    worker = WorkerFactory(wallet_address=None)
    loan = pending("10", worker)
    signed(loan, ANN)

    assert disbursement_services.disburse_approved_loans(now=NOW) == 0
    cancelled = loans.cancel_loan(loan_id=loan.pk, reason="no need", now=NOW)

    assert cancelled.status == "cancelled"
    assert balance(worker, "loan") == 0
    assert not Transaction.objects.exists()


def test_who_was_suspended_meanwhile_is_not_paid_and_the_others_are():
    one, other = WorkerFactory(), WorkerFactory()
    for worker in (one, other):
        signed(pending("10", worker), ANN)
    suspend_worker(worker_id=one.pk, reason="checks")

    assert disbursement_services.disburse_approved_loans(now=NOW) == 1

    assert one.loans.get().status == "approved"
    assert other.loans.get().status == "disbursed"


def test_a_transfer_that_staff_cancel_leaves_the_advance_with_the_worker():
    worker = WorkerFactory()
    loan = pending("10", worker)
    signed(loan, ANN)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)

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
    assert recovery_services.default_overdue_loans(now=later) == 1
    assert recovery_services.default_overdue_loans(now=later) == 0
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
        ann.does(request_write_off, **asked)
    recovery_services.default_overdue_loans(now=later)

    with pytest.raises(ReasonMissing):
        ann.does(request_write_off, **{**asked, "reason": " "})
    first = ann.does(request_write_off, **asked)
    earn(worker, "2", now=later)
    failed = bob.does(approvals.approve, approval_id=first.pk, now=later)
    loan.refresh_from_db()
    assert (failed.executed_at, loan.amount_written_off) == (None, 0)
    assert "owes 29.00 USDC now" in failed.error
    second = bob.does(request_write_off, **asked)
    ann.does(approvals.approve, approval_id=second.pk, now=later)

    loan.refresh_from_db()
    assert (loan.status, loan.owed, loan.amount_repaid) == ("defaulted", 0, 1)
    assert (balance(worker, "loan"), house_balance("losses")) == (0, -29)
    line = AuditLog.objects.get(action="loan.write_off", success=True)
    assert (line.metadata["requested_by"], line.metadata["approved_by"]) == (str(bob.actor), str(ann.actor))
    with pytest.raises(NothingOwed):
        ann.does(request_write_off, **asked)
    earn(worker, "2", now=later)
    assert balance(worker, "available") == 3
