"""Earnings of a worker: every way of being paid adds up."""

from decimal import Decimal

import pytest

from loans.policy.reports import WorkerEarnings
from loans.repayment import services as repayment_services
from payments import services as payments
from platforms import services as platforms
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    WorkerFactory,
    assigned,
    balance,
    running_stream,
    seconds,
)
from tests.support.histories import (
    active_loan,
    bonus,
    cancelled,
    columns,
    completed,
    days,
    in_the_ledger,
    milestone_task,
)

pytestmark = pytest.mark.django_db


def test_earnings_of_a_worker_without_history_are_zeros(now):
    worker = WorkerFactory(now=now)

    row = WorkerEarnings.objects.get(worker=worker)

    assert columns(row, without=("worker",)) == {
        "total_tasks": 0,
        "completed_tasks": 0,
        "active_tasks": 0,
        "earned_amount": 0,
        "released_amount": 0,
        "pending_amount": 0,
        "payout_amount": 0,
        "advance_amount": 0,
        "repayment_amount": 0,
        "reward_amount": 0,
        "quest_amount": 0,
        "in_transit_amount": 0,
        "available_amount": 0,
        "open_loans": 0,
        "owed_amount": 0,
        "completion_rate": 0,
        "average_rating": None,
        "on_time_rate": 0,
    }


def test_earnings_add_up_every_way_of_being_paid(now, platform):
    worker = WorkerFactory(now=now - days(30))
    start = now - seconds(600)
    on_time = completed(worker, platform=platform, amount="20", at=start, due_at=start, rating=5)
    completed(worker, platform=platform, amount="10", at=start, due_at=start - seconds(1), rating=4)
    paid_then_disputed = completed(worker, platform=platform, amount="5", at=start)
    platforms.dispute_task(task_id=paid_then_disputed.pk, severity=1, reason="unfinished", now=now)
    assigned(worker, platform=platform, amount="7", now=start)
    cancelled(worker, platform=platform, amount="9", at=start)
    half_way = milestone_task(worker, "4", "6", platform=platform, at=start)
    platforms.approve_milestone(task_id=half_way.pk, number=1, now=now)
    split = milestone_task(worker, "1", "10", platform=platform, at=start)
    platforms.approve_milestone(task_id=split.pk, number=1, now=start)
    platforms.dispute_task(task_id=split.pk, severity=1, reason="late", now=start)
    resolve_dispute(task_id=split.pk, outcome="platform", worker_amount="3", now=now)
    off = running_stream(worker, platform=platform, total="60", now=now - seconds(1800))
    payments.cancel_stream(stream_id=off.pk, now=now)
    running_stream(worker, platform=platform, total="100", now=start)
    payments.release_due_streams(now=now)
    bonus(on_time, "2", at=now)
    payments.grant_reward(worker_id=worker.pk, amount="1.5", reason="thanks", key="thanks", now=now)
    payments.cash_out(worker_id=worker.pk, amount="15", now=now)
    loan = active_loan(worker, "10", at=now)
    repayment_services.repay_early(loan_id=loan.pk, amount="4", now=now)
    payments.cash_out(worker_id=worker.pk, amount="5", now=now)

    row = WorkerEarnings.objects.get(worker=worker)

    # Fixed 20 + 10 + 5, milestones 4 + 1 + 3, streams 30 + 16.666666, bonus and reward 2 + 1.5.
    assert columns(row) == {
        "worker": worker.pk,
        "total_tasks": 9,
        "completed_tasks": 2,
        "active_tasks": 4,
        "earned_amount": Decimal("93.166666"),
        "released_amount": Decimal("46.666666"),
        "pending_amount": Decimal("7") + Decimal("6") + Decimal("83.333334"),
        "payout_amount": 15,
        "advance_amount": 10,
        "repayment_amount": 4,
        "reward_amount": Decimal("3.5"),
        "quest_amount": 0,
        "in_transit_amount": 5,
        "available_amount": Decimal("69.166666"),
        "open_loans": 1,
        "owed_amount": Decimal("6.2"),
        # Two completed and a third ended by the worker's fault; cancellations by the platform count in
        # neither.
        "completion_rate": Decimal("66.67"),
        "average_rating": Decimal("4.50"),
        "on_time_rate": Decimal("50.00"),
    }
    assert row.earned_amount == in_the_ledger(worker)
    assert row.available_amount == balance(worker, "available")
    assert row.owed_amount == -balance(worker, "loan")


def test_pay_of_another_worker_is_not_counted(now, platform):
    worker, other = WorkerFactory(now=now), WorkerFactory(now=now)
    completed(other, platform=platform, amount="20", at=now)

    assert WorkerEarnings.objects.get(worker=worker).earned_amount == 0
    assert WorkerEarnings.objects.get(worker=other).earned_amount == 20
