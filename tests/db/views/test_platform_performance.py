"""Performance of a platform: its tasks, pay, fees and workers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from payments import services as payments
from payments.figures.reports import PlatformPerformance
from payments.models import LedgerEntry
from platforms import services as platforms
from tests.support.factories import (
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    running_stream,
    seconds,
)
from tests.support.histories import (
    bonus,
    cancelled,
    columns,
    completed,
    days,
    milestone_task,
)

pytestmark = pytest.mark.django_db


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
        "quest_amount": 0,
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
        "quest_amount": 0,
        "fee_amount": Decimal("1.35"),
        "unique_workers": 3,
        "unique_workers_7_days": 1,
        "unique_workers_30_days": 2,
        "average_completion_seconds": 3 * 3600,
    }
    fees = LedgerEntry.objects.filter(kind="fee", debit_account__platform=platform)
    assert row.fee_amount == fees.aggregate(total=Sum("amount"))["total"]
