"""Writes without a verb: rows created and saved directly, and batches."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import Stream, Transaction
from payments.settlement.transactions import services as transactions
from payments.streams.services.streams import ended_at
from platforms.figures.services import TaskFigures, TaskMove
from platforms.models import Platform, Task
from platforms.signals import tasks_moved_in_bulk
from platforms.tasks.enums import TASK_MOVES, TaskStatus
from reputation.models import ReputationEvent
from reputation.scores import services as reputation
from tests.support.factories import PlatformFactory, TaskFactory, WorkerFactory
from tests.support.parity.story import Story, act
from workers.models import Worker

# Rows without money behind them are recognised by an external id: no verb may take them up.
DIRECT = Task.objects.filter(external_task_id__startswith="story-")


def _columns_of(story: Story, status: str) -> dict[str, Any]:
    """Return a status with the columns that it demands."""
    paid = Decimal(story.rng.randint(0, 10_000_000)).scaleb(-6)
    demanded: dict[str, dict[str, Any]] = {
        "created": {"worker_id": None, "assigned_at": None},
        "assigned": {"assigned_at": story.now},
        "in_progress": {"started_at": story.now},
        "completed": {"completed_at": story.now, "paid_amount": paid},
        "cancelled": {
            "cancelled_at": story.now,
            "paid_amount": paid,
            "cancelled_by": "staff",
            "at_fault": story.rng.choice((None, "worker", "platform", "nobody")),
        },
        "disputed": {"disputed_at": story.now},
    }
    return {"status": status, **demanded.get(status, {})}


def _new_task(story: Story, status: str) -> Task:
    held = status != "created"
    return Task(
        platform=story.a_platform(),
        external_task_id=story.next_key(),
        title="Direct",
        task_type="fixed",
        amount=Decimal(10),
        fee_bps=0,
        created_at=story.now - timedelta(days=story.rng.choice((0, 0, 3))),
        **{**({"worker_id": story.a_worker()} if held else {}), **_columns_of(story, status)},
    )


@act(28)
def create_a_task_row(story: Story) -> None:
    _new_task(story, story.rng.choice(sorted(TASK_MOVES))).save(force_insert=True)


def _moved(story: Story) -> tuple[Task, list[str]]:
    """Return a direct task (in memory) after a legal move, and the columns to write."""
    movable = DIRECT.filter(status__in=[status for status, after in TASK_MOVES.items() if after])
    task = Task.objects.get(pk=story.pick(movable))
    columns = _columns_of(story, story.rng.choice(sorted(TASK_MOVES[TaskStatus(task.status)])))
    if task.worker_id is None and columns["status"] not in ("created", "cancelled"):
        columns["worker_id"] = story.a_worker()
    if task.paid_amount is not None:
        columns.pop("paid_amount", None)
    for name, value in columns.items():
        setattr(task, name, value)
    return task, [name.removesuffix("_id") for name in columns]


@act(24)
def save_a_task_row(story: Story) -> int:
    task, _ = _moved(story)
    task.save()
    task.save()
    return 2


@act(24)
def save_some_columns_of_a_task_row(story: Story) -> None:
    """Save some columns: values changed in memory but not named stay unwritten and uncounted."""
    task, columns = _moved(story)
    task.worker_rating = story.rng.randint(1, 5)
    if story.rng.random() < 0.5:
        columns.append("worker_rating")
    task.disputed_at = task.disputed_at or story.now + timedelta(days=1)
    if task.status != "created":
        task.worker_id = task.worker_id or story.a_worker()
    task.save(update_fields=[*columns, "updated_at"])


@act(10)
def move_task_rows_in_bulk(story: Story) -> None:
    """Move up to four tasks in a batch, with a single signal."""
    moved = {task.pk: (task, columns) for task, columns in [_moved(story) for _ in range(4)]}
    before = {task.pk: TaskFigures.of_task(task) for task in Task.objects.filter(pk__in=moved)}
    for task, columns in moved.values():
        Task.unguarded.bulk_update([task], columns)
    tasks_moved_in_bulk.send(
        sender=Task,
        moves=[TaskMove.of(task, before=before[pk], at=story.now) for pk, (task, _) in moved.items()],
    )


@act(26)
def create_a_transaction_row(story: Story) -> None:
    """Create a transaction, now and then long after it happened."""
    Transaction.objects.create(
        type="payout",
        amount=Decimal(1),
        worker_id=story.a_worker(),
        to_wallet="0x" + "ab" * 20,
        idempotency_key=story.next_key(),
        created_at=story.now - timedelta(days=story.rng.choice((0, 0, 40))),
    )


@act(16)
def insert_transactions_in_bulk(story: Story) -> None:
    transactions.insert(
        [
            transactions.new_internal(
                story.now,
                type="fee",
                amount=Decimal(1),
                worker_id=story.rng.choice((None, story.a_worker())),
                idempotency_key=story.next_key(),
            )
            for _ in range(3)
        ],
        story.now,
    )


@act(26)
def create_a_reputation_row(story: Story) -> None:
    ReputationEvent.objects.create(
        worker_id=story.a_worker(), event_type="rating_received", delta=story.rng.randint(-9, 9)
    )


@act(14)
def record_reputations_in_bulk(story: Story) -> None:
    """Record several events, some of the same worker."""
    ids = [story.a_worker() for _ in range(2)]
    reputation.record_events(
        [
            ReputationEvent(
                worker_id=story.rng.choice(ids), event_type="task_late", delta=story.rng.randint(-30, 30)
            )
            for _ in range(4)
        ],
        now=story.now,
    )


@act(12)
def create_a_stream_row(story: Story) -> int:
    """Open or with nothing left to release; never due, since no money stands behind it."""
    task = _new_task(story, "in_progress")
    task.task_type, task.duration_seconds, task.release_interval = "time_based", 600, 60
    task.external_task_id = f"streamed-{task.external_task_id}"
    task.save(force_insert=True)
    assert task.worker_id is not None
    released = Decimal(story.rng.choice((0, 4, 10)))
    Stream.objects.create(
        task=task,
        worker_id=task.worker_id,
        platform_id=task.platform_id,
        worker_account_id=accounts.of_worker(task.worker_id, AccountName.AVAILABLE),
        escrow_account_id=accounts.of_platform(task.platform_id, AccountName.ESCROW),
        shard=0,
        total_amount=Decimal(10),
        released_amount=released,
        start_at=story.now,
        end_at=story.now + timedelta(seconds=600),
        duration_seconds=600,
        first_total=Decimal(10),
        first_duration_seconds=600,
        last_act_at=story.now,
        release_interval=60,
        next_release_at=story.now + timedelta(days=9_999),
        completed_at=story.now if released == 10 else None,
        created_at=story.now,
    )
    return 2


@act(30)
def save_a_stream_row(story: Story) -> None:
    open_rows = Stream.objects.filter(
        task__external_task_id__startswith="streamed-", status__in=("active", "paused")
    )
    stream = Stream.objects.get(pk=story.pick(open_rows))
    left = stream.total_amount - stream.released_amount
    stream.released_amount += story.rng.choice((left, left / 2, left / 2)).quantize(Decimal("0.000001"))
    if stream.released_amount == stream.total_amount:
        stream.completed_at = ended_at(stream, story.now)
    elif story.rng.random() < 0.5 and stream.status == "active":
        stream.status, stream.paused_at = "paused", story.now
    stream.last_act_at = story.now
    stream.save()


@act(4)
def save_stale_people(story: Story) -> int:
    """Save a worker and a platform read before their figures moved."""
    worker = Worker.objects.get(pk=story.a_worker())
    platform = story.a_platform()
    task = _new_task(story, "completed")
    task.worker, task.platform = worker, platform
    task.save(force_insert=True)
    worker.full_name = platform.contact_email = f"{story.next_key()}@example.com"
    worker.save()
    platform.save()
    return 3


@act(2)
def delete_people_without_history(story: Story) -> int:
    """Delete people: a worker leaves with their reputation events, a platform with its posted tasks."""
    worker = WorkerFactory.create(now=story.now)
    reputation.adjust_reputation(worker_id=worker.pk, delta=5, reason="welcome", now=story.now)
    platform = PlatformFactory.create(now=story.now)
    TaskFactory.create(platform=platform, now=story.now)
    worker.delete()
    platform.delete()
    assert not Worker.objects.filter(pk=worker.pk).exists()
    assert not Platform.objects.filter(pk=platform.pk).exists()
    return 6


@act(2)
def delete_people_with_history(story: Story) -> int:
    """Delete people who have worked: they stay on record, as an account that is nobody's."""
    worker, platform = WorkerFactory.create(now=story.now), PlatformFactory.create(now=story.now)
    task = _new_task(story, "completed")
    task.worker, task.platform = worker, platform
    task.save(force_insert=True)
    worker.delete()
    platform.delete()
    assert Worker.objects.get(pk=worker.pk).deleted_at is not None
    assert Platform.objects.get(pk=platform.pk).deleted_at is not None
    return 5
