"""The risk assessment: every factor of the score, its bounds, and the objections."""

from datetime import datetime
from decimal import Decimal

import pytest

from loans.policy.reports import WorkerEarnings, WorkerRiskAssessment
from loans.recovery import services as loans
from payments import services as payments
from platforms import services as platforms
from platforms.models import Platform
from reputation.scores import services as reputation
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    fund,
    running_stream,
    started,
)
from tests.support.histories import (
    active_loan,
    cancelled,
    columns,
    completed,
    days,
    in_the_ledger,
    lost,
    milestone_task,
    repay,
)
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db


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
    """Return the platform and two more, so that all of a worker's tasks for them in turn count."""
    others = [PlatformFactory(now=now - days(100)) for _ in range(2)]
    for other in others:
        fund(other, "100000", now=now - days(100))
    return [platform, *others]


@pytest.mark.long_form
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
        resolve_dispute(task_id=task.pk, outcome=outcome, worker_amount="10", now=now)
        points.append(WorkerRiskAssessment.objects.get(worker=worker).dispute_points)

    assert points == [100, 100, 80, 60, 40, 20, 0, 0]
    assert WorkerRiskAssessment.objects.get(worker=worker).disputes == 6


@pytest.mark.parametrize(
    "endings, points",
    spread(
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
        of="endings",
        one_in=3,
    ),
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
    spread(
        [
            ([10, 10, 10, 10, 10, 10, 10, 10], "0", 30),
            ([10, 10, 10, 10, 10, 10, 10, 0], "0.3780", 30),
            ([10, 10, 10, 10, 0, 0, 0, 0], "1", 0),
            ([10, 10, 10, 50, 0, 0, 0, 0], "1.5811", -30),
            ([10, 10, 10, 0, 0, 0, 0, 0], "1.2910", 0),
        ],
        of="weeks",
        one_in=3,
    ),
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
    resolve_dispute(task_id=split.pk, outcome="platform", worker_amount="2", now=now - days(8))
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
