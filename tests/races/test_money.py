"""Twenty callers for the same money."""

from decimal import Decimal
from functools import partial

import pytest

from loans.applications import services as loans
from loans.applications.errors import OpenLoanExists
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from payments import services as payments
from payments.ledger.errors import InsufficientFunds
from payments.models import Account, LedgerEntry, Transaction
from platforms import services as platforms
from platforms.models import WorkEvent
from platforms.services import WorkReport
from platforms.tasks.errors import TaskNotOpen
from tests.support.database.interleaving import LOCKED, acts
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    approve_by_staff,
    balance,
    consent,
    running_stream,
    seconds,
    started,
)

pytestmark = pytest.mark.django_db(transaction=True)


def earn(worker, amount):
    platforms.complete_task(task_id=started(worker, amount=amount).pk, now=NOW)


def account_of(owner, name):
    return Account.objects.get(pk=owner.accounts.get(name=name).pk)


class TestCashOuts:
    @pytest.fixture
    def worker(self):
        worker = WorkerFactory()
        earn(worker, "10")
        return worker

    def test_twenty_of_1_share_the_10_that_are_there(self, at_once, books_balance, worker):
        paid, refusals = at_once(
            *[partial(payments.cash_out, worker_id=worker.pk, amount="1", now=NOW)] * 20,
            behind=account_of(worker, "available"),
        )

        assert (len(paid), [type(refusal) for refusal in refusals]) == (10, [InsufficientFunds] * 10)
        assert (balance(worker, "available"), balance(worker, "in_transit")) == (0, 10)
        assert {payout.idempotency_key for payout in paid} == {
            f"payout:{worker.pk}:{number}" for number in range(1, 11)
        }
        books_balance()

    def test_twenty_of_everything_are_one(self, at_once, books_balance, worker):
        paid, refusals = at_once(
            *[partial(payments.cash_out, worker_id=worker.pk, now=NOW)] * 20,
            behind=account_of(worker, "available"),
        )

        assert [payout.amount for payout in paid] == [10]
        assert [type(refusal) for refusal in refusals] == [InsufficientFunds] * 19
        assert (balance(worker, "available"), balance(worker, "in_transit")) == (0, 10)
        books_balance()


class TestCompletion:
    def test_of_eight_one_succeeds(self, at_once, books_balance):
        task = started(amount="10")

        done, refusals = at_once(
            *[partial(platforms.complete_task, task_id=task.pk, now=NOW)] * 8, behind=task
        )

        assert (len(done), [refusal.code for refusal in refusals]) == (1, ["illegal_status"] * 7)
        assert LedgerEntry.objects.filter(kind="earning").count() == 1
        assert balance(task.worker, "available") == 10
        books_balance()

    def test_and_then_a_dispute_finds_the_task_paid(self, books_balance):
        task = started(amount="10")

        with acts() as start:
            completing = start(
                partial(platforms.complete_task, task_id=task.pk, now=NOW),
                stop_after=f'FROM "tasks".*{LOCKED}',
            )
            completing.wait_until_stopped()
            disputing = start(self.dispute(task))
            disputing.wait_until_blocked(by=completing)
            assert completing.outcome().status == "completed"
            assert disputing.outcome().task.status == "disputed"

        task.refresh_from_db()
        assert (task.status, task.paid_amount, balance(task.worker, "available")) == ("disputed", 10, 10)
        books_balance()

    def test_of_a_task_that_is_being_disputed_is_refused(self, books_balance):
        task = started(amount="10")

        with acts() as start:
            disputing = start(self.dispute(task), stop_after=f'FROM "tasks".*{LOCKED}')
            disputing.wait_until_stopped()
            completing = start(partial(platforms.complete_task, task_id=task.pk, now=NOW))
            completing.wait_until_blocked(by=disputing)
            assert disputing.outcome().task.status == "disputed"
            assert isinstance(completing.outcome(), TaskNotOpen)

        task.refresh_from_db()
        assert (task.status, task.paid_amount, balance(task.worker, "available")) == ("disputed", None, 0)
        books_balance()

    @staticmethod
    def dispute(task):
        return partial(platforms.dispute_task, task_id=task.pk, severity=1, reason="late", now=NOW)

    def test_of_many_tasks_of_one_worker_is_counted_for_each(self, at_once, books_balance):
        worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
        earn(worker, "1")
        tasks = [started(worker, amount="10", platform=platform) for _ in range(8)]

        done, refusals = at_once(
            *[partial(platforms.complete_task, task_id=task.pk, now=NOW) for task in tasks],
            behind=account_of(worker, "available"),
        )

        assert (len(done), refusals) == (8, [])
        worker.refresh_from_db()
        platform.refresh_from_db()
        assert (worker.total_tasks, worker.total_earned, worker.completion_rate) == (9, 81, 100)
        assert (platform.total_payouts, platform.active_workers, platform.unique_workers) == (80, 0, 1)
        books_balance()


def test_ten_assignments_spend_the_balance_once(at_once, books_balance):
    platform = PlatformFactory(funds="30.60")
    tasks = [TaskFactory(platform=platform, amount="10") for _ in range(10)]
    workers = [WorkerFactory() for _ in tasks]
    for worker in workers:
        consent(platform, worker)

    held, refusals = at_once(
        *[
            partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW)
            for task, worker in zip(tasks, workers, strict=True)
        ],
        behind=account_of(platform, "available"),
    )

    assert (len(held), [type(refusal) for refusal in refusals]) == (3, [InsufficientFunds] * 7)
    assert (balance(platform, "available"), balance(platform, "escrow")) == (0, Decimal("30.60"))
    books_balance()


def test_a_last_release_and_a_completion_of_the_other_task_pay_both(at_once, books_balance):
    """Two ends of work for the same worker and platform: every lock that both need, in the same order."""
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    running_stream(worker, total="36", duration=3600, interval=60, platform=platform)
    task = started(worker, amount="10", platform=platform)
    end = NOW + seconds(3600)

    released, completed = (
        partial(payments.release_due_streams, now=end),
        partial(platforms.complete_task, task_id=task.pk, now=end),
    )
    done, refusals = at_once(released, completed, behind=account_of(worker, "available"))

    assert (len(done), refusals) == (2, [])
    worker.refresh_from_db()
    assert (worker.total_tasks, worker.total_earned, balance(worker, "available")) == (2, 46, 46)
    books_balance()


def test_one_report_sent_ten_times_is_one_fact(at_once, books_balance):
    task = started(amount="10")
    report = WorkReport(task.pk, "bonus", external_id="b-1", amount="2")

    answers, refusals = at_once(
        *[partial(platforms.record_work_event, platform_id=task.platform_id, report=report, now=NOW)] * 10,
        behind=task,
    )

    assert refusals == []
    assert sorted(new for _, new in answers) == [False] * 9 + [True]
    assert {event.pk for event, _ in answers} == {WorkEvent.objects.get().pk}
    assert balance(task.worker, "available") == 2
    books_balance()


def test_the_same_deposit_seen_ten_times_is_credited_once(at_once, books_balance):
    platform = PlatformFactory(funds="1")

    seen, refusals = at_once(
        *[partial(payments.book_deposit, platform_id=platform.pk, amount="5", tx_hash="0xaa", now=NOW)] * 10,
        behind=account_of(platform, "available"),
    )

    assert refusals == []
    assert {deposit.pk for deposit in seen} == {Transaction.objects.get(tx_hash="0xaa").pk}
    assert balance(platform, "available") == 6
    books_balance()


def test_one_deposit_claimed_by_two_platforms_is_credited_to_one(at_once, books_balance):
    claimants = [PlatformFactory(funds="1") for _ in range(2)]

    credited, refusals = at_once(
        *[
            partial(payments.book_deposit, platform_id=one.pk, amount="5", tx_hash="0xaa", now=NOW)
            for one in claimants
        ],
        behind=Account.objects.get(name="outside"),
    )

    assert (len(credited), [refusal.code for refusal in refusals]) == (1, ["idempotency_mismatch"])
    assert sorted(balance(one, "available") for one in claimants) == [1, 6]
    books_balance()


def test_twenty_requests_make_one_loan(at_once, books_balance):
    worker = WorkerFactory()

    made, refusals = at_once(
        *[partial(loans.request_loan, worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)] * 20
    )

    assert (len(made), [type(refusal) for refusal in refusals]) == (1, [OpenLoanExists] * 19)
    assert Loan.objects.get() == made[0]
    books_balance()


def test_a_loan_is_disbursed_once(at_once, books_balance):
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)

    paid, refusals = at_once(
        *[partial(disbursement_services.disburse_loan, loan_id=loan.pk, now=NOW)] * 8, behind=loan
    )

    assert (len(paid), [refusal.code for refusal in refusals]) == (1, ["illegal_status"] * 7)
    assert Transaction.objects.filter(type="advance").count() == 1
    assert (balance(worker, "in_transit"), balance(worker, "loan")) == (10, Decimal("-10.2"))
    books_balance()


def test_one_email_registers_once(at_once):
    calls = [partial(WorkerFactory, email="a@example.com", wallet_address=None)] * 6
    made, refusals = at_once(*calls)
    assert (len(made), [refusal.code for refusal in refusals]) == (1, ["email_taken"] * 5)
