"""Completion of tasks by type."""

from datetime import timedelta
from decimal import Decimal

import pytest

from payments import services as payments
from payments.models import Stream
from platforms import services as platforms
from platforms.figures.reports import TaskCompletionStats
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    running_stream,
    seconds,
    started,
)
from tests.support.histories import (
    cancelled,
    columns,
    completed,
)

pytestmark = pytest.mark.django_db


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
