"""Tasks that go back to their platform before the start: declined by the worker or unassigned."""

from decimal import Decimal

import pytest

from audit.books import services as books
from audit.models import AuditLog
from gigstream.core.errors import IllegalMove
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.invitations.errors import WorkerNotFound
from platforms.models import Engagement, Platform, PlatformEvent, Task
from platforms.services import MilestonePlan, TaskPlan, WorkReport
from platforms.tasks.errors import InvalidDueDate, TaskNotFound
from tests.support.books import entries_of_task
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assign,
    assigned,
    balance,
    seconds,
    started,
)
from workers.models import Worker

pytestmark = pytest.mark.django_db
KINDS = {
    "fixed": {},
    "milestone": {"milestones": [MilestonePlan("a", "4"), MilestonePlan("b", "6")]},
    "time_based": {"duration_seconds": 3600, "release_interval": 60},
}


def decline(task, at=1):
    return platforms.decline_task(task_id=task.pk, worker_id=task.worker_id, now=NOW + seconds(at))


def unassign(task, at=1):
    return platforms.unassign_task(task_id=task.pk, now=NOW + seconds(at))


def entries(task):
    return list(entries_of_task(task).order_by("id").values_list("idempotency_key", "amount"))


def everything_holds():
    return [(one.name, one.offenders) for one in books.check_books() if not one.passed] == []


@pytest.fixture
def platform():
    return PlatformFactory(funds="100")


@pytest.mark.parametrize("give_back", [decline, unassign])
@pytest.mark.parametrize("kind", KINDS)
def test_a_task_that_goes_back_is_as_it_was_posted_and_on_nobodys_record(platform, kind, give_back):
    worker = WorkerFactory()
    task = TaskFactory(platform=platform, task_type=kind, **KINDS[kind])
    before = Worker.objects.values().get(pk=worker.pk)

    give_back(assign(task, worker))

    task.refresh_from_db()
    assert (task.status, task.worker_id, task.assigned_at, task.assignment_number) == (
        "created",
        None,
        None,
        1,
    )
    assert (balance(platform, "available"), balance(platform, "escrow")) == (100, 0)
    assert entries(task) == [
        (f"hold:task:{task.pk}:1", Decimal("10.2")),
        (f"refund:task:{task.pk}:1", Decimal("10.2")),
    ]
    after = Worker.objects.values().get(pk=worker.pk)
    assert {name: (before[name], after[name]) for name in before if before[name] != after[name]} == {}
    assert not Engagement.objects.exists()
    row = Platform.objects.get(pk=platform.pk)
    assert (row.total_tasks, row.active_workers, row.unique_workers) == (1, 0, 0)
    assert everything_holds()


def test_it_can_be_assigned_again_and_again_and_is_paid_once(platform):
    task = TaskFactory(platform=platform)
    first, second = WorkerFactory(), WorkerFactory()
    decline(assign(task, first))
    task.refresh_from_db()
    unassign(assign(task, second, now=NOW + seconds(2)), at=3)
    task.refresh_from_db()
    assign(task, first, now=NOW + seconds(4))
    platforms.start_task(task_id=task.pk, now=NOW + seconds(5))
    platforms.complete_task(task_id=task.pk, now=NOW + seconds(6))

    keys = [key for key, _ in entries(task)]
    assert [key for key in keys if key.startswith(("hold", "refund"))] == [
        f"{kind}:task:{task.pk}:{number}"
        for kind, number in (("hold", 1), ("refund", 1), ("hold", 2), ("refund", 2), ("hold", 3))
    ]
    assert (balance(first, "available"), balance(second, "available")) == (10, 0)
    assert (balance(platform, "available"), balance(platform, "escrow")) == (Decimal("89.8"), 0)
    assert Task.objects.get(pk=task.pk).assignment_number == 3
    assert everything_holds()


def test_cancelling_the_second_assignment_gives_its_money_back(platform):
    task = TaskFactory(platform=platform)
    decline(assign(task, WorkerFactory()))
    task.refresh_from_db()
    assign(task, WorkerFactory(), now=NOW + seconds(2))

    platforms.cancel_task(task_id=task.pk, now=NOW + seconds(3))

    assert (balance(platform, "available"), balance(platform, "escrow")) == (100, 0)
    assert everything_holds()


def test_other_work_of_the_pair_stays_on_record(platform):
    worker = WorkerFactory()
    kept = started(worker, platform=platform)
    back = assigned(worker, platform=platform, now=NOW + seconds(5))

    unassign(back, at=6)

    pair = Engagement.objects.get()
    assert (pair.open_tasks, pair.first_at, pair.last_at, pair.last_assigned_at) == (1, NOW, NOW, NOW)
    platforms.complete_task(task_id=kept.pk, now=NOW + seconds(7))
    row = Platform.objects.get(pk=platform.pk)
    assert (row.active_workers, row.unique_workers) == (0, 1)
    assert everything_holds()


@pytest.mark.parametrize("give_back", [decline, unassign])
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_goes_back_once_it_is_begun(platform, kind, give_back):
    task = started(platform=platform, task_type=kind, **KINDS[kind])
    before = LedgerEntry.objects.count()

    with pytest.raises(IllegalMove, match="is in_progress"):
        give_back(task)

    assert Task.objects.get(pk=task.pk).status == "in_progress"
    assert LedgerEntry.objects.count() == before


def test_another_workers_task_cannot_be_declined(platform):
    task = assigned(platform=platform)

    with pytest.raises(TaskNotFound):
        platforms.decline_task(task_id=task.pk, worker_id=WorkerFactory().pk, now=NOW)

    assert Task.objects.get(pk=task.pk).status == "assigned"


def test_the_platform_hears_who_gave_it_back(platform):
    worker = WorkerFactory()
    task = TaskFactory(platform=platform, metadata={"order": 7})
    decline(assign(task, worker))
    task.refresh_from_db()
    unassign(assign(task, worker, now=NOW + seconds(2)), at=3)

    told = PlatformEvent.objects.filter(platform=platform).order_by("sequence")
    assert [event.type for event in told if event.type.startswith("task.")] == [
        "task.created",
        "task.assigned",
        "task.declined",
        "task.assigned",
        "task.unassigned",
    ]
    back = [event.payload for event in told if event.type in ("task.declined", "task.unassigned")]
    for payload in back:
        assert (payload["worker_id"], payload["former_worker_id"]) == (None, str(worker.pk))
        assert (payload["status"], payload["metadata"]) == ("created", {"order": 7})
    acts = AuditLog.objects.filter(action__in=("task.decline", "task.unassign")).order_by("created_at")
    assert [(line.action, line.changes_before) for line in acts] == [
        ("task.decline", {"worker": str(worker.pk)}),
        ("task.unassign", {"worker": str(worker.pk)}),
    ]


def test_cancellations_by_the_platform_are_not_held_against_the_worker(platform):
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, platform=platform).pk, now=NOW)
    for _ in range(8):
        task = assigned(worker, platform=platform)
        platforms.cancel_task(task_id=task.pk, now=NOW)

    task = Task.objects.get(pk=task.pk)
    assert (task.cancelled_by, task.at_fault) == ("system", None)
    assert Worker.objects.get(pk=worker.pk).completion_rate == 100


@pytest.mark.parametrize(
    ("outcome", "at_fault", "rate"), [("platform", "worker", 50), ("worker", "platform", 100)]
)
def test_a_task_counts_against_the_worker_when_its_dispute_is_decided_so(platform, outcome, at_fault, rate):
    worker = WorkerFactory()
    platforms.complete_task(task_id=started(worker, platform=platform).pk, now=NOW)
    task = started(worker, platform=platform)
    platforms.dispute_task(task_id=task.pk, severity=2, reason="late", now=NOW)
    assert Worker.objects.get(pk=worker.pk).completion_rate == 100

    resolve_dispute(task_id=task.pk, outcome=outcome, worker_amount="0", now=NOW)

    assert Task.objects.get(pk=task.pk).at_fault == at_fault
    assert Worker.objects.get(pk=worker.pk).completion_rate == rate
    assert everything_holds()


@pytest.mark.parametrize("due", [-1, 0])
def test_a_task_is_due_after_it_is_posted(platform, due):
    terms = {"title": "Late", "amount": "1", "task_type": "fixed", "due_at": NOW + seconds(due)}

    with pytest.raises(InvalidDueDate):
        platforms.create_task(platform_id=platform.pk, plan=TaskPlan(**terms), now=NOW)
    (refused,) = platforms.create_tasks(platform_id=platform.pk, plans=[TaskPlan(**terms)], now=NOW)

    assert isinstance(refused, InvalidDueDate)
    assert not Task.objects.exists()


def test_a_corrected_fact_is_refused_as_an_invalid_event_with_what_is_on_record(platform):
    task = started(platform=platform)

    def report(amount):
        event = WorkReport(task.pk, "bonus", external_id="t", amount=amount)
        return platforms.record_work_events(platform_id=platform.pk, reports=[event], now=NOW)[0]

    report("0.05")

    refused = report("0.06")
    assert (refused.code, refused.status, refused.numbers) == (
        "invalid_work_event",
        422,
        {"amount": "0.050000"},
    )


def test_a_consent_that_ends_during_a_batch_stops_what_is_new_and_not_what_is_under_way(platform):
    """Each assignment and each report has its own result."""
    worker = WorkerFactory()
    tasks = [TaskFactory(platform=platform, amount="1") for _ in range(4)]
    for task in tasks[:2]:
        assign(task, worker)
    platforms.leave_platform(worker_id=worker.pk, platform_id=platform.pk, now=NOW + seconds(1))
    at = NOW + seconds(2)

    for task in tasks[2:]:
        with pytest.raises(WorkerNotFound):
            platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=at)
    reports = [WorkReport(task.pk, "started") for task in tasks]
    results = platforms.record_work_events(platform_id=platform.pk, reports=reports, now=at)

    assert [isinstance(one, tuple) for one in results] == [True, True, False, False]
    assert [one.code for one in results[2:]] == ["illegal_status"] * 2
    assert (balance(platform, "escrow"), everything_holds()) == (Decimal("2.04"), True)
