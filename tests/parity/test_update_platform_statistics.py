"""update_platform_statistics: a task's status changes; the engagement and the platform's totals follow,
whichever way it is written."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from gigstream.core.errors import GuardedWrite, HasMoneyHistory
from platforms import services as platforms
from platforms.figures.services import TaskFigures, TaskMove
from platforms.models import Engagement, Platform, Task, TaskTally
from platforms.signals import tasks_moved_in_bulk
from tests.support.database.valid_rows import valid
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    seconds,
    started,
)
from tests.support.parity.figures import DONE, change, engagement_of, noticed, raw, tallies_of, totals_of

pytestmark = pytest.mark.django_db

OPEN = (1, Decimal(0), 1, 1)
ENDED = (1, Decimal(10), 0, 1)


def test_create():
    row = valid(Task, **DONE)

    Task.objects.create(**{name: value for name, value in row.__dict__.items() if not name.startswith("_")})

    assert totals_of(row.platform) == ENDED
    assert engagement_of(row) == (0, 1)


def test_create_without_a_worker():
    task = TaskFactory()

    assert totals_of(task.platform) == (1, Decimal(0), 0, 0)
    assert not Engagement.objects.exists()


def test_save():
    task = started()
    assert totals_of(task.platform) == OPEN
    assert engagement_of(task) == (1, 0)

    change(task, **DONE).save()

    assert totals_of(task.platform) == ENDED
    assert engagement_of(task) == (0, 1)
    assert tallies_of(task.platform) == {"fixed": ({"completed": 1}, Decimal(10), Decimal("0.2"))}


def test_save_with_update_fields():
    task = started()

    change(task, **DONE).save(update_fields=[*DONE])

    assert totals_of(task.platform) == ENDED
    assert engagement_of(task) == (0, 1)


def test_save_with_update_fields_counts_only_what_is_written():
    task = started()

    change(task, **DONE, title="New").save(update_fields=["title"])

    assert totals_of(task.platform) == OPEN
    assert engagement_of(task) == (1, 0)


def test_save_with_update_fields_engages_nobody_who_is_not_written():
    task = TaskFactory()
    task.worker = WorkerFactory()

    change(task, status="cancelled", cancelled_at=NOW, paid_amount=Decimal(0))
    task.save(update_fields=["status", "cancelled_at", "paid_amount"])

    assert Task.objects.get(pk=task.pk).worker is None
    assert not Engagement.objects.exists()
    assert noticed() == {}


def test_save_with_update_fields_goes_by_the_times_that_are_written():
    task = started()

    change(task, completed_at=NOW + seconds(9), assigned_at=NOW + seconds(5), worker_rating=5)
    task.save(update_fields=["worker_rating"])

    engagement = Engagement.objects.get()
    assert (engagement.last_at, engagement.last_assigned_at) == (NOW, NOW)


def test_save_of_a_time_of_assignment():
    task = assigned()

    change(task, assigned_at=NOW + seconds(5)).save()

    engagement = Engagement.objects.get()
    assert (engagement.last_at, engagement.last_assigned_at) == (NOW + seconds(5), NOW + seconds(5))
    assert noticed() == {}


@pytest.mark.parametrize("column", ["platform", "task_type", "fee_bps"])
def test_save_of_other_terms_is_refused(column):
    task = started()
    platform, other = task.platform, PlatformFactory()
    before = tallies_of(platform)

    changed = change(task, **{column: {"platform": other, "task_type": "milestone", "fee_bps": 1}[column]})
    for written in (None, [column]):
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            changed.save(update_fields=written)

    assert totals_of(platform) == OPEN
    assert tallies_of(platform) == before
    assert (totals_of(other), tallies_of(other)) == ((0, Decimal(0), 0, 0), {})
    assert noticed() == {}


def test_update():
    task = started()

    for rows in (Task.objects.filter(pk=task.pk), task.platform.tasks, task.worker.tasks):
        with pytest.raises(GuardedWrite):
            rows.update(**DONE)

    assert totals_of(task.platform) == OPEN
    assert engagement_of(task) == (1, 0)


def test_update_of_an_engagement_or_tally():
    task = started()

    for write in (
        lambda: Engagement.objects.update(open_tasks=0),
        lambda: Engagement.objects.bulk_create([]),
        lambda: Engagement.objects.all().delete(),
        lambda: TaskTally.objects.update(created_tasks=7),
        lambda: TaskTally.objects.all().delete(),
    ):
        with pytest.raises(GuardedWrite):
            write()

    assert engagement_of(task) == (1, 0)


def test_bulk_create():
    row = valid(Task, **DONE)

    with pytest.raises(GuardedWrite):
        Task.objects.bulk_create([row])

    assert totals_of(row.platform) == (0, Decimal(0), 0, 0)
    assert not Engagement.objects.exists()


def test_bulk_update():
    task = started()

    with pytest.raises(GuardedWrite):
        Task.objects.bulk_update([change(task, **DONE)], [*DONE])

    assert totals_of(task.platform) == OPEN
    assert engagement_of(task) == (1, 0)


def test_bulk_update_by_a_service_is_told():
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    tasks = [started(worker, platform=platform) for _ in range(3)]
    before = TaskFigures.of_task(tasks[0])
    for task in tasks:
        change(task, **DONE)

    Task.unguarded.bulk_update(tasks, [*DONE])
    tasks_moved_in_bulk.send(sender=Task, moves=[TaskMove.of(task, before=before, at=NOW) for task in tasks])

    assert totals_of(platform) == (3, Decimal(30), 0, 1)
    assert engagement_of(tasks[0]) == (0, 3)
    assert tallies_of(platform) == {"fixed": ({"completed": 3}, Decimal(30), Decimal("0.6"))}


def test_delete():
    task = TaskFactory()

    for refused in (task.delete, Task.unguarded.filter(pk=task.pk).delete):
        with pytest.raises(GuardedWrite, match="a task is cancelled, not deleted"), transaction.atomic():
            refused()

    assert Task.objects.filter(pk=task.pk).exists()
    assert totals_of(task.platform) == (1, Decimal(0), 0, 0)


def test_delete_of_the_worker_leaves_the_platform_its_record():
    row = valid(Task, **DONE)
    row.save(force_insert=True)

    with pytest.raises(HasMoneyHistory, match="counts for its worker and its platform"):
        row.worker.hard_delete()
    row.worker.delete()

    assert totals_of(row.platform) == ENDED
    assert engagement_of(row) == (0, 1)
    assert Task.objects.get(pk=row.pk).worker.deleted_at is not None
    assert noticed() == {}


def test_delete_of_a_platform_takes_along_what_nobody_was_given():
    task = TaskFactory(platform=PlatformFactory())

    task.platform.delete()

    assert not Task.objects.exists()
    assert not Platform.objects.exists()


def test_raw_sql():
    task = started()

    raw(
        "UPDATE tasks SET status = 'completed', completed_at = now(), paid_amount = 10 WHERE id = %s", task.pk
    )

    found = noticed()
    assert found["task_tallies_follow_from_tasks"] == [f"{task.platform_id} fixed"]
    assert found["platform_statistics_follow_from_tasks"] == [str(task.platform_id)]
    assert found["engagements_follow_from_tasks"] == [str(Engagement.objects.get().pk)]
    call_command("recompute_statistics")
    assert totals_of(task.platform) == ENDED
    assert engagement_of(task) == (0, 1)
    assert noticed() == {}


def test_a_second_save_counts_nothing():
    task = started()

    change(task, **DONE).save()
    task.save()
    Task.objects.get(pk=task.pk).save()

    assert totals_of(task.platform) == ENDED
    assert engagement_of(task) == (0, 1)


def test_two_instances_of_one_task_count_once():
    task = started()
    one, stale = Task.objects.get(pk=task.pk), Task.objects.get(pk=task.pk)

    change(one, **DONE).save()
    change(stale, **DONE).save()

    assert totals_of(task.platform) == ENDED
    assert engagement_of(task) == (0, 1)


def test_a_stale_instance_leaves_the_totals_alone():
    task = started()
    stale = Task.objects.get(pk=task.pk)
    change(task, **DONE).save()

    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        change(stale, title="New").save()
    change(stale, worker_rating=5).save(update_fields=["worker_rating"])

    assert totals_of(task.platform) == ENDED
    assert engagement_of(task) == (0, 1)


def test_a_task_never_changes_hands():
    task, other = assigned(), WorkerFactory()
    worker = task.worker

    with pytest.raises(DatabaseError), transaction.atomic():
        change(task, worker=other).save()
    with pytest.raises(DatabaseError), transaction.atomic():
        other.tasks.add(task)

    assert list(task.platform.engagements.values_list("worker", "open_tasks")) == [(worker.pk, 1)]


def test_a_stale_platform_keeps_what_the_rules_wrote():
    platform = PlatformFactory(funds="1000")
    stale = Platform.objects.get(pk=platform.pk)
    platforms.complete_task(task_id=started(platform=platform).pk, now=NOW)

    stale.contact_email = "new@example.com"
    stale.save()

    assert Platform.objects.get(pk=platform.pk).contact_email == "new@example.com"
    assert totals_of(platform) == ENDED
