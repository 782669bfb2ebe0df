"""update_worker_last_active: a task or transaction is inserted; its worker was active then, whichever way it
is written."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from gigstream.core.errors import GuardedWrite
from gigstream.core.ids import new_id
from payments.models import Transaction
from payments.settlement.transactions.services import insert as insert_transactions
from platforms.models import Task
from tests.support.database.valid_rows import valid
from tests.support.factories import NOW, WorkerFactory, seconds
from tests.support.parity.figures import change, last_active, noticed, raw
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db


def columns(row: Task | Transaction) -> dict[str, object]:
    return {name: value for name, value in row.__dict__.items() if not name.startswith("_")}


@pytest.mark.parametrize("model", [Task, Transaction])
def test_create(model):
    row = valid(model)

    model.objects.create(**columns(row))

    assert last_active(row.worker) == row.created_at


def test_create_at_the_databases_time():
    row = valid(Transaction)
    given = {name: value for name, value in columns(row).items() if name != "created_at"}

    Transaction.objects.create(**given)

    assert last_active(row.worker) == Transaction.objects.get(pk=row.pk).created_at


def test_create_without_a_worker():
    valid(Transaction, worker=None, type="fee").save(force_insert=True)
    valid(Task, worker=None, status="created").save(force_insert=True)

    assert Worker.objects.exclude(last_active_at=None).count() == 0


@pytest.mark.parametrize("model", [Task, Transaction])
def test_save(model):
    row = valid(model)

    row.save(force_insert=True)
    assert last_active(row.worker) == row.created_at
    Worker.objects.filter(pk=row.worker_id).update(last_active_at=None)
    row.metadata = {"note": "new"}
    row.save()

    assert last_active(row.worker) is None


@pytest.mark.parametrize("model", [Task, Transaction])
def test_save_with_update_fields(model):
    row = valid(model)
    row.save(force_insert=True)
    Worker.objects.filter(pk=row.worker_id).update(last_active_at=None)

    row.metadata = {"note": "new"}
    row.save(update_fields=["metadata"])

    assert last_active(row.worker) is None


@pytest.mark.parametrize("model", [Task, Transaction])
def test_update(model):
    row = valid(model)
    row.save(force_insert=True)

    with pytest.raises(GuardedWrite):
        model.objects.filter(pk=row.pk).update(created_at=NOW + timedelta(days=9))

    assert model.objects.get(pk=row.pk).created_at == row.created_at
    assert last_active(row.worker) == row.created_at


@pytest.mark.parametrize("model", [Task, Transaction])
def test_bulk_create(model):
    row = valid(model)

    with pytest.raises(GuardedWrite):
        model.objects.bulk_create([row])

    assert not model.objects.filter(pk=row.pk).exists()
    assert last_active(row.worker) is None


def test_bulk_create_by_the_service_is_told():
    rows = [valid(Transaction), valid(Transaction), valid(Transaction, worker=None, type="fee")]

    insert_transactions(rows, NOW)

    assert [last_active(row.worker) for row in rows[:2]] == [NOW, NOW]


@pytest.mark.parametrize("model", [Task, Transaction])
def test_bulk_update(model):
    row = valid(model)
    row.save(force_insert=True)

    row.created_at = NOW + timedelta(days=9)
    with pytest.raises(GuardedWrite):
        model.objects.bulk_update([row], ["created_at"])

    assert last_active(row.worker) == NOW


@pytest.mark.parametrize("model", [Task, Transaction])
def test_delete(model):
    """Who was active was active: nothing that goes later takes it back."""
    row = valid(model)
    row.save(force_insert=True)

    with pytest.raises(GuardedWrite):
        model.objects.all().delete()
    if model is Transaction:
        row.delete()

    assert last_active(row.worker) == NOW
    assert noticed() == {}


INSERT = (
    "INSERT INTO transactions (id, created_at, updated_at, type, status, amount, fee, worker_id, from_wallet,"
    " to_wallet, confirmations, idempotency_key, retry_count, error_message, metadata)"
    " VALUES (%s, %s, now(), 'payout', 'pending', 1, 0, %s, '', '0xab', 0, %s, 0, '', '{}')"
)


def test_raw_sql():
    worker = WorkerFactory()
    workers.touch_last_active(worker_ids=[worker.pk], at=NOW)

    raw(INSERT, new_id(), NOW + seconds(1), worker.pk, "raw")

    assert noticed() == {"last_activity_covers_transactions": [str(worker.pk)]}
    call_command("recompute_statistics")
    assert last_active(worker) == NOW + seconds(1)
    assert noticed() == {}


def test_time_does_not_go_back():
    worker = WorkerFactory()
    valid(Transaction, worker=worker, created_at=NOW).save(force_insert=True)

    valid(Transaction, worker=worker, created_at=NOW - seconds(1)).save(force_insert=True)
    valid(Task, worker=worker, created_at=NOW - seconds(1)).save(force_insert=True)
    insert_transactions([valid(Transaction, worker=worker)], NOW - seconds(5))

    assert last_active(worker) == NOW


def test_a_task_told_later_counts_by_its_latest_act():
    row = valid(Task)

    change(row, created_at=NOW - timedelta(days=3), assigned_at=NOW).save(force_insert=True)

    assert last_active(row.worker) == NOW


def test_a_stale_worker_keeps_the_time():
    worker = WorkerFactory()
    stale = Worker.objects.get(pk=worker.pk)
    workers.touch_last_active(worker_ids=[worker.pk], at=NOW)

    stale.full_name = "New Name"
    stale.save()

    assert last_active(worker) == NOW
