"""The story of a milestone task."""

from decimal import Decimal

import pytest

from payments.models import Transaction
from platforms import services as platforms
from platforms.services import MilestonePlan, WorkReport
from platforms.tasks.errors import MilestoneOutOfOrder, TaskNotOpen
from tests.support.books import entries_of_event, entries_of_task
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assign,
    balance,
    house_balance,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def task():
    platform = PlatformFactory(funds="1000", fee_bps=333)
    task = TaskFactory(
        platform=platform,
        amount="100",
        task_type="milestone",
        milestones=[
            MilestonePlan("Draft", "33.333333"),
            MilestonePlan("Review", "33.333333"),
            MilestonePlan("Final", "33.333334"),
        ],
    )
    assign(task, WorkerFactory())
    return platforms.start_task(task_id=task.pk, now=NOW)


def test_each_milestone_pays_its_share_and_the_last_completes_the_task(task):
    platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)
    assert balance(task.worker, "available") == Decimal("33.333333")
    assert house_balance("fees") == Decimal("1.109999")

    platforms.approve_milestone(task_id=task.pk, number=2, now=NOW)
    done = platforms.approve_milestone(task_id=task.pk, number=3, now=NOW)

    assert done.status == "completed"
    assert done.paid_amount == 100
    assert balance(task.worker, "available") == 100
    assert house_balance("fees") == Decimal("3.330000"), "the shares of the fee add up to the fee"
    assert balance(task.platform, "escrow") == 0
    assert Transaction.objects.filter(type="fee", task=task).count() == 3


def test_milestones_are_approved_in_order_and_once(task):
    with pytest.raises(MilestoneOutOfOrder, match="the next milestone is 1, not 2"):
        platforms.approve_milestone(task_id=task.pk, number=2, now=NOW)
    platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)
    with pytest.raises(MilestoneOutOfOrder, match="the next milestone is 2, not 1"):
        platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)
    assert balance(task.worker, "available") == Decimal("33.333333")


def test_cancelling_keeps_what_was_approved_and_refunds_the_rest_with_its_fee(task):
    platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)

    cancelled = platforms.cancel_task(task_id=task.pk, reason="budget", now=NOW)

    assert cancelled.paid_amount == Decimal("33.333333")
    assert balance(task.worker, "available") == Decimal("33.333333")
    assert balance(task.platform, "escrow") == 0
    assert balance(task.platform, "available") == 1000 - Decimal("33.333333") - Decimal("1.109999")


def test_completing_early_pays_every_open_milestone_by_its_own_entry(task):
    platforms.approve_milestone(task_id=task.pk, number=1, now=NOW)
    platforms.complete_task(task_id=task.pk, now=NOW)

    assert balance(task.worker, "available") == 100
    assert entries_of_task(task).filter(kind="earning").count() == 3
    assert not task.milestones.filter(approved_at=None).exists()


def test_a_reported_milestone_pays_once_however_often_it_is_reported(task):
    report = WorkReport(task.pk, "milestone_reached", external_id="m-1", milestone_number=1)

    first, new = platforms.record_work_event(platform_id=task.platform_id, report=report, now=NOW)
    again, new_again = platforms.record_work_event(platform_id=task.platform_id, report=report, now=NOW)

    assert (new, new_again) == (True, False)
    assert first == again
    assert balance(task.worker, "available") == Decimal("33.333333")
    assert entries_of_event(first).get().amount == Decimal("33.333333")


def test_a_refused_report_leaves_no_event_behind(task):
    platforms.cancel_task(task_id=task.pk, now=NOW)
    report = WorkReport(task.pk, "milestone_reached", external_id="m-1", milestone_number=1)

    with pytest.raises(TaskNotOpen):
        platforms.record_work_event(platform_id=task.platform_id, report=report, now=NOW)

    assert not task.work_events.exists()
