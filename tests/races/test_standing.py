"""Suspension or leaving while an act waits: the status is read again under the lock, and nothing moves."""

from functools import partial

import pytest

from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from payments import services as payments
from payments.ledger.errors import MoneyLeft
from payments.ledger.services import accounts
from payments.models import Account, LedgerEntry, Transaction
from platforms import services as platforms
from platforms.invitations.errors import WorkerNotFound
from platforms.models import Platform, Task
from platforms.platforms.errors import PlatformDeleted, PlatformSuspended
from platforms.services import WorkReport
from tests.support.database.interleaving import LOCKED, acts, hold
from tests.support.decisions import suspend_worker
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    consent,
    house_balance,
    running_stream,
    seconds,
    settle,
    started,
)
from workers import services as workers
from workers.profiles.errors import WorkerDeleted, WorkerSuspended

pytestmark = pytest.mark.django_db(transaction=True)

SUSPENDED_WORKER = partial(suspend_worker, reason="checks")
SUSPENDED_PLATFORM = partial(platforms.suspend_platform, reason="checks")


def done(worker, amount="10", **kwargs):
    """Return a task of the worker that was completed and paid."""
    task = started(worker, amount=amount, **kwargs)
    return platforms.complete_task(task_id=task.pk, now=NOW)


def known_worker():
    """Return a worker with money history and nothing here: on leaving, they are anonymised, not deleted."""
    worker = WorkerFactory()
    done(worker, amount="1")
    payments.cash_out(worker_id=worker.pk, now=NOW)
    settle(NOW)
    return worker


def account_of(owner, name="available"):
    return Account.objects.get(pk=_account_id(owner, name))


def _account_id(owner, name):
    opened = accounts.of_platform if isinstance(owner, Platform) else accounts.of_worker
    return opened(owner.pk, name)


def meet(call, change, *, row):
    """Return the end of the act when, while it waits for the row, the change is made and committed."""
    with acts() as start:
        holder = start(hold(row), stop_after=LOCKED)
        holder.wait_until_stopped()
        acting = start(call)
        acting.wait_until_blocked(by=holder)
        change()
        holder.outcome()
        return acting.outcome()


def facts():
    """Return every row that money and work could have left behind."""
    return (
        LedgerEntry.objects.count(),
        Transaction.objects.count(),
        Loan.objects.count(),
        sorted(Task.objects.values_list("pk", "status", "worker_id")),
        sorted(Account.objects.exclude(balance=0).values_list("pk", "balance")),
    )


class TestAssignment:
    def test_a_task_is_not_assigned_to_a_worker_who_is_deleted_meanwhile(self, books_balance):
        worker, task = known_worker(), TaskFactory()
        consent(task.platform, worker)
        before = facts()

        refusal = meet(
            partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW),
            partial(workers.delete_worker, worker_id=worker.pk),
            row=account_of(task.platform),
        )

        assert isinstance(refusal, WorkerDeleted | WorkerNotFound)
        assert facts() == before
        books_balance()

    def test_a_task_is_not_assigned_to_a_worker_who_is_suspended_meanwhile(self, books_balance):
        worker, task = WorkerFactory(), TaskFactory()
        consent(task.platform, worker)
        before = facts()

        refusal = meet(
            partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW),
            partial(SUSPENDED_WORKER, worker_id=worker.pk),
            row=account_of(task.platform),
        )

        assert isinstance(refusal, WorkerSuspended)
        assert facts() == before
        books_balance()

    def test_a_platform_that_is_suspended_meanwhile_assigns_nothing(self, books_balance):
        worker, task = WorkerFactory(), TaskFactory()
        consent(task.platform, worker)
        before = facts()

        refusal = meet(
            partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW),
            partial(SUSPENDED_PLATFORM, platform_id=task.platform_id),
            row=account_of(task.platform),
        )

        assert isinstance(refusal, PlatformSuspended)
        assert facts() == before
        books_balance()

    def test_a_worker_who_is_being_assigned_a_task_does_not_leave(self, books_balance):
        worker, task = known_worker(), TaskFactory()
        consent(task.platform, worker)

        with acts() as start:
            assigning = start(
                partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW),
                stop_before="INSERT INTO audit_logs",
            )
            assigning.wait_until_stopped()
            leaving = start(partial(workers.delete_worker, worker_id=worker.pk))
            leaving.wait_until_blocked(by=assigning)
            assert assigning.outcome().status == "assigned"
            assert leaving.outcome().code == "task_not_over"

        books_balance()


class TestPayouts:
    def test_who_is_suspended_meanwhile_cashes_nothing_out(self, books_balance):
        worker = WorkerFactory()
        done(worker)
        before = facts()

        refusal = meet(
            partial(payments.cash_out, worker_id=worker.pk, now=NOW),
            partial(SUSPENDED_WORKER, worker_id=worker.pk),
            row=account_of(worker),
        )

        assert isinstance(refusal, WorkerSuspended)
        assert facts() == before
        books_balance()


class TestAdvances:
    def test_an_advance_is_not_paid_out_to_who_is_suspended_meanwhile(self, books_balance):
        worker = WorkerFactory()
        loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=NOW)
        approve_by_staff(loan_id=loan.pk, now=NOW)
        before = facts()

        refusal = meet(
            partial(disbursement_services.disburse_loan, loan_id=loan.pk, now=NOW),
            partial(SUSPENDED_WORKER, worker_id=worker.pk),
            row=account_of(worker),
        )

        assert isinstance(refusal, WorkerSuspended)
        loan.refresh_from_db()
        assert (loan.status, house_balance("fees"), balance(worker, "loan")) == ("approved", 0, 0)
        assert facts()[:2] == before[:2]
        books_balance()

    def test_who_leaves_meanwhile_requests_no_advance(self, books_balance):
        worker = known_worker()

        with acts() as start:
            requesting = start(
                partial(loans.request_loan, worker_id=worker.pk, amount="20", fee_bps=200, now=NOW),
                stop_before='INSERT INTO "loans"',
            )
            requesting.wait_until_stopped()
            start(partial(workers.delete_worker, worker_id=worker.pk)).outcome()
            assert isinstance(requesting.outcome(), WorkerDeleted)

        assert Loan.objects.count() == 0
        books_balance()

    def test_who_requests_an_advance_does_not_leave_meanwhile(self, books_balance):
        worker = known_worker()

        with acts() as start:
            requesting = start(
                partial(loans.request_loan, worker_id=worker.pk, amount="20", fee_bps=200, now=NOW),
                stop_before="INSERT INTO audit_logs",
            )
            requesting.wait_until_stopped()
            leaving = start(partial(workers.delete_worker, worker_id=worker.pk))
            leaving.wait_until_blocked(by=requesting)
            assert requesting.outcome().status == "pending"
            assert leaving.outcome().code == "open_loan_exists"

        books_balance()


class TestRewards:
    GRANT = partial(payments.grant_reward, amount="5", reason="thanks", key="1", now=NOW)

    def test_who_leaves_meanwhile_is_given_nothing(self, books_balance):
        worker = known_worker()
        before = facts()

        refusal = meet(
            partial(self.GRANT, worker_id=worker.pk),
            partial(workers.delete_worker, worker_id=worker.pk),
            row=account_of(worker),
        )

        assert isinstance(refusal, WorkerDeleted)
        assert facts() == before
        books_balance()

    def test_who_is_being_given_a_reward_does_not_leave(self, books_balance):
        worker = known_worker()

        with acts() as start:
            giving = start(partial(self.GRANT, worker_id=worker.pk), stop_before="INSERT INTO audit_logs")
            giving.wait_until_stopped()
            leaving = start(partial(workers.delete_worker, worker_id=worker.pk))
            leaving.wait_until_blocked(by=giving)
            assert giving.outcome().amount == 5
            assert isinstance(leaving.outcome(), MoneyLeft)

        books_balance()


class TestBonuses:
    def report(self, task):
        return WorkReport(task_id=task.pk, event_type="bonus", external_id="1", amount="1")

    def pay(self, task):
        return partial(
            platforms.record_work_event, platform_id=task.platform_id, report=self.report(task), now=NOW
        )

    def test_a_platform_that_is_suspended_meanwhile_pays_no_bonus(self, books_balance):
        task = done(WorkerFactory())
        before = facts()

        refusal = meet(
            self.pay(task),
            partial(SUSPENDED_PLATFORM, platform_id=task.platform_id),
            row=account_of(task.platform),
        )

        assert isinstance(refusal, PlatformSuspended)
        assert facts() == before
        books_balance()

    def test_a_worker_who_leaves_meanwhile_is_paid_no_bonus(self, books_balance):
        worker = known_worker()
        task = Task.objects.get(worker=worker)
        before = facts()

        refusal = meet(
            self.pay(task), partial(workers.delete_worker, worker_id=worker.pk), row=account_of(task.platform)
        )

        assert isinstance(refusal, WorkerDeleted)
        assert facts() == before
        books_balance()

    def test_a_worker_who_is_being_paid_a_bonus_does_not_leave(self, books_balance):
        worker = known_worker()
        task = Task.objects.get(worker=worker)

        with acts() as start:
            paying = start(self.pay(task), stop_before='INSERT INTO "work_events"')
            paying.wait_until_stopped()
            leaving = start(partial(workers.delete_worker, worker_id=worker.pk))
            leaving.wait_until_blocked(by=paying)
            assert paying.outcome()[1] is True
            assert isinstance(leaving.outcome(), MoneyLeft)

        assert balance(worker, "available") == 1
        books_balance()


class TestPlatforms:
    def test_a_platform_that_leaves_meanwhile_posts_no_task(self, books_balance):
        platform = PlatformFactory()

        with acts() as start:
            posting = start(
                partial(
                    platforms.create_task,
                    platform_id=platform.pk,
                    plan=platforms.TaskPlan(title="late", amount="1", task_type="fixed"),
                    now=NOW,
                ),
                stop_before='INSERT INTO "tasks"',
            )
            posting.wait_until_stopped()
            leaving = start(partial(platforms.delete_platform, platform_id=platform.pk))
            leaving.wait_until_blocked_or_done(by=posting)
            outcomes = posting.outcome(), leaving.outcome()

        posted = Task.objects.filter(platform=platform).exists()
        gone = not Platform.objects.filter(pk=platform.pk, deleted_at=None).exists()
        assert posted != gone, outcomes
        books_balance()

    def test_nothing_is_deposited_with_a_platform_that_leaves_meanwhile(self, books_balance):
        platform = platform_with_history()
        before = facts()

        refusal = meet(
            partial(
                payments.book_deposit, platform_id=platform.pk, amount="5", tx_hash=f"0x{'e' * 64}", now=NOW
            ),
            partial(platforms.delete_platform, platform_id=platform.pk),
            row=account_of(platform),
        )

        assert isinstance(refusal, PlatformDeleted)
        assert facts() == before
        books_balance()

    def test_a_platform_that_is_suspended_meanwhile_tops_nothing_up(self, books_balance):
        stream = running_stream(total="36")
        before = facts()

        refusal = meet(
            partial(payments.top_up_stream, stream_id=stream.pk, amount="3.6", now=NOW + seconds(5)),
            partial(SUSPENDED_PLATFORM, platform_id=stream.platform_id),
            row=account_of(stream.platform),
        )

        assert isinstance(refusal, PlatformSuspended)
        assert facts() == before
        books_balance()

    def test_nothing_is_adjusted_into_the_account_of_who_leaves_meanwhile(self, books_balance):
        worker = known_worker()
        before = facts()

        refusal = meet(
            partial(
                payments.adjust,
                debit_account=accounts.of_house("losses"),
                credit_account=account_of(worker).pk,
                amount="3",
                reason="found",
                requested_by="staff:1",
                approved_by="staff:2",
                key="1",
                now=NOW,
            ),
            partial(workers.delete_worker, worker_id=worker.pk),
            row=account_of(worker),
        )

        assert isinstance(refusal, WorkerDeleted)
        assert facts() == before
        books_balance()


def platform_with_history():
    """Return a platform that has had money here and has none now: on leaving, it is anonymised, not
    deleted."""
    platform = PlatformFactory(funds="10.2")
    done(WorkerFactory(), platform=platform)
    return platform
