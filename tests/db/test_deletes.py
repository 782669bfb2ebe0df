"""Money history outlives people: who has some is anonymised, who has none is really gone."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.core.errors import HasMoneyHistory, Refusal
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.models import Account, LedgerEntry
from platforms import services as platforms
from platforms.models import ApiKey, Platform, Task, Work
from reputation.models import MilestoneRule, ReputationEvent
from reputation.scores import services as reputation
from tests.support.api.client import Api
from tests.support.creators.catalogue import listener, work
from tests.support.creators.milestones import rule
from tests.support.database.snapshots import rows_that_name
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    balance,
    owes,
    running_stream,
    settle,
    started,
)
from tests.support.long_forms import spread
from workers import services as workers
from workers.models import Worker
from workers.profiles.errors import WorkerDeleted

pytestmark = pytest.mark.django_db


def worker_paid_in_full() -> Worker:
    """Return a worker whose only task was done, paid and paid out."""
    task = started(amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.create_due_payouts(now=NOW)
    settle(NOW)
    return task.worker


def execute(statement: str, *parameters: Any) -> None:
    """Run a statement past Django's models, with foreign keys checked at once."""
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(statement, parameters)


def test_a_worker_with_money_history_is_anonymised():
    worker = worker_paid_in_full()
    entries = LedgerEntry.objects.count()
    email = worker.email

    assert worker.delete() == (0, {})

    stored = Worker.objects.get(pk=worker.pk)
    assert stored.deleted_at is not None
    assert stored.email == f"deleted-{worker.pk}@invalid.example"
    assert (stored.full_name, stored.password_hash, stored.wallet_id) == ("Deleted worker", "", "")
    assert (stored.wallet_address, stored.metadata) == (None, {})
    assert not Worker.objects.filter(email=email).exists()
    assert (stored.total_tasks, stored.total_earned, stored.reputation_score) == (1, Decimal(10), 510)
    assert LedgerEntry.objects.count() == entries


def test_a_worker_deleted_twice_keeps_the_time_of_the_first():
    worker = worker_paid_in_full()
    worker.delete()
    first = Worker.objects.get(pk=worker.pk).deleted_at

    Worker.objects.get(pk=worker.pk).delete()

    assert Worker.objects.get(pk=worker.pk).deleted_at == first


def test_deleting_many_workers_treats_each_by_its_own_rule():
    kept, gone = worker_paid_in_full(), WorkerFactory()

    Worker.objects.filter(pk__in=[kept.pk, gone.pk]).delete()

    assert list(Worker.objects.values_list("pk", "full_name")) == [(kept.pk, "Deleted worker")]


def test_hard_deleting_a_worker_with_money_history_says_why_not():
    worker = worker_paid_in_full()

    with pytest.raises(HasMoneyHistory, match=r"has money history .* and cannot be deleted") as refusal:
        worker.hard_delete()

    assert (refusal.value.code, refusal.value.status) == ("has_money_history", 409)
    assert Worker.objects.filter(pk=worker.pk, deleted_at=None, full_name=worker.full_name).exists()
    assert ReputationEvent.objects.filter(worker=worker).count() == 1
    assert Task.objects.filter(worker=worker).count() == 1


@pytest.mark.parametrize(
    "table", spread(["workers", "platforms", "tasks", "transactions"], of="raw deletions", one_in=4)
)
def test_raw_sql_does_not_delete_what_money_history_hangs_on(table):
    worker_paid_in_full()
    entries = LedgerEntry.objects.count()

    with pytest.raises(IntegrityError, match="violates foreign key constraint"), transaction.atomic():
        execute(f"DELETE FROM {table}")

    assert LedgerEntry.objects.count() == entries
    assert (Worker.objects.count(), Platform.objects.count(), Task.objects.count()) == (1, 1, 1)


@pytest.mark.parametrize("name", spread(["tasks", "streams", "loans"], of="rows of entries", one_in=3))
def test_a_row_that_entries_belong_to_is_not_deleted(name):
    stream, worker = running_stream(total="36", duration=3600, interval=60), WorkerFactory()
    payments.release_due_streams(now=NOW + timedelta(seconds=60))
    owes(worker, "6")
    subject = {"tasks": stream.task, "streams": stream, "loans": worker.loans.get()}[name]
    entries = LedgerEntry.objects.filter(subject_id=subject.pk).count()
    assert entries >= 1

    with pytest.raises(IntegrityError, match="violates foreign key constraint"), transaction.atomic():
        execute(f"DELETE FROM {name} WHERE id = %s", subject.pk)

    assert LedgerEntry.objects.filter(subject_id=subject.pk).count() == entries


def test_a_started_stream_is_not_deleted_with_its_worker():
    stream = running_stream()

    with pytest.raises(HasMoneyHistory):
        stream.worker.hard_delete()
    with pytest.raises(DatabaseError), transaction.atomic():
        execute("DELETE FROM workers")

    assert Account.objects.filter(worker=stream.worker).count() == 1


def test_a_worker_without_money_history_is_gone_with_their_reputation_events():
    worker, other = WorkerFactory(), WorkerFactory()
    for one in (worker, other):
        reputation.adjust_reputation(worker_id=one.pk, delta=5, reason="welcome", now=NOW)

    worker.delete()

    assert list(Worker.objects.all()) == [other]
    assert list(ReputationEvent.objects.values_list("worker", flat=True)) == [other.pk]


def test_a_worker_whose_works_are_in_a_catalogue_is_anonymised():
    song = work()
    worker = song.creator.worker

    assert worker.delete() == (0, {})

    with pytest.raises(HasMoneyHistory, match="creator profiles"):
        worker.hard_delete()
    assert Worker.objects.get(pk=worker.pk).full_name == "Deleted worker"
    assert Work.objects.get() == song


def test_a_platform_with_a_catalogue_is_anonymised():
    song = work()
    listener(song.platform)

    assert song.platform.delete() == (0, {})

    gone = Platform.objects.get()
    assert gone.name == f"Deleted platform {gone.reference}"


def test_a_platform_with_rules_of_milestones_is_anonymised():
    made = rule(PlatformFactory(), ("plays", "all_time", 5))

    assert made.platform.delete() == (0, {})

    gone = Platform.objects.get()
    assert gone.name == f"Deleted platform {gone.reference}"
    assert MilestoneRule.objects.get() == made


def test_a_platform_with_money_history_is_anonymised():
    platform = PlatformFactory(funds="10", wallet_id="w-1")

    assert platform.delete() == (0, {})

    stored = Platform.objects.get(pk=platform.pk)
    assert stored.deleted_at is not None
    assert (stored.name, stored.wallet_id, stored.is_active) == (
        f"Deleted platform {platform.reference}",
        "",
        False,
    )
    assert stored.contact_email == f"deleted-{platform.pk}@invalid.example"
    assert balance(stored, "available") == 10


def test_hard_deleting_a_platform_with_money_history_says_why_not():
    platform = PlatformFactory(funds="10")

    with pytest.raises(HasMoneyHistory):
        platform.hard_delete()

    assert Platform.objects.filter(pk=platform.pk, deleted_at=None, is_active=True).exists()


def test_a_platform_without_money_history_is_gone_with_its_tasks_and_keys():
    task = TaskFactory(platform=PlatformFactory())
    platforms.create_api_key(platform_id=task.platform_id)

    task.platform.delete()

    assert (Platform.objects.count(), Task.objects.count(), ApiKey.objects.count()) == (0, 0, 0)


def refused(act: Any, **arguments: Any) -> str:
    """Return the code of the refusal; nothing has been written but perhaps the line about it."""
    before = (LedgerEntry.objects.count(), AuditLog.objects.count())
    with pytest.raises(Refusal) as refusal:
        act(**arguments)
    assert (LedgerEntry.objects.count(), AuditLog.objects.count()) == before
    assert not Worker.objects.exclude(deleted_at=None).exists()
    assert not Platform.objects.exclude(deleted_at=None).exists()
    return refusal.value.code


def test_a_worker_with_an_open_task_may_not_leave():
    for task in (assigned(), started()):
        assert refused(workers.delete_worker, worker_id=task.worker_id) == "task_not_over"


def test_a_worker_with_money_here_or_on_its_way_may_not_leave():
    task = started(amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW)
    assert refused(workers.delete_worker, worker_id=task.worker_id) == "money_left"

    payments.create_due_payouts(now=NOW)

    assert balance(task.worker, "available") == 0
    assert refused(workers.delete_worker, worker_id=task.worker_id) == "money_left"


def test_a_worker_who_asks_for_or_owes_an_advance_may_not_leave():
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="50", fee_bps=200, now=NOW)
    assert refused(workers.delete_worker, worker_id=worker.pk) == "open_loan_exists"

    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)

    assert balance(worker, "loan") == Decimal(-51)
    assert refused(workers.delete_worker, worker_id=worker.pk) in ("open_loan_exists", "money_left")


def test_a_worker_who_is_done_may_leave_once():
    worker = worker_paid_in_full()

    workers.delete_worker(worker_id=worker.pk)

    assert Worker.objects.get(pk=worker.pk).full_name == "Deleted worker"
    assert AuditLog.objects.filter(action="worker.delete", resource_id=str(worker.pk)).count() == 1
    with pytest.raises(WorkerDeleted):
        workers.delete_worker(worker_id=worker.pk)


def test_a_platform_with_work_or_money_here_may_not_leave():
    task = started(amount="10")
    assert refused(platforms.delete_platform, platform_id=task.platform_id) == "task_not_over"

    platforms.cancel_task(task_id=task.pk, now=NOW)

    assert refused(platforms.delete_platform, platform_id=task.platform_id) == "money_left"


def test_a_platform_with_a_posted_task_may_not_leave():
    task = TaskFactory(platform=PlatformFactory())

    assert refused(platforms.delete_platform, platform_id=task.platform_id) == "task_not_over"
    assert Task.objects.filter(pk=task.pk).exists()


@pytest.mark.parametrize("paid", [True, False], ids=["anonymised", "gone"])
def test_a_deleted_worker_is_named_nowhere(paid):
    """Name and address also stood in the answers to them and to a platform that invited them."""
    email, name = "erased-person@example.com", "Erasmus Erased"
    platform = PlatformFactory(funds="100")
    worker = WorkerFactory(email=email, full_name=name)
    api, me = Api.of(platform), Api.as_worker(worker)
    api.post("workers/invite", {"email": email}, key="invited")
    me.patch("me", {"full_name": name}, key="named")
    if paid:
        task = started(worker, amount="10", platform=platform)
        platforms.complete_task(task_id=task.pk)
        payments.create_due_payouts()
        settle(database_now())
    assert set(rows_that_name(email, name)) >= {"answered_requests", "workers"}

    workers.delete_worker(worker_id=worker.pk)

    assert rows_that_name(email, name) == {}
    assert not platform.invitations.exists()
