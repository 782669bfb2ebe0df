"""What follows automatically, rule by rule and write path by write path: right or refused, never wrong."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from gigstream.lib.errors import GuardedWrite
from payments.models import Stream, Transaction
from payments.services.transactions import insert as insert_transactions
from platforms import services as platforms
from platforms.models import Platform, Task
from platforms.signals import tasks_moved_in_bulk
from platforms.statistics import Standing, TaskMove
from reputation import services as reputation
from reputation.models import ReputationEvent
from tests.db.rows import valid
from tests.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assigned,
    running_stream,
    seconds,
    started,
)
from workers import services as workers
from workers.models import Worker
from workers.signals import day_passed

pytestmark = pytest.mark.django_db

DONE = {"status": "completed", "completed_at": NOW, "paid_amount": Decimal(10)}
NOTHING_DONE = {
    "total_tasks": 0,
    "total_earned": Decimal(0),
    "completion_rate": Decimal(0),
    "average_rating": None,
    "dispute_rate": Decimal(0),
}


def figures_of(worker: Worker) -> dict[str, Any]:
    return Worker.objects.filter(pk=worker.pk).values(*NOTHING_DONE).get()


def totals_of(platform: Platform) -> tuple[int, Decimal, int, int]:
    """Tasks posted, paid, workers with an open task, workers ever."""
    return Platform.objects.values_list(
        "total_tasks", "total_payouts", "active_workers", "unique_workers"
    ).get(pk=platform.pk)


def engagement_of(task: Task) -> tuple[int, int]:
    return task.platform.engagements.values_list("open_tasks", "finished_tasks").get(worker=task.worker)


def change(task: Task, **columns: Any) -> Task:
    for name, value in columns.items():
        setattr(task, name, value)
    return task


class TestTaskStatistics:
    """update_worker_statistics and update_platform_statistics: a task's status changes."""

    def test_create(self):
        row = valid(Task, **DONE, worker_rating=4)
        row.save(force_insert=True)

        assert figures_of(row.worker) == {
            "total_tasks": 1,
            "total_earned": Decimal(10),
            "completion_rate": Decimal(100),
            "average_rating": Decimal(4),
            "dispute_rate": Decimal(0),
        }
        assert totals_of(row.platform) == (1, Decimal(10), 0, 1)
        assert engagement_of(row) == (0, 1)

    def test_create_without_a_worker(self):
        task = TaskFactory()

        assert totals_of(task.platform) == (1, Decimal(0), 0, 0)
        assert task.platform.engagements.count() == 0

    def test_save(self):
        task = started()
        assert totals_of(task.platform) == (1, Decimal(0), 1, 1)

        change(task, **DONE).save()

        assert figures_of(task.worker)["total_tasks"] == 1
        assert figures_of(task.worker)["total_earned"] == Decimal(10)
        assert totals_of(task.platform) == (1, Decimal(10), 0, 1)
        assert engagement_of(task) == (0, 1)

    def test_save_with_update_fields(self):
        task = started()

        change(task, **DONE).save(update_fields=[*DONE])

        assert figures_of(task.worker)["total_tasks"] == 1
        assert totals_of(task.platform) == (1, Decimal(10), 0, 1)

    def test_save_with_update_fields_counts_only_what_is_written(self):
        task = started()

        change(task, **DONE, title="New").save(update_fields=["title"])

        assert figures_of(task.worker) == NOTHING_DONE
        assert totals_of(task.platform) == (1, Decimal(0), 1, 1)
        assert Task.objects.get(pk=task.pk).status == "in_progress"

    def test_save_twice_counts_once(self):
        task = started()

        change(task, **DONE).save()
        task.save()
        Task.objects.get(pk=task.pk).save()

        assert figures_of(task.worker)["total_tasks"] == 1
        assert totals_of(task.platform) == (1, Decimal(10), 0, 1)
        assert engagement_of(task) == (0, 1)

    def test_two_instances_of_one_task_count_once(self):
        task = started()
        one, stale = Task.objects.get(pk=task.pk), Task.objects.get(pk=task.pk)

        change(one, **DONE).save()
        change(stale, **DONE).save()

        assert figures_of(task.worker)["total_tasks"] == 1
        assert totals_of(task.platform) == (1, Decimal(10), 0, 1)
        assert engagement_of(task) == (0, 1)

    def test_a_stale_instance_that_would_undo_a_move_is_refused(self):
        task = started()
        stale = Task.objects.get(pk=task.pk)
        change(task, **DONE).save()

        with pytest.raises(DatabaseError, match="Invalid transition"), transaction.atomic():
            change(stale, title="New").save()

        assert figures_of(task.worker)["total_tasks"] == 1
        assert totals_of(task.platform) == (1, Decimal(10), 0, 1)

    def test_a_stale_instance_that_writes_one_column_leaves_the_rest(self):
        task = started()
        stale = Task.objects.get(pk=task.pk)
        change(task, **DONE).save()

        change(stale, worker_rating=5).save(update_fields=["worker_rating"])

        assert figures_of(task.worker) == {
            "total_tasks": 1,
            "total_earned": Decimal(10),
            "completion_rate": Decimal(100),
            "average_rating": Decimal(5),
            "dispute_rate": Decimal(0),
        }
        assert totals_of(task.platform) == (1, Decimal(10), 0, 1)

    def test_a_task_never_changes_hands(self):
        task, other = assigned(), WorkerFactory()
        worker = task.worker

        with pytest.raises(DatabaseError), transaction.atomic():
            change(task, worker=other).save()
        with pytest.raises(DatabaseError), transaction.atomic():
            other.tasks.add(task)

        assert list(task.platform.engagements.values_list("worker", "open_tasks")) == [(worker.pk, 1)]

    def test_a_batch(self):
        worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
        tasks = [started(worker, platform=platform) for _ in range(3)]
        before = {task.pk: Standing.of_task(task) for task in tasks}
        for task in tasks:
            change(task, **DONE)

        Task.unguarded.bulk_update(tasks, [*DONE])
        tasks_moved_in_bulk.send(
            sender=Task, moves=[TaskMove.of(task, before=before[task.pk], at=NOW) for task in tasks]
        )

        assert figures_of(worker)["total_tasks"] == 3
        assert figures_of(worker)["total_earned"] == Decimal(30)
        assert totals_of(platform) == (3, Decimal(30), 0, 1)
        assert engagement_of(tasks[0]) == (0, 3)

    def test_bulk_writes_outside_the_services_are_refused(self):
        task = started()

        with pytest.raises(GuardedWrite):
            Task.objects.filter(pk=task.pk).update(**DONE)
        with pytest.raises(GuardedWrite):
            Task.objects.bulk_update([change(task, **DONE)], [*DONE])
        with pytest.raises(GuardedWrite):
            Task.objects.bulk_create([valid(Task)])
        with pytest.raises(GuardedWrite):
            task.worker.tasks.all().delete()

        assert figures_of(task.worker) == NOTHING_DONE
        assert totals_of(task.platform) == (1, Decimal(0), 1, 1)

    def test_a_task_is_not_deleted_by_itself(self):
        task = TaskFactory()

        with pytest.raises(GuardedWrite, match="a task is cancelled, not deleted"), transaction.atomic():
            task.delete()
        with pytest.raises(GuardedWrite, match="a task is cancelled, not deleted"), transaction.atomic():
            Task.unguarded.filter(pk=task.pk).delete()

        assert Task.objects.filter(pk=task.pk).exists()
        assert totals_of(task.platform) == (1, Decimal(0), 0, 0)

    def test_a_task_goes_with_a_platform_that_has_no_money_history(self):
        task = TaskFactory(platform=PlatformFactory())

        task.platform.delete()

        assert Task.objects.count() == 0
        assert Platform.objects.count() == 0


class TestWorkerFigures:
    """Rates and averages over tasks that ended in different ways."""

    def test_rates_follow_from_every_ended_task(self):
        worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
        tasks = [started(worker, platform=platform) for _ in range(4)]
        for task in tasks[:2]:
            platforms.complete_task(task_id=task.pk, now=NOW)
        platforms.rate_worker(task_id=tasks[0].pk, rating=5, now=NOW)
        platforms.rate_worker(task_id=tasks[1].pk, rating=4, now=NOW)
        platforms.cancel_task(task_id=tasks[2].pk, now=NOW)
        assert figures_of(worker)["completion_rate"] == Decimal("66.67")

        platforms.dispute_task(task_id=tasks[3].pk, severity=1, reason="late", now=NOW)

        assert figures_of(worker) == {
            "total_tasks": 2,
            "total_earned": Decimal(20),
            "completion_rate": Decimal(50),
            "average_rating": Decimal("4.5"),
            "dispute_rate": Decimal(25),
        }
        assert totals_of(platform) == (4, Decimal(20), 1, 1)


class TestReputationScore:
    """update_reputation_score: a reputation event is inserted."""

    def event(self, worker: Worker, delta: int = 30) -> ReputationEvent:
        return ReputationEvent(worker=worker, event_type="task_completed", delta=delta)

    def score(self, worker: Worker) -> int:
        return Worker.objects.values_list("reputation_score", flat=True).get(pk=worker.pk)

    def test_create(self):
        worker = WorkerFactory()

        event = ReputationEvent.objects.create(worker=worker, event_type="task_completed", delta=30)

        assert (event.number, event.previous_score, event.new_score) == (1, 500, 530)
        assert self.score(worker) == 530

    def test_save(self):
        worker = WorkerFactory()

        for delta in (30, -10):
            self.event(worker, delta).save()

        assert list(worker.reputation_events.order_by("number").values_list("number", "new_score")) == [
            (1, 530),
            (2, 520),
        ]
        assert self.score(worker) == 520

    def test_two_instances_of_one_worker(self):
        worker = WorkerFactory()
        one, stale = Worker.objects.get(pk=worker.pk), Worker.objects.get(pk=worker.pk)

        self.event(one).save()
        self.event(stale).save()

        assert self.score(worker) == 560

    def test_the_score_stays_in_range(self):
        worker = WorkerFactory()

        self.event(worker, 900).save()
        assert self.score(worker) == 1000
        self.event(worker, -2000).save()
        assert self.score(worker) == 0

    def test_a_batch(self):
        one, other = WorkerFactory(), WorkerFactory()

        reputation.record_events([self.event(one), self.event(other, -5), self.event(one, 7)], now=NOW)

        assert (self.score(one), self.score(other)) == (537, 495)
        assert list(one.reputation_events.order_by("number").values_list("previous_score", "new_score")) == [
            (500, 530),
            (530, 537),
        ]

    @pytest.mark.parametrize("update_fields", [None, ["delta"]])
    def test_a_second_save_is_refused(self, update_fields):
        worker = WorkerFactory()
        event = ReputationEvent.objects.create(worker=worker, event_type="task_completed", delta=30)

        event.delta = 300
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            event.save(update_fields=update_fields)

        assert self.score(worker) == 530

    def test_bulk_writes_and_deletes_are_refused(self):
        worker = WorkerFactory()
        event = ReputationEvent.objects.create(worker=worker, event_type="task_completed", delta=30)

        with pytest.raises(GuardedWrite):
            ReputationEvent.objects.bulk_create([self.event(worker)])
        with pytest.raises(GuardedWrite):
            ReputationEvent.objects.update(delta=300)
        with pytest.raises(GuardedWrite):
            ReputationEvent.objects.all().delete()
        with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
            event.delete()

        assert self.score(worker) == 530


class TestStreamAmounts:
    """update_stream_amounts: before a stream is saved."""

    def stored(self, stream: Stream) -> Stream:
        return Stream.objects.get(pk=stream.pk)

    def test_create(self):
        row = valid(Stream, released_amount=Decimal(4))
        row.save(force_insert=True)

        assert row.remaining_amount == self.stored(row).remaining_amount == Decimal(6)
        assert self.stored(row).status == "active"

    def test_create_with_nothing_remaining(self):
        row = valid(Stream, released_amount=Decimal(10))
        row.save(force_insert=True)

        stored = self.stored(row)
        assert (stored.status, stored.remaining_amount, stored.next_release_at) == ("completed", 0, None)
        assert stored.completed_at is not None

    def test_save(self):
        stream = running_stream(total="100")

        stream.released_amount = Decimal(40)
        stream.save()
        assert (stream.remaining_amount, self.stored(stream).remaining_amount) == (60, 60)
        stream.released_amount = Decimal(100)
        stream.completed_at = NOW
        stream.save()

        stored = self.stored(stream)
        assert (stored.status, stored.remaining_amount, stored.completed_at) == ("completed", 0, NOW)

    def test_a_paused_stream_completes_as_well(self):
        stream = running_stream(total="100")
        stream.status, stream.paused_at = "paused", NOW
        stream.save()

        stream.released_amount = Decimal(100)
        stream.save()

        assert (self.stored(stream).status, self.stored(stream).paused_at) == ("completed", None)

    def test_save_with_update_fields(self):
        stream = running_stream(total="100")

        stream.released_amount = Decimal(40)
        stream.save(update_fields=["released_amount"])

        assert self.stored(stream).remaining_amount == 60

    def test_save_with_update_fields_that_would_leave_the_stream_open_is_refused(self):
        stream = running_stream(total="100")

        stream.released_amount = Decimal(100)
        with pytest.raises(GuardedWrite, match="this save completes stream"):
            stream.save(update_fields=["released_amount"])

        assert (self.stored(stream).status, self.stored(stream).remaining_amount) == ("active", 100)

    def test_a_stale_instance_that_would_take_a_release_back_is_refused(self):
        stream = running_stream(total="100")
        stale = self.stored(stream)
        stream.released_amount = Decimal(40)
        stream.save()

        stale.metadata = {"note": "new"}
        with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
            stale.save()

        assert (self.stored(stream).released_amount, self.stored(stream).remaining_amount) == (40, 60)

    def test_plain_sql_keeps_what_remains(self):
        stream = running_stream(total="100")

        Stream.unguarded.filter(pk=stream.pk).update(released_amount=Decimal(40))

        assert self.stored(stream).remaining_amount == 60

    def test_bulk_writes_outside_the_services_are_refused(self):
        stream = running_stream(total="100")

        with pytest.raises(GuardedWrite):
            Stream.objects.update(released_amount=Decimal(100))
        with pytest.raises(GuardedWrite):
            Stream.objects.bulk_update([stream], ["released_amount"])
        with pytest.raises(GuardedWrite):
            Stream.objects.bulk_create([stream])
        with pytest.raises(GuardedWrite):
            Stream.objects.all().delete()

        assert self.stored(stream).remaining_amount == 100


class TestLastActive:
    """update_worker_last_active: a task or transaction is inserted."""

    def last_active(self, worker: Worker) -> datetime | None:
        return Worker.objects.values_list("last_active_at", flat=True).get(pk=worker.pk)

    def test_create_a_transaction(self):
        row = valid(Transaction)
        row.save(force_insert=True)

        assert self.last_active(row.worker) == row.created_at

    def test_create_a_transaction_at_the_databases_time(self):
        row = valid(Transaction)
        made = Transaction.objects.create(
            type="payout",
            amount=Decimal(1),
            worker=row.worker,
            to_wallet=row.to_wallet,
            idempotency_key="now",
        )

        assert self.last_active(row.worker) == Transaction.objects.get(pk=made.pk).created_at

    def test_create_a_task(self):
        row = valid(Task)
        row.save(force_insert=True)

        assert self.last_active(row.worker) == row.created_at

    @pytest.mark.parametrize("update_fields", [None, ["error_message"]])
    def test_a_later_save_is_no_insert(self, update_fields):
        row = valid(Transaction)
        row.save(force_insert=True)
        Worker.objects.filter(pk=row.worker_id).update(last_active_at=None)

        row.error_message = "new"
        row.save(update_fields=update_fields)

        assert self.last_active(row.worker) is None

    def test_a_batch(self):
        rows = [valid(Transaction), valid(Transaction), valid(Transaction, worker=None, type="fee")]

        insert_transactions(rows, NOW)

        assert [self.last_active(row.worker) for row in rows[:2]] == [NOW, NOW]

    def test_time_does_not_go_back(self):
        worker = WorkerFactory()
        valid(Transaction, worker=worker, created_at=NOW).save(force_insert=True)

        valid(Transaction, worker=worker, created_at=NOW - seconds(1)).save(force_insert=True)
        insert_transactions([valid(Transaction, worker=worker)], NOW - seconds(5))

        assert self.last_active(worker) == NOW

    def test_bulk_create_outside_the_services_is_refused(self):
        row = valid(Transaction)

        with pytest.raises(GuardedWrite):
            Transaction.objects.bulk_create([row])

        assert self.last_active(row.worker) is None


class TestAccountAges:
    """update_account_ages: daily, by beat."""

    @pytest.mark.parametrize(
        "now, age",
        [
            (datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC), 0),
            (datetime(2026, 3, 3, 0, 0, tzinfo=UTC), 1),
            (datetime(2026, 4, 1, 12, 0, tzinfo=UTC), 30),
        ],
    )
    def test_an_account_ages_at_midnight_utc(self, now, age):
        worker = WorkerFactory(now=NOW)

        day_passed.send(sender=None, now=now)

        assert Worker.objects.get(pk=worker.pk).account_age_days == age
        assert Worker.objects.get(pk=worker.pk).account_aged_on == now.date()

    def test_a_second_run_on_the_same_day_changes_nothing(self):
        WorkerFactory(now=NOW)
        later = NOW + timedelta(days=3)

        assert workers.age_accounts(now=later) == 1
        assert workers.age_accounts(now=later + seconds(60)) == 0

    def test_a_day_of_another_time_zone_does_not_matter(self):
        worker = WorkerFactory(now=NOW)
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL timezone = 'Asia/Tokyo'")
            workers.age_accounts(now=datetime(2026, 3, 3, 20, 0, tzinfo=UTC))
            cursor.execute("SET LOCAL timezone = 'UTC'")

        assert Worker.objects.get(pk=worker.pk).account_age_days == 1


class TestDerivedColumnsOutliveOtherWrites:
    """A worker or platform that was read before a rule ran is saved after it."""

    def test_a_stale_worker_keeps_what_the_rules_wrote(self):
        worker = WorkerFactory()
        stale = Worker.objects.get(pk=worker.pk)
        task = started(worker)
        platforms.complete_task(task_id=task.pk, now=NOW)
        workers.touch_last_active([worker.pk], NOW)

        stale.full_name = "New Name"
        stale.save()

        stored = Worker.objects.get(pk=worker.pk)
        assert (stored.full_name, stored.total_tasks, stored.reputation_score) == ("New Name", 1, 510)
        assert (stored.total_earned, stored.completion_rate) == (Decimal(10), Decimal(100))
        assert stored.last_active_at == NOW

    def test_a_stale_platform_keeps_what_the_rules_wrote(self):
        platform = PlatformFactory(funds="1000")
        stale = Platform.objects.get(pk=platform.pk)
        platforms.complete_task(task_id=started(platform=platform).pk, now=NOW)

        stale.contact_email = "new@example.com"
        stale.save()

        assert Platform.objects.get(pk=platform.pk).contact_email == "new@example.com"
        assert totals_of(platform) == (1, Decimal(10), 0, 1)
