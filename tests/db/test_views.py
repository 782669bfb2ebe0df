"""The views answer exactly what hand-made histories add up to, and from indexes."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import Model, Sum
from django.forms.models import model_to_dict

from gigstream.lib.errors import GuardedWrite
from gigstream.lib.reports import Report
from loans import services as loans
from loans.models import Loan
from loans.reports import LoanRepaymentStatus, WorkerEarnings, WorkerRiskAssessment
from payments import services as payments
from payments.models import LedgerEntry, Stream, TransactionDay
from payments.reports import ActiveStream, DailyTransactionSummary, PlatformPerformance
from platforms import services as platforms
from platforms.models import Platform, Task
from platforms.reports import TaskCompletionStats
from reputation import services as reputation
from reputation.calculations import tier_of
from reputation.models import ReputationEvent
from reputation.reports import ReputationHistory
from tests.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    balance,
    fund,
    running_stream,
    seconds,
    settle,
    started,
)
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db

REPORTS = [model for model in apps.get_models() if issubclass(model, Report)]


@pytest.fixture
def now() -> datetime:
    """The time that the views take for now: that of the test's transaction."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        return cursor.fetchone()[0]


@pytest.fixture
def platform(now: datetime) -> Platform:
    platform = PlatformFactory(now=now - days(100))
    fund(platform, "100000", now=now - days(100))
    return platform


def days(count: float) -> timedelta:
    return timedelta(days=count)


def columns(row: Model, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Every column of a report row by name, foreign keys as ids."""
    return {name: value for name, value in model_to_dict(row).items() if name not in without}


def completed(
    worker: Worker,
    *,
    at: datetime,
    took: timedelta = timedelta(hours=1),
    rating: int | None = None,
    **kwargs: Any,
) -> Task:
    """A task that was posted and begun `took` before it was completed at `at`."""
    task = started(worker, now=at - took, **kwargs)
    platforms.complete_task(task_id=task.pk, now=at)
    if rating:
        platforms.rate_worker(task_id=task.pk, rating=rating, now=at)
    return Task.objects.get(pk=task.pk)


def cancelled(worker: Worker, *, at: datetime, **kwargs: Any) -> Task:
    task = assigned(worker, now=at - seconds(60), **kwargs)
    return platforms.cancel_task(task_id=task.pk, now=at)


def lost(worker: Worker, *, at: datetime, **kwargs: Any) -> None:
    """A task whose dispute was decided against the worker, all of it given back to the platform."""
    task = started(worker, now=at - seconds(60), **kwargs)
    platforms.dispute_task(task_id=task.pk, severity=1, reason="wrong", now=at)
    platforms.resolve_dispute(task_id=task.pk, outcome="platform", worker_amount="0", now=at)


def milestone_task(worker: Worker, *amounts: str, at: datetime, **kwargs: Any) -> Task:
    plan = [platforms.MilestonePlan(f"step {n}", amount) for n, amount in enumerate(amounts, start=1)]
    total = sum(Decimal(amount) for amount in amounts)
    return started(worker, task_type="milestone", amount=total, milestones=plan, now=at, **kwargs)


def bonus(task: Task, amount: str, *, at: datetime) -> None:
    report = platforms.WorkReport(task.pk, "bonus", external_id=f"bonus {task.pk}", amount=amount)
    platforms.record_work_event(platform_id=task.platform_id, report=report, now=at)


def active_loan(worker: Worker, amount: str = "10", *, at: datetime) -> Loan:
    """A loan of `amount` at 2 %, whose advance the chain has confirmed."""
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=200, now=at)
    approve_by_staff(loan_id=loan.pk, now=at)
    loans.disburse_loan(loan_id=loan.pk, now=at)
    settle(at)
    return Loan.objects.get(pk=loan.pk)


def repay(loan: Loan, amount: str | None = None, *, at: datetime) -> Loan:
    """The worker repays out of a reward."""
    value = loan.owed if amount is None else Decimal(amount)
    payments.grant_reward(
        worker_id=loan.worker_id, amount=value, reason="a gift", key=f"{loan.pk}:{at}", now=at
    )
    return loans.repay_early(loan_id=loan.pk, amount=value, now=at)


# --- worker_earnings_view -----------------------------------------------------------------------------------


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
    platforms.resolve_dispute(task_id=split.pk, outcome="platform", worker_amount="3", now=now)
    off = running_stream(worker, platform=platform, total="60", now=now - seconds(1800))
    payments.cancel_stream(stream_id=off.pk, now=now)
    running_stream(worker, platform=platform, total="100", now=start)
    payments.release_due_streams(now=now)
    bonus(on_time, "2", at=now)
    payments.grant_reward(worker_id=worker.pk, amount="1.5", reason="thanks", key="thanks", now=now)
    payments.cash_out(worker_id=worker.pk, amount="15", now=now)
    loan = active_loan(worker, "10", at=now)
    loans.repay_early(loan_id=loan.pk, amount="4", now=now)
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
        "in_transit_amount": 5,
        "available_amount": Decimal("69.166666"),
        "open_loans": 1,
        "owed_amount": Decimal("6.2"),
        # Two completed and one ended by the worker's fault; those the platform cancelled count in neither.
        "completion_rate": Decimal("66.67"),
        "average_rating": Decimal("4.50"),
        "on_time_rate": Decimal("50.00"),
    }
    assert row.earned_amount == in_the_ledger(worker)
    assert row.available_amount == balance(worker, "available")
    assert row.owed_amount == -balance(worker, "loan")


def in_the_ledger(worker: Worker) -> Decimal:
    entries = LedgerEntry.objects.filter(
        credit_account__worker=worker,
        credit_account__name="available",
        kind__in=["release", "earning", "reward"],
    )
    return entries.aggregate(total=Sum("amount"))["total"]


def test_pay_of_another_worker_is_not_counted(now, platform):
    worker, other = WorkerFactory(now=now), WorkerFactory(now=now)
    completed(other, platform=platform, amount="20", at=now)

    assert WorkerEarnings.objects.get(worker=worker).earned_amount == 0
    assert WorkerEarnings.objects.get(worker=other).earned_amount == 20


# --- platform_performance_view ------------------------------------------------------------------------------


def test_performance_of_a_platform_without_work_is_zeros(now):
    platform = PlatformFactory(now=now)

    row = PlatformPerformance.objects.get(platform=platform)

    assert columns(row, without=("platform",)) == {
        "total_tasks": 0,
        "open_tasks": 0,
        "completed_tasks": 0,
        "cancelled_tasks": 0,
        "paid_amount": 0,
        "bonus_amount": 0,
        "fee_amount": 0,
        "unique_workers": 0,
        "unique_workers_7_days": 0,
        "unique_workers_30_days": 0,
        "average_completion_seconds": None,
    }


def test_performance_of_a_platform_counts_its_tasks_pay_fees_and_workers(now, platform):
    recent, older, oldest = (WorkerFactory(now=now - days(90)) for _ in range(3))
    TaskFactory(platform=platform, now=now)
    done = completed(recent, platform=platform, amount="10.000001", at=now - days(6), took=timedelta(hours=1))
    completed(recent, platform=platform, amount="20", at=now - days(5), took=timedelta(hours=2))
    completed(older, platform=platform, amount="30", at=now - days(29), took=timedelta(hours=6))
    cancelled(oldest, platform=platform, amount="40", at=now - days(31))
    steps = milestone_task(recent, "5", "15", platform=platform, at=now - days(1))
    platforms.approve_milestone(task_id=steps.pk, number=1, now=now)
    running_stream(recent, platform=platform, total="60", now=now - seconds(1800))
    payments.release_due_streams(now=now)
    bonus(done, "2.5", at=now)

    row = PlatformPerformance.objects.get(platform=platform)

    # The running stream has released 30 and is charged its fee when it ends.
    assert columns(row) == {
        "platform": platform.pk,
        "total_tasks": 7,
        "open_tasks": 2,
        "completed_tasks": 3,
        "cancelled_tasks": 1,
        "paid_amount": Decimal("95.000001"),
        "bonus_amount": Decimal("2.5"),
        "fee_amount": Decimal("1.35"),
        "unique_workers": 3,
        "unique_workers_7_days": 1,
        "unique_workers_30_days": 2,
        "average_completion_seconds": 3 * 3600,
    }
    fees = LedgerEntry.objects.filter(kind="fee", debit_account__platform=platform)
    assert row.fee_amount == fees.aggregate(total=Sum("amount"))["total"]


# --- task_completion_stats_view -----------------------------------------------------------------------------


def test_completion_stats_have_a_row_per_type_even_without_tasks(now):
    platform = PlatformFactory(now=now)

    rows = TaskCompletionStats.objects.filter(platform=platform).order_by("task_type")

    assert [row.task_type for row in rows] == ["fixed", "milestone", "time_based"]
    assert columns(rows[0]) == {
        "id": f"{platform.pk}:fixed",
        "platform": platform.pk,
        "task_type": "fixed",
        "total_tasks": 0,
        "open_tasks": 0,
        "completed_tasks": 0,
        "cancelled_tasks": 0,
        "disputed_tasks": 0,
        "success_rate": 0,
        "average_seconds": None,
        "median_seconds": None,
        "p95_seconds": None,
    }


def test_completion_stats_time_completed_tasks_by_type(now, platform):
    worker = WorkerFactory(now=now)
    for hours in (1, 2, 3, 10):
        completed(worker, platform=platform, at=now, took=timedelta(hours=hours))
    cancelled(worker, platform=platform, at=now)
    started(worker, platform=platform, now=now)
    disputed = started(worker, platform=platform, now=now)
    platforms.dispute_task(task_id=disputed.pk, severity=2, reason="wrong", now=now)
    stream = running_stream(worker, platform=platform, now=now - seconds(3600))
    payments.release_due_streams(now=now)

    rows = {row.task_type: row for row in TaskCompletionStats.objects.filter(platform=platform)}

    # Median between the 2nd and 3rd of 1, 2, 3, 10 hours; the 95th percentile is 0.85 on from the 3rd.
    assert columns(rows["fixed"], without=("id", "platform")) == {
        "task_type": "fixed",
        "total_tasks": 7,
        "open_tasks": 1,
        "completed_tasks": 4,
        "cancelled_tasks": 1,
        "disputed_tasks": 1,
        "success_rate": Decimal("66.67"),
        "average_seconds": 4 * 3600,
        "median_seconds": Decimal("2.5") * 3600,
        "p95_seconds": Decimal("8.95") * 3600,
    }
    streamed = rows["time_based"]
    assert Stream.objects.get(pk=stream.pk).status == "completed"
    assert (streamed.completed_tasks, streamed.success_rate) == (1, 100)
    assert streamed.average_seconds == streamed.median_seconds == streamed.p95_seconds == 3600
    assert rows["milestone"].total_tasks == 0


# --- active_streams_view ------------------------------------------------------------------------------------


def test_an_active_stream_shows_what_vested_and_when_it_releases_next(now, platform):
    worker = WorkerFactory(now=now)
    stream = running_stream(worker, platform=platform, total="100", now=now - seconds(90))
    payments.release_due_streams(now=now)

    row = ActiveStream.objects.get(stream=stream)

    assert columns(row) == {
        "stream": stream.pk,
        "task": stream.task_id,
        "task_title": stream.task.title,
        "worker": worker.pk,
        "worker_name": worker.full_name,
        "platform": platform.pk,
        "platform_name": platform.name,
        "total_amount": 100,
        "released_amount": Decimal("1.666666"),
        "remaining_amount": Decimal("98.333334"),
        "vested_amount": Decimal("2.5"),
        "claimable_amount": Decimal("0.833334"),
        "progress_percent": Decimal("1.67"),
        "releases": 1,
        "release_interval": 60,
        "start_at": now - seconds(90),
        "end_at": now + seconds(3510),
        "next_release_at": now + seconds(30),
        "seconds_to_next_release": 30,
    }


def test_a_stream_resumed_counts_without_its_pause(now, platform):
    stream = running_stream(WorkerFactory(now=now), platform=platform, total="3600", now=now - seconds(300))
    payments.pause_stream(stream_id=stream.pk, now=now - seconds(200))
    assert not ActiveStream.objects.filter(stream=stream).exists()
    payments.resume_stream(stream_id=stream.pk, now=now - seconds(150))

    row = ActiveStream.objects.get(stream=stream)

    assert (row.released_amount, row.vested_amount, row.claimable_amount) == (100, 250, 150)
    assert row.progress_percent == Decimal("2.78")
    assert row.seconds_to_next_release == 0


def test_streams_that_ended_are_not_active(now, platform):
    stream = running_stream(WorkerFactory(now=now), platform=platform, now=now)
    payments.cancel_stream(stream_id=stream.pk, now=now)

    assert list(ActiveStream.objects.all()) == []


# --- daily_transaction_summary ------------------------------------------------------------------------------


def test_there_are_no_daily_rows_without_transactions():
    assert list(DailyTransactionSummary.objects.all()) == []


def test_transactions_add_up_by_utc_day_type_and_status(now):
    midnight = (now - days(10)).replace(hour=0, minute=0, second=0, microsecond=0)
    platform = PlatformFactory(now=midnight)
    for amount, at in (
        ("10", midnight),
        ("5", midnight + days(1) - timedelta(microseconds=1)),
        ("0.000001", midnight + days(1) - timedelta(microseconds=1)),
        ("7", midnight + days(1)),
    ):
        fund(platform, amount, now=at)
    worker = WorkerFactory(now=midnight)
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="thanks", key="a", now=midnight)
    payments.cash_out(worker_id=worker.pk, now=midnight + days(2))

    rows = {row.id: row for row in DailyTransactionSummary.objects.order_by("day", "type")}

    first, second, third = (f"{midnight + days(n):%Y-%m-%d}" for n in range(3))
    assert list(rows) == [
        f"{first}:deposit:confirmed",
        f"{first}:reward:confirmed",
        f"{second}:deposit:confirmed",
        f"{third}:payout:pending",
    ]
    assert columns(rows[f"{first}:deposit:confirmed"]) == {
        "id": f"{first}:deposit:confirmed",
        "day": midnight.date(),
        "type": "deposit",
        "status": "confirmed",
        "transactions": 3,
        "total_amount": Decimal("15.000001"),
        "total_fees": 0,
        "average_amount": Decimal("5"),
    }
    assert rows[f"{third}:payout:pending"].total_amount == 3
    of_one_day = DailyTransactionSummary.objects.filter(day=(midnight + days(1)).date())
    assert [row.id for row in of_one_day] == [f"{second}:deposit:confirmed"]


def daily_rows() -> list[dict[str, Any]]:
    return [columns(row) for row in DailyTransactionSummary.objects.order_by("id")]


def test_closing_days_changes_nothing_that_is_read(now):
    midnight = (now - days(10)).replace(hour=0, minute=0, second=0, microsecond=0)
    platform = PlatformFactory(now=midnight)
    for back, amount in ((0, "10"), (0, "0.000001"), (1, "7"), (3, "2")):
        fund(platform, amount, now=midnight - days(back))
    before = daily_rows()

    # The day that ended less than a day ago stays open.
    assert payments.close_transaction_days(now=midnight + days(2) - seconds(1)) == 2
    assert payments.close_transaction_days(now=midnight + days(2)) == 1
    assert payments.close_transaction_days(now=midnight + days(2)) == 0

    assert TransactionDay.objects.count() == 3
    assert daily_rows() == before


def test_a_day_with_money_under_way_is_not_closed(now):
    midnight = (now - days(10)).replace(hour=0, minute=0, second=0, microsecond=0)
    worker = WorkerFactory(now=midnight)
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="thanks", key="a", now=midnight)
    payout = payments.cash_out(worker_id=worker.pk, now=midnight)

    assert payments.close_transaction_days(now=now) == 0
    payments.cancel_payout(transaction_id=payout.pk, reason="no", now=now)
    assert payments.close_transaction_days(now=now) == 1


def test_a_transaction_of_a_closed_day_opens_it_again(now):
    platform = PlatformFactory(now=now - days(10))
    fund(platform, "10", now=now - days(5))
    fund(platform, "10", now=now - days(4))
    payments.close_transaction_days(now=now)

    fund(platform, "5", now=now - days(5))

    assert [row["total_amount"] for row in daily_rows()] == [15, 10]
    assert TransactionDay.objects.count() == 1
    assert payments.close_transaction_days(now=now) == 1
    assert [row["total_amount"] for row in daily_rows()] == [15, 10]


# --- reputation_history_view --------------------------------------------------------------------------------


def test_reputation_history_of_a_new_worker_is_empty(now):
    assert list(ReputationHistory.objects.filter(worker=WorkerFactory(now=now))) == []


def test_reputation_history_tells_every_event_with_its_tier(now, platform):
    worker = WorkerFactory(now=now)
    task = completed(worker, platform=platform, at=now - days(1), due_at=now, rating=5)
    event = reputation.adjust_reputation(worker_id=worker.pk, delta=600, reason="a mistake", now=now)

    rows = list(ReputationHistory.objects.filter(worker=worker).order_by("number"))

    assert [
        (row.number, row.event_type, row.task_id, row.delta, row.new_score, row.tier) for row in rows
    ] == [
        (1, "task_completed", task.pk, 15, 515, "Bronze"),
        (2, "rating_received", task.pk, 5, 520, "Bronze"),
        (3, "manual_adjustment", None, 600, 1000, "Diamond"),
    ]
    assert columns(rows[2]) == {
        "event": event.pk,
        "worker": worker.pk,
        "number": 3,
        "happened_at": now,
        "event_type": "manual_adjustment",
        "task": None,
        "delta": 600,
        "previous_score": 520,
        "new_score": 1000,
        "change": 480,
        "tier": "Diamond",
        "reason": "a mistake",
    }


def test_tiers_are_those_of_the_calculations(now):
    worker = WorkerFactory(now=now)
    scores = [0, 399, 400, 599, 600, 699, 700, 799, 800, 899, 900, 1000]
    for before, after in zip([500, *scores], scores, strict=False):
        reputation.adjust_reputation(worker_id=worker.pk, delta=after - before, reason="to see", now=now)

    rows = ReputationHistory.objects.filter(worker=worker).order_by("number")

    assert [(row.new_score, row.tier) for row in rows] == [(score, tier_of(score)) for score in scores]


# --- loan_repayment_status_view -----------------------------------------------------------------------------


def test_a_loan_that_was_only_requested_owes_nothing(now):
    worker = WorkerFactory(now=now)
    loan = loans.request_loan(worker_id=worker.pk, amount="10", fee_bps=200, now=now)

    assert columns(LoanRepaymentStatus.objects.get(loan=loan)) == {
        "loan": loan.pk,
        "worker": worker.pk,
        "status": "pending",
        "amount": 10,
        "fee": Decimal("0.2"),
        "total_due": Decimal("10.2"),
        "amount_repaid": 0,
        "amount_written_off": 0,
        "owed": 0,
        "progress_percent": 0,
        "disbursed_at": None,
        "repayment_due": None,
        "is_overdue": False,
        "overdue_days": 0,
        "is_defaulted": False,
        "defaulted_at": None,
        "repaid_at": None,
        "repaid_on_time": None,
    }


def test_an_overdue_loan_tells_how_late_and_how_far_it_is(now):
    worker = WorkerFactory(now=now - days(50))
    loan = active_loan(worker, at=now - days(41.5))
    repay(loan, "2.55", at=now)

    row = LoanRepaymentStatus.objects.get(loan=loan)

    assert columns(row, without=("loan", "worker")) == {
        "status": "repaying",
        "amount": 10,
        "fee": Decimal("0.2"),
        "total_due": Decimal("10.2"),
        "amount_repaid": Decimal("2.55"),
        "amount_written_off": 0,
        "owed": Decimal("7.65"),
        "progress_percent": 25,
        "disbursed_at": now - days(41.5),
        "repayment_due": now - days(11.5),
        "is_overdue": True,
        "overdue_days": 11,
        "is_defaulted": False,
        "defaulted_at": None,
        "repaid_at": None,
        "repaid_on_time": None,
    }


def test_a_defaulted_loan_stays_so_after_it_is_written_off(now):
    loan = active_loan(WorkerFactory(now=now - days(80)), at=now - days(70))
    loans.default_overdue_loans(now=now - days(5))
    row = LoanRepaymentStatus.objects.get(loan=loan)
    assert (row.status, row.is_overdue, row.overdue_days, row.is_defaulted) == ("defaulted", True, 40, True)

    loans.write_off(loan_id=loan.pk, requested_by="a", approved_by="b", reason="gone", now=now)

    row = LoanRepaymentStatus.objects.get(loan=loan)
    assert (row.owed, row.amount_written_off) == (0, Decimal("10.2"))
    assert (row.is_overdue, row.overdue_days, row.is_defaulted) == (False, 0, True)
    assert row.defaulted_at == now - days(5)


@pytest.mark.parametrize("after, on_time", [(30, True), (31, False)])
def test_a_repaid_loan_tells_whether_it_was_on_time(now, after, on_time):
    loan = active_loan(WorkerFactory(now=now - days(80)), at=now - days(60))
    repay(loan, at=now - days(60) + days(after))

    row = LoanRepaymentStatus.objects.get(loan=loan)

    assert (row.status, row.owed, row.progress_percent) == ("repaid", 0, 100)
    assert (row.is_overdue, row.repaid_on_time) == (False, on_time)


# --- worker_risk_assessment ---------------------------------------------------------------------------------


def test_a_new_worker_is_told_all_that_is_missing(now):
    worker = WorkerFactory(now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert columns(row, without=("worker",)) == {
        "reputation_score": 500,
        "account_age_days": 0,
        "completed_tasks": 0,
        "counted_tasks": 0,
        "completion_rate": 0,
        "completed_tasks_30_days": 0,
        "completion_rate_30_days": 0,
        "earned_30_days": 0,
        "on_time_rate": 0,
        "average_rating": None,
        "counted_rating": None,
        "disputes": 0,
        "weeks_with_earnings": 0,
        "earnings_variation": None,
        "loans": 0,
        "open_loans": 0,
        "repaid_loans": 0,
        "repaid_on_time_loans": 0,
        "defaulted_loans": 0,
        "owed_amount": 0,
        "written_off_amount": 0,
        "reputation_points": 150,
        "age_points": 0,
        "task_points": 0,
        "performance_points": 0,
        "dispute_points": 100,
        "loan_points": 0,
        "earnings_points": 0,
        "score": 250,
        "eligible": False,
        "reasons": [
            "score 250, at least 600 is needed",
            "account 0 days old, at least 7 are needed",
            "completion rate 0 %, at least 80 % is needed",
            "0 completed tasks count, at least 5 are needed",
        ],
    }


def three_platforms(platform: Platform, now: datetime) -> list[Platform]:
    """The platform and two more, so that all of a worker's tasks for them in turn count."""
    others = [PlatformFactory(now=now - days(100)) for _ in range(2)]
    for other in others:
        fund(other, "100000", now=now - days(100))
    return [platform, *others]


def steady_worker(now: datetime, platform: Platform) -> Worker:
    """60 days old; 10 USDC in each of the last 8 weeks, from three platforms in turn: 4 tasks without a due
    date, 2 on time, 2 late; one cancelled by its platform 5 days ago."""
    worker = WorkerFactory(now=now - days(60))
    payers = three_platforms(platform, now)
    for week in reversed(range(8)):
        at = now - days(7 * week + 3.5)
        due_at = {6: at, 7: at + days(1), 4: at - seconds(1), 5: at - seconds(3599)}.get(week)
        completed(worker, platform=payers[week % 3], at=at, due_at=due_at, rating={0: 5, 1: 4}.get(week))
    cancelled(worker, platform=platform, at=now - days(5))
    return worker


def test_every_factor_of_a_steady_worker(now, platform):
    worker = steady_worker(now, platform)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    # Reputation 500 + 8 x 10 + 2 x 5 - 2 x 10 + 10 + 5. Of the two ratings each platform's has 0.4 of the
    # weight, and 3 the rest. Performance 80 x 4/4 + 80 x 6/8 + 8 x 4.2.
    assert columns(row) == {
        "worker": worker.pk,
        "reputation_score": 585,
        "account_age_days": 60,
        "completed_tasks": 8,
        "counted_tasks": 8,
        "completion_rate": 100,
        "completed_tasks_30_days": 4,
        "completion_rate_30_days": 100,
        "earned_30_days": 40,
        "on_time_rate": 75,
        "average_rating": Decimal("4.5"),
        "counted_rating": Decimal("4.2"),
        "disputes": 0,
        "weeks_with_earnings": 8,
        "earnings_variation": 0,
        "loans": 0,
        "open_loans": 0,
        "repaid_loans": 0,
        "repaid_on_time_loans": 0,
        "defaulted_loans": 0,
        "owed_amount": 0,
        "written_off_amount": 0,
        "reputation_points": Decimal("175.5"),
        "age_points": 100,
        "task_points": 40,
        "performance_points": Decimal("173.6"),
        "dispute_points": 100,
        "loan_points": 0,
        "earnings_points": 30,
        "score": 619,
        "eligible": True,
        "reasons": [],
    }


def test_points_are_bounded_and_so_is_the_score(now, platform):
    worker = WorkerFactory(now=now - days(400))
    payers = three_platforms(platform, now)
    for n in reversed(range(52)):
        rating = 5 if n < 6 else None
        completed(worker, platform=payers[n % 3], amount="1", at=now - days(n + 0.5), rating=rating)
    reputation.adjust_reputation(worker_id=worker.pk, delta=1000, reason="to see", now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert (row.reputation_points, row.age_points, row.task_points) == (300, 150, 250)
    assert (row.performance_points, row.dispute_points, row.earnings_points) == (200, 100, 30)
    assert row.score == 1000


def test_each_lost_dispute_takes_20_points_down_to_none(now, platform):
    worker = WorkerFactory(now=now)
    points = []
    for outcome in ("worker", "nobody", *["platform"] * 6):
        task = started(worker, platform=platform, now=now)
        platforms.dispute_task(task_id=task.pk, severity=1, reason="wrong", now=now)
        platforms.resolve_dispute(task_id=task.pk, outcome=outcome, worker_amount="10", now=now)
        points.append(WorkerRiskAssessment.objects.get(worker=worker).dispute_points)

    assert points == [100, 100, 80, 60, 40, 20, 0, 0]
    assert WorkerRiskAssessment.objects.get(worker=worker).disputes == 6


@pytest.mark.parametrize(
    "endings, points",
    [
        ([], 0),
        ([10], 50),
        ([10, 30], 50),
        ([31], -50),
        ([10, 31], -50),
        ([5, 5, 5, 5, 31], 0),
        (["default"], -50),
        ([5, 5, "default"], -50),
    ],
)
def test_loans_count_by_how_many_were_repaid_on_time(now, endings, points):
    worker = WorkerFactory(now=now - days(300))
    at = now - days(290)
    for ending in endings:
        loan = active_loan(worker, at=at)
        if ending == "default":
            loans.default_overdue_loans(now=at + days(61))
            at += days(61)
        else:
            at += days(ending)
            repay(loan, at=at)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert row.loan_points == points
    assert row.loans == len(endings)
    assert row.open_loans == 0
    assert row.repaid_loans == len(endings) - endings.count("default")
    assert row.repaid_on_time_loans == sum(ending in (5, 10, 30) for ending in endings)
    assert row.defaulted_loans == endings.count("default")


@pytest.mark.parametrize(
    "weekly, variation, points",
    [
        ([10, 10, 10, 10, 10, 10, 10, 10], "0", 30),
        ([10, 10, 10, 10, 10, 10, 10, 0], "0.3780", 30),
        ([10, 10, 10, 10, 0, 0, 0, 0], "1", 0),
        ([10, 10, 10, 50, 0, 0, 0, 0], "1.5811", -30),
        ([10, 10, 10, 0, 0, 0, 0, 0], "1.2910", 0),
    ],
)
def test_earnings_are_steady_or_volatile_by_their_weekly_variation(now, platform, weekly, variation, points):
    worker = WorkerFactory(now=now - days(60))
    for week, amount in enumerate(weekly):
        if amount:
            completed(worker, platform=platform, amount=amount, at=now - days(7 * week))
    completed(worker, platform=platform, amount="1000", at=now - days(56))

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert row.earnings_points == points
    assert row.earnings_variation == Decimal(variation)
    assert row.weeks_with_earnings == sum(amount > 0 for amount in weekly)


def test_pay_counts_in_the_week_in_which_it_was_earned(now, platform):
    worker = WorkerFactory(now=now - days(60))
    # 4 USDC a day from 21 days ago for 28 days; 1 a day for the 14 days before now, completed; 2 a day for 28
    # days, cancelled half way, 28 days ago.
    schedule = {"platform": platform, "interval": 86_400}
    running_stream(worker, total="112", duration=28 * 86_400, now=now - days(21), **schedule)
    running_stream(worker, total="14", duration=14 * 86_400, now=now - days(14), **schedule)
    off = running_stream(worker, total="56", duration=28 * 86_400, now=now - days(42), **schedule)
    release_daily(now - days(41), now - days(28))
    payments.cancel_stream(stream_id=off.pk, now=now - days(28))
    release_daily(now - days(27), now)
    steps = milestone_task(worker, "3", "5", "7", platform=platform, at=now - days(40))
    platforms.approve_milestone(task_id=steps.pk, number=1, now=now - days(25))
    platforms.approve_milestone(task_id=steps.pk, number=2, now=now - days(1))
    split = milestone_task(worker, "6", "8", platform=platform, at=now - days(50))
    platforms.approve_milestone(task_id=split.pk, number=1, now=now - days(50))
    platforms.dispute_task(task_id=split.pk, severity=1, reason="late", now=now - days(45))
    platforms.resolve_dispute(task_id=split.pk, outcome="platform", worker_amount="2", now=now - days(8))
    payments.grant_reward(worker_id=worker.pk, amount="9", reason="thanks", key="a", now=now - days(31))

    row = WorkerRiskAssessment.objects.get(worker=worker)

    # Week by week, back from now, without the gift: 28 + 7 + 5, 28 + 7 + 2, 28, 3, 14, 14, 0, 6.
    weekly = [40, 37, 28, 3, 14, 14, 0, 6]
    assert row.weeks_with_earnings == 7
    assert row.earnings_variation == variation_of(weekly)
    # The last 30 days: all but 50, 42 to 30 and 31 days ago.
    assert row.earned_30_days == 40 + 37 + 28 + 3 + 2 * 2
    assert sum(weekly) == in_the_ledger(worker) - 9


def release_daily(first: datetime, last: datetime) -> None:
    while first <= last:
        payments.release_due_streams(now=first)
        first += days(1)


def test_a_paused_streams_pay_counts_when_it_was_paid(now, platform):
    """10 USDC a day: 24 days, a pause of 13, and 5 days until now."""
    worker = WorkerFactory(now=now - days(60))
    stream = running_stream(
        worker, platform=platform, total="300", duration=30 * 86_400, interval=86_400, now=now - days(42)
    )
    release_daily(now - days(41), now - days(18))
    payments.pause_stream(stream_id=stream.pk, now=now - days(18))
    payments.resume_stream(stream_id=stream.pk, now=now - days(5))
    release_daily(now - days(4), now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert in_the_ledger(worker) == 290
    assert row.earned_30_days == 170, "the last 12 of 24 days, and 5"
    assert row.weeks_with_earnings == 5
    assert row.earnings_variation == variation_of([50, 0, 30, 70, 70, 70, 0, 0])


def variation_of(weekly: list[int]) -> Decimal:
    mean = Decimal(sum(weekly)) / len(weekly)
    variance = sum((Decimal(week) - mean) ** 2 for week in weekly) / len(weekly)
    return (variance.sqrt() / mean).quantize(Decimal("0.0001"))


def test_an_open_loan_bars_another(now, platform):
    worker = steady_worker(now, platform)
    active_loan(worker, at=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert (row.eligible, row.reasons) == (False, ["another loan is open"])
    assert (row.loans, row.open_loans, row.owed_amount) == (1, 1, Decimal("10.2"))


def test_a_defaulted_loan_bars_another_also_when_the_house_bore_it(now, platform):
    worker = steady_worker(now, platform)
    reputation.adjust_reputation(worker_id=worker.pk, delta=400, reason="to see", now=now)
    loan = active_loan(worker, at=now - days(70))
    loans.default_overdue_loans(now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)
    assert row.reasons == ["a defaulted loan still owes 10.20 USDC"]

    loans.write_off(loan_id=loan.pk, requested_by="a", approved_by="b", reason="gone", now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)
    assert (row.owed_amount, row.loan_points, row.written_off_amount) == (0, -50, Decimal("10.2"))
    assert (row.eligible, row.reasons) == (False, ["the house bore 10.20 USDC of an earlier loan"])


def test_a_suspended_or_deleted_worker_is_not_eligible(now, platform):
    worker = steady_worker(now, platform)
    workers.suspend_worker(worker_id=worker.pk, reason="checks")
    assert WorkerRiskAssessment.objects.get(worker=worker).reasons == ["the worker is suspended"]

    Worker.objects.filter(pk=worker.pk).update(deleted_at=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)
    assert (row.eligible, row.reasons) == (False, ["the account was deleted", "the worker is suspended"])


@pytest.mark.parametrize("faults, rate, barred", [(2, Decimal("80.00"), False), (3, Decimal("72.73"), True)])
def test_the_completion_rate_bars_below_80_percent_exactly(now, platform, faults, rate, barred):
    worker = WorkerFactory(now=now - days(60))
    for _ in range(8):
        completed(worker, platform=platform, at=now)
    for _ in range(faults):
        lost(worker, platform=platform, at=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    worker.refresh_from_db()
    earnings = WorkerEarnings.objects.get(worker=worker)
    assert row.completion_rate == row.completion_rate_30_days == rate
    assert earnings.completion_rate == worker.completion_rate == rate
    assert ("completion rate 72.73 %, at least 80 % is needed" in row.reasons) == barred


def test_what_a_platform_cancels_or_disputes_lowers_no_rate_of_the_worker(now, platform):
    worker = WorkerFactory(now=now - days(60))
    for _ in range(2):
        completed(worker, platform=platform, at=now)
    for _ in range(8):
        cancelled(worker, platform=platform, at=now)
    disputed = started(worker, platform=platform, now=now)
    platforms.dispute_task(task_id=disputed.pk, severity=1, reason="wrong", now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    worker.refresh_from_db()
    assert (row.completion_rate, row.completion_rate_30_days) == (100, 100)
    assert WorkerEarnings.objects.get(worker=worker).completion_rate == worker.completion_rate == 100
    # All tasks completed and on time, no rating yet.
    assert row.performance_points == 160
    assert not [reason for reason in row.reasons if reason.startswith("completion rate")]


@pytest.mark.parametrize("age, barred", [(6, True), (7, False)])
def test_an_account_is_old_enough_after_7_days_whatever_the_nightly_run_did(now, age, barred):
    worker = WorkerFactory(now=now - days(age))

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert (row.account_age_days, worker.account_age_days) == (age, 0)
    assert (f"account {age} days old, at least 7 are needed" in row.reasons) == barred


# --- all of them --------------------------------------------------------------------------------------------


def test_all_eight_views_have_a_model():
    assert sorted(model._meta.db_table for model in REPORTS) == [
        "active_streams_view",
        "daily_transaction_summary",
        "loan_repayment_status_view",
        "platform_performance_view",
        "reputation_history_view",
        "task_completion_stats_view",
        "worker_earnings_view",
        "worker_risk_assessment",
    ]


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report._meta.db_table)
def test_a_model_has_exactly_its_views_columns_in_order(report):
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT * FROM {report._meta.db_table} LIMIT 0")
        names = [column.name for column in cursor.description]
    assert [field.column for field in report._meta.fields] == names


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report._meta.db_table)
def test_a_report_can_be_neither_saved_nor_deleted(report):
    rows = report.objects.all()
    for write in (
        report().save,
        report().delete,
        report.objects.create,
        rows.delete,
        lambda: rows.update(pk=None),
        lambda: report.objects.bulk_create([report()]),
    ):
        with pytest.raises(GuardedWrite):
            write()


def test_a_worker_without_money_history_is_deleted_past_the_views(now):
    worker = WorkerFactory(now=now)
    assert WorkerEarnings.objects.filter(worker=worker).exists()

    workers.delete_worker(worker_id=worker.pk)

    assert not WorkerEarnings.objects.filter(pk=worker.pk).exists()


BIG = {
    "tasks",
    "transactions",
    "ledger_entries",
    "streams",
    "milestones",
    "disputes",
    "engagements",
    "accounts",
    "loans",
    "reputation_events",
    "task_tallies",
}


def scans(plan: dict[str, Any], parent: str = "") -> Iterator[tuple[dict[str, Any], str]]:
    """Every node of a plan that reads a big table, with the type of the node above it."""
    if plan.get("Relation Name") in BIG:
        yield plan, parent
    for child in plan.get("Plans", ()):
        yield from scans(child, plan["Node Type"])


LOOKUPS = [
    ("worker_earnings_view", "worker_id", Worker),
    ("worker_risk_assessment", "worker_id", Worker),
    ("reputation_history_view", "worker_id", Worker),
    ("reputation_history_view", "event_id", ReputationEvent),
    ("loan_repayment_status_view", "worker_id", Worker),
    ("loan_repayment_status_view", "loan_id", Loan),
    ("active_streams_view", "worker_id", Worker),
    ("active_streams_view", "stream_id", Stream),
    ("platform_performance_view", "platform_id", Platform),
    ("task_completion_stats_view", "platform_id", Platform),
]


def test_one_subject_is_looked_up_in_indexes(now, crowd):
    subjects = [(view, column, model.objects.first().pk) for view, column, model in LOOKUPS]
    for view, column, value in [*subjects, ("daily_transaction_summary", "day", now.date())]:
        found = list(scans(plan_of(f"SELECT * FROM {view} WHERE {column} = %s", value)))
        assert found, view
        for node, parent in found:
            assert node["Node Type"] != "Seq Scan", (view, node)
            # The first and the last day of all are each the end of an index.
            if parent != "Limit":
                assert "Index Cond" in node or "Recheck Cond" in node, (view, node)


@pytest.fixture
def crowd() -> None:
    """Tables large enough for the planner to choose as it would in earnest."""
    text = (Path(__file__).parent / "crowd.sql").read_text()
    with connection.cursor() as cursor:
        cursor.execute(text % {"workers": 200, "platforms": 20, "tasks": 6000})


def plan_of(query: str, value: object) -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN (FORMAT JSON) {query}", [value])
        return cursor.fetchone()[0][0]["Plan"]
