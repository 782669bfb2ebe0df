"""Disputes: the effects of filing, who may still file, and the effects of the decision."""

from datetime import timedelta
from decimal import Decimal

import pytest

from platforms import services as platforms
from platforms.models import Dispute, Task
from platforms.tasks.errors import AlreadyDisputed, DisputeTooLate
from reputation.models import ReputationEvent
from tests.support.decisions import resolve_dispute
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, completed_tasks, started
from workers.models import Worker

pytestmark = pytest.mark.django_db

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def score(worker: Worker) -> int:
    return Worker.objects.values_list("reputation_score", flat=True).get(pk=worker.pk)


def dispute_rate(worker: Worker) -> Decimal:
    return Worker.objects.values_list("dispute_rate", flat=True).get(pk=worker.pk)


def done(worker: Worker | None = None, *, at=NOW, **kwargs) -> Task:
    """Return a task completed at once and paid."""
    return platforms.complete_task(task_id=started(worker, now=at, **kwargs).pk, now=at)


def dispute(task: Task, severity: int, at, **kwargs) -> Dispute:
    return platforms.dispute_task(task_id=task.pk, severity=severity, reason="poor work", now=at, **kwargs)


def resolve(task: Task, outcome: str, at, worker_amount: str = "0") -> Dispute:
    return resolve_dispute(
        task_id=task.pk, outcome=outcome, worker_amount=worker_amount, resolution="seen", now=at
    )


def moves(worker: Worker) -> list[tuple[str, int]]:
    events = ReputationEvent.objects.filter(worker=worker).order_by("number")
    return list(events.values_list("event_type", "delta"))


def test_filing_a_dispute_takes_nothing_from_a_worker():
    task = done()
    assert score(task.worker) == 510

    dispute(task, 5, NOW + HOUR)

    assert score(task.worker) == 510
    assert moves(task.worker) == [("task_completed", 10), ("dispute_filed", 0)]
    assert dispute_rate(task.worker) == 0


def test_ten_disputes_of_tiny_tasks_take_nothing_before_they_are_decided():
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    for number in range(10):
        dispute(started(worker, platform=platform, amount="0.000001"), 5, NOW + number * HOUR)

    assert score(worker) == 500


@pytest.mark.parametrize("severity, delta", [(1, -10), (3, -30), (5, -50)])
def test_a_decision_against_the_worker_takes_by_severity(severity, delta):
    task = started()
    dispute(task, severity, NOW + HOUR)

    resolve(task, "platform", NOW + DAY)

    assert moves(task.worker)[-1] == ("dispute_resolved", delta)
    assert score(task.worker) == 500 + delta
    assert dispute_rate(task.worker) == 100


def test_a_completion_that_ends_cancelled_gives_back_its_points_and_keeps_its_pay():
    task = done(due_at=NOW + DAY, amount="10")
    assert score(task.worker) == 515

    dispute(task, 2, NOW + HOUR)
    resolve(task, "platform", NOW + DAY)

    task.refresh_from_db()
    event = ReputationEvent.objects.get(event_type="dispute_resolved")
    assert (task.status, event.delta, score(task.worker)) == ("cancelled", -35, 480)
    assert event.reason == "20 for the dispute, 15 for the completion"
    assert balance(task.worker, "available") == 10


def test_a_completion_that_came_late_gave_nothing_to_take_back():
    task = platforms.complete_task(task_id=started(due_at=NOW + HOUR).pk, now=NOW + DAY)
    assert score(task.worker) == 500

    dispute(task, 1, NOW + 2 * DAY)
    resolve(task, "platform", NOW + 3 * DAY)

    assert score(task.worker) == 490


@pytest.mark.parametrize("outcome, status", [("worker", "completed"), ("nobody", "completed")])
def test_a_dispute_that_is_not_lost_counts_in_no_figure(outcome, status):
    task = done()
    dispute(task, 5, NOW + HOUR)

    resolve(task, outcome, NOW + DAY)

    task.refresh_from_db()
    assert (task.status, score(task.worker), dispute_rate(task.worker)) == (status, 510, 0)
    assert moves(task.worker)[-1] == ("dispute_resolved", 0)


def test_where_nobody_was_right_open_work_is_cancelled_and_split():
    task = started(amount="10")
    dispute(task, 5, NOW + HOUR)

    resolve(task, "nobody", NOW + DAY, "4")

    task.refresh_from_db()
    assert (task.status, score(task.worker), dispute_rate(task.worker)) == ("cancelled", 500, 0)
    assert balance(task.worker, "available") == 4


def test_work_that_was_disputed_in_time_is_not_late_however_long_the_decision_takes():
    task = started(due_at=NOW + HOUR, amount="10")
    dispute(task, 2, NOW + timedelta(minutes=1))

    resolve(task, "worker", NOW + 3 * DAY, "10")

    task.refresh_from_db()
    assert task.completed_at == NOW + timedelta(minutes=1)
    assert moves(task.worker) == [("dispute_filed", 0), ("dispute_resolved", 0), ("task_completed", 15)]
    assert score(task.worker) == 515


def test_work_that_was_overdue_when_it_was_disputed_is_late():
    task = started(due_at=NOW + HOUR, amount="10")
    dispute(task, 2, NOW + 2 * HOUR)

    resolve(task, "worker", NOW + DAY, "10")

    assert ("task_late", -10) in moves(task.worker)


def test_completed_work_can_be_disputed_for_14_days():
    early, late = done(), done()

    dispute(early, 1, NOW + 14 * DAY)
    with pytest.raises(DisputeTooLate) as refused:
        dispute(late, 1, NOW + 14 * DAY + timedelta(microseconds=1))

    assert f"until {NOW + 14 * DAY}" in str(refused.value)
    assert Task.objects.get(pk=late.pk).status == "completed"


def test_open_work_can_be_disputed_at_any_time():
    task = started()

    assert dispute(task, 1, NOW + 730 * DAY).filed_at == NOW + 730 * DAY


def test_each_side_disputes_a_task_once():
    task = done()
    dispute(task, 1, NOW + HOUR)
    resolve(task, "worker", NOW + 2 * HOUR)

    with pytest.raises(AlreadyDisputed, match="the platform has disputed task"):
        dispute(task, 1, NOW + 3 * HOUR)
    second = dispute(task, 1, NOW + 3 * HOUR, side="worker")

    assert Dispute.objects.filter(task=task).count() == 2
    assert second.side == "worker"


def test_two_lost_disputes_of_one_task_count_as_one_disputed_task():
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    tasks = completed_tasks(worker, platform, count=32)
    assert len(tasks) == 32
    for side in ("platform", "worker"):
        dispute(tasks[0], 1, NOW + HOUR, side=side)
        if side == "platform":
            resolve(tasks[0], "worker", NOW + 2 * HOUR)
    resolve(tasks[0], "platform", NOW + 3 * HOUR)

    # 1 of 32 is 3.125 %: a half goes to the even neighbour.
    assert dispute_rate(worker) == Decimal("3.12")
