"""update_worker_statistics: a task's status changes, and its worker's figures follow, whichever way it is
written."""

from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import DatabaseError, transaction

from gigstream.core.errors import GuardedWrite, HasMoneyHistory
from platforms import services as platforms
from platforms.figures.services import TaskFigures, TaskMove
from platforms.models import Task
from platforms.signals import tasks_moved_in_bulk
from tests.support.database.valid_rows import valid
from tests.support.decisions import resolve_dispute
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, started
from tests.support.parity.figures import DONE, NOTHING_DONE, ONE_DONE, change, figures_of, noticed, raw
from workers.models import Worker

pytestmark = pytest.mark.django_db


def test_create():
    row = valid(Task, **DONE, worker_rating=4)

    Task.objects.create(**{name: value for name, value in row.__dict__.items() if not name.startswith("_")})

    assert figures_of(row.worker) == {**ONE_DONE, "average_rating": Decimal(4)}


def test_save():
    task = started()

    change(task, **DONE).save()

    assert figures_of(task.worker) == ONE_DONE


def test_save_with_update_fields():
    task = started()

    change(task, **DONE).save(update_fields=[*DONE])

    assert figures_of(task.worker) == ONE_DONE


def test_save_with_update_fields_counts_only_what_is_written():
    task = started()

    change(task, **DONE, title="New").save(update_fields=["title"])

    assert figures_of(task.worker) == NOTHING_DONE
    assert Task.objects.get(pk=task.pk).status == "in_progress"


def test_update():
    task = started()

    with pytest.raises(GuardedWrite):
        Task.objects.filter(pk=task.pk).update(**DONE)

    assert figures_of(task.worker) == NOTHING_DONE
    assert Task.objects.get(pk=task.pk).status == "in_progress"


def test_bulk_create():
    row = valid(Task, **DONE)

    with pytest.raises(GuardedWrite):
        Task.objects.bulk_create([row])

    assert figures_of(row.worker) == NOTHING_DONE
    assert not Task.objects.exists()


def test_bulk_update():
    task = started()

    with pytest.raises(GuardedWrite):
        Task.objects.bulk_update([change(task, **DONE)], [*DONE])

    assert figures_of(task.worker) == NOTHING_DONE
    assert Task.objects.get(pk=task.pk).status == "in_progress"


def test_bulk_update_by_a_service_is_told():
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    tasks = [started(worker, platform=platform) for _ in range(3)]
    before = TaskFigures.of_task(tasks[0])
    for task in tasks:
        change(task, **DONE)

    Task.unguarded.bulk_update(tasks, [*DONE])
    tasks_moved_in_bulk.send(sender=Task, moves=[TaskMove.of(task, before=before, at=NOW) for task in tasks])

    assert figures_of(worker) == {**ONE_DONE, "total_tasks": 3, "total_earned": Decimal(30)}


def test_delete():
    row = valid(Task, **DONE)
    row.save(force_insert=True)

    for refused in (row.delete, Task.unguarded.filter(pk=row.pk).delete, Task.objects.all().delete):
        with pytest.raises(GuardedWrite), transaction.atomic():
            refused()

    assert figures_of(row.worker) == ONE_DONE
    assert Task.objects.filter(pk=row.pk).exists()


def test_delete_of_the_platform_leaves_its_workers_their_record():
    row = valid(Task, **DONE)
    row.save(force_insert=True)

    with pytest.raises(HasMoneyHistory, match="counts for its worker and its platform"):
        row.platform.hard_delete()
    row.platform.delete()

    assert figures_of(row.worker) == ONE_DONE
    assert Task.objects.get(pk=row.pk).platform.deleted_at is not None
    assert noticed() == {}


def test_raw_sql():
    task = started()

    raw(
        "UPDATE tasks SET status = 'completed', completed_at = now(), paid_amount = 10 WHERE id = %s", task.pk
    )

    assert noticed()["worker_statistics_follow_from_tasks"] == [str(task.worker_id)]
    call_command("recompute_statistics")
    assert figures_of(task.worker) == ONE_DONE
    assert noticed() == {}


def test_a_second_save_counts_nothing():
    task = started()

    change(task, **DONE).save()
    task.save()
    Task.objects.get(pk=task.pk).save()

    assert figures_of(task.worker) == ONE_DONE


def test_two_instances_of_one_task_count_once():
    task = started()
    one, stale = Task.objects.get(pk=task.pk), Task.objects.get(pk=task.pk)

    change(one, **DONE).save()
    change(stale, **DONE).save()

    assert figures_of(task.worker) == ONE_DONE


def test_a_stale_instance_that_would_undo_a_move_is_refused():
    task = started()
    stale = Task.objects.get(pk=task.pk)
    change(task, **DONE).save()

    with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
        change(stale, title="New").save()

    assert figures_of(task.worker) == ONE_DONE


def test_a_stale_instance_that_writes_one_column_leaves_the_rest():
    task = started()
    stale = Task.objects.get(pk=task.pk)
    change(task, **DONE).save()

    change(stale, worker_rating=5).save(update_fields=["worker_rating"])

    assert figures_of(task.worker) == {**ONE_DONE, "average_rating": Decimal(5)}


def test_rates_follow_from_every_ended_task():
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    tasks = [started(worker, platform=platform) for _ in range(4)]
    for task in tasks[:2]:
        platforms.complete_task(task_id=task.pk, now=NOW)
    platforms.rate_worker(task_id=tasks[0].pk, rating=5, now=NOW)
    platforms.rate_worker(task_id=tasks[1].pk, rating=4, now=NOW)
    platforms.cancel_task(task_id=tasks[2].pk, now=NOW)
    assert figures_of(worker)["completion_rate"] == 100

    platforms.dispute_task(task_id=tasks[3].pk, severity=1, reason="late", now=NOW)
    assert figures_of(worker)["dispute_rate"] == 0
    resolve_dispute(task_id=tasks[3].pk, outcome="platform", worker_amount="0", now=NOW)

    assert figures_of(worker) == {
        "total_tasks": 2,
        "total_earned": Decimal(20),
        "completion_rate": Decimal("66.67"),
        "average_rating": Decimal("4.5"),
        "dispute_rate": Decimal(25),
    }


def test_a_stale_worker_keeps_what_the_rules_wrote():
    worker = WorkerFactory()
    stale = Worker.objects.get(pk=worker.pk)
    platforms.complete_task(task_id=started(worker).pk, now=NOW)

    stale.full_name = "New Name"
    stale.save()

    stored = Worker.objects.get(pk=worker.pk)
    assert (stored.full_name, stored.reputation_score, stored.last_active_at) == ("New Name", 510, None)
    assert figures_of(worker) == ONE_DONE
