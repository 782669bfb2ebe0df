"""Twenty people at one door."""

from decimal import Decimal
from functools import partial

import pytest

from loans import services as loans
from loans.models import Loan
from payments import services as payments
from payments.errors import InsufficientFunds
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.models import WorkEvent
from platforms.services import WorkReport
from tests.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    balance,
    sandbox,
    seconds,
    started,
)

pytestmark = pytest.mark.django_db(transaction=True)


def earn(worker, amount):
    platforms.complete_task(task_id=started(worker, amount=amount).pk, now=NOW)


def test_twenty_cash_outs_share_what_is_there(at_once, books_balance):
    worker = WorkerFactory()
    earn(worker, "10")

    paid, refusals = at_once(*[partial(payments.cash_out, worker_id=worker.pk, amount="1", now=NOW)] * 20)

    assert len(paid) == 10
    assert {type(refusal) for refusal in refusals} == {InsufficientFunds}
    assert (balance(worker, "available"), balance(worker, "in_transit")) == (0, 10)
    assert len({payout.idempotency_key for payout in paid}) == 10
    books_balance()


def test_a_task_is_completed_once(at_once, books_balance):
    task = started(amount="10")

    done, refusals = at_once(*[partial(platforms.complete_task, task_id=task.pk, now=NOW)] * 8)

    assert (len(done), len(refusals)) == (1, 7)
    assert LedgerEntry.objects.filter(kind="earning").count() == 1
    books_balance()


def test_a_dispute_and_a_completion_happen_in_some_order(at_once, books_balance):
    task = started(amount="10")

    at_once(
        partial(platforms.complete_task, task_id=task.pk, now=NOW),
        partial(platforms.dispute_task, task_id=task.pk, severity=1, reason="x", now=NOW),
    )

    task.refresh_from_db()
    assert task.status == "disputed"
    assert balance(task.worker, "available") in (0, 10)
    books_balance()


def test_assigning_ten_tasks_spends_the_balance_once(at_once, books_balance):
    platform = PlatformFactory(funds="30.60")
    tasks = [TaskFactory(platform=platform, amount="10") for _ in range(10)]
    workers = [WorkerFactory() for _ in tasks]

    held, refusals = at_once(
        *[
            partial(platforms.assign_task, task_id=task.pk, worker_id=worker.pk, now=NOW)
            for task, worker in zip(tasks, workers, strict=True)
        ]
    )

    assert (len(held), len(refusals)) == (3, 7)
    assert balance(platform, "escrow") == Decimal("30.60")
    books_balance()


def test_one_report_sent_ten_times_is_one_fact(at_once, books_balance):
    task = started(amount="10")
    report = WorkReport(task.pk, "bonus", external_id="b-1", amount="2")

    answers, refusals = at_once(
        *[partial(platforms.record_work_event, platform_id=task.platform_id, report=report, now=NOW)] * 10
    )

    assert not refusals
    assert sorted(new for _, new in answers) == [False] * 9 + [True]
    assert WorkEvent.objects.count() == 1
    assert balance(task.worker, "available") == 2
    books_balance()


def test_the_same_deposit_seen_ten_times_is_credited_once(at_once, books_balance):
    platform = PlatformFactory()

    at_once(*[partial(payments.deposit, platform_id=platform.pk, amount="5", tx_hash="0xaa", now=NOW)] * 10)

    assert balance(platform, "available") == 5
    books_balance()


def test_twenty_requests_make_one_loan(at_once):
    worker = WorkerFactory()
    at_once(*[partial(loans.request_loan, worker_id=worker.pk, amount="10", fee_bps=200, now=NOW)] * 20)
    assert Loan.objects.count() == 1


def test_four_processes_make_submit_and_settle_each_payout_once(at_once, books_balance):
    for _ in range(12):
        earn(WorkerFactory(), "10")

    at_once(*[partial(payments.create_due_payouts, now=NOW)] * 4)
    assert Transaction.objects.filter(type="payout").count() == 12
    at_once(*[partial(payments.submit_payouts, now=NOW, provider=sandbox(NOW))] * 4)
    later = NOW + seconds(60)
    at_once(*[partial(payments.poll_settlements, now=later, provider=sandbox(later))] * 4)

    assert set(Transaction.objects.filter(type="payout").values_list("status", "retry_count")) == {
        ("confirmed", 1)
    }
    assert LedgerEntry.objects.filter(kind="payout_settled").count() == 12
    books_balance()


def test_a_cancellation_and_a_submission_leave_one_of_the_two(at_once, books_balance):
    worker = WorkerFactory()
    earn(worker, "10")
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)

    at_once(
        partial(payments.cancel_payout, transaction_id=payout.pk, now=NOW),
        partial(payments.submit_payouts, now=NOW, provider=sandbox(NOW)),
    )

    payout.refresh_from_db()
    assert payout.status in ("cancelled", "submitted")
    assert balance(worker, "in_transit") == (10 if payout.status == "submitted" else 0)
    books_balance()


def test_many_tasks_of_one_worker_ending_at_once_are_all_counted(at_once, books_balance):
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    tasks = [started(worker, amount="10", platform=platform) for _ in range(8)]

    at_once(*[partial(platforms.complete_task, task_id=task.pk, now=NOW) for task in tasks])

    worker.refresh_from_db()
    platform.refresh_from_db()
    assert (worker.total_tasks, worker.total_earned, worker.completion_rate) == (8, 80, 100)
    assert (platform.total_payouts, platform.active_workers, platform.unique_workers) == (80, 0, 1)
    books_balance()


def test_one_email_registers_once(at_once):
    calls = [partial(WorkerFactory, email="a@example.com", wallet_address=None)] * 6
    made, refusals = at_once(*calls)
    assert len(made) == 1
    assert {refusal.code for refusal in refusals} == {"email_taken"}
