"""The release engine: pays every due stream exactly once, in set-based batches, on any number of workers."""

import logging
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction

from audit import services as audit
from audit.jobs import ring
from audit.services import Record
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.db import RETRYABLE, atomic_with_retry, by_key, sqlstate, try_lock
from payments import deductions
from payments.calculations import SHARDS, fee_on
from payments.deductions import Earning, Withheld
from payments.enums import AccountName, EntryKind, StreamStatus, TransactionType
from payments.models import Stream, Transaction
from payments.postings import Posting
from payments.releases import PlatformReleases
from payments.services import accounts, ledger, transactions
from payments.services.earnings import escrow_movement, worker_of
from payments.services.parked_streams import set_stream_aside
from payments.signals import streams_completed, streams_released
from platforms import services as platforms
from platforms.models import Task
from workers.models import Worker

logger = logging.getLogger(__name__)

_SQL = Path(__file__).resolve().parent.parent / "sql"
# PostgreSQL's code for a statement that took too long.
QUERY_CANCELED = "57014"


@dataclass(frozen=True, slots=True)
class Picked:
    """Streams of one shard that this transaction has locked and is about to release."""

    count: int
    stream_ids: str
    ending_task_ids: list[UUID]
    owing_earnings: list[Earning]


def release_due_streams(*, now: datetime | None = None, lane: int = 0, lanes: int = 1) -> int:
    """Every stream of this lane's shards that was due at `now` has paid its whole slots; returns how many.

    Lanes share out the shards, so that several workers may run side by side. Running it twice, late or at
    the same time pays the same sums (domain.md, section 4). A stream whose release raises an error is set
    aside for a while, and after eight errors in a row until staff look; the others go on. What stops
    a whole shard, such as a database that has gone away, is raised after the other shards had their turn.
    """
    now = now or database_now()
    done = 0
    failures: list[Exception] = []
    for shard in range(lane, SHARDS, lanes):
        try:
            done += _release_shard(shard, now)
        except SoftTimeLimitExceeded:
            raise
        except Exception as error:
            logger.exception("shard %s could not be released", shard)
            failures.append(error)
    if failures:
        raise failures[0]
    return done


def _release_shard(shard: int, now: datetime) -> int:
    done = 0
    while True:
        try:
            count = release_batch(shard, now, settings.RELEASE_BATCH_SIZE)
        except Exception as error:
            _require_cause_in_rows(error)
            logger.exception("a batch of shard %s failed: its streams are released one by one", shard)
            return done + _release_one_by_one(shard, now)
        done += count
        if count < settings.RELEASE_BATCH_SIZE:
            return done


def _release_one_by_one(shard: int, now: datetime) -> int:
    """Release the shard's due streams each in a transaction of its own; return how many were released.

    One that fails is set aside. Rows that others hold are waited for once and not five times, and once for
    all streams of a platform: that is no fault of the stream, and is raised when the others have been paid.
    """
    done = 0
    held: dict[UUID, Exception] = {}
    due = Stream.objects.due(now).filter(shard=shard).order_by("next_release_at", "pk")
    for stream_id, platform_id in list(due.values_list("pk", "platform_id")):
        if platform_id in held:
            continue
        try:
            with transaction.atomic():
                done += release_batch(shard, now, 1, stream_id)
        except Exception as error:
            _require_cause_in_rows(error)
            logger.exception("stream %s could not be released", stream_id)
            if sqlstate(error) in RETRYABLE:
                held[platform_id] = error
            else:
                set_stream_aside(stream_id=stream_id, error=error, now=now)
    for reason in held.values():
        raise reason
    return done


def _require_cause_in_rows(error: Exception) -> None:
    """Raise the error again if no stream is the cause of it: a connection that is gone, a job whose time
    is up."""
    of_rows = sqlstate(error) in {*RETRYABLE, QUERY_CANCELED}
    if isinstance(error, InterfaceError | OperationalError | SoftTimeLimitExceeded) and not of_rows:
        raise error


@atomic_with_retry
def release_batch(shard: int, now: datetime, limit: int, stream_id: UUID | None = None) -> int:
    """Release up to `limit` due streams of one shard, or only the named one, in this transaction; returns how
    many were due."""
    if not try_lock("release_due_streams", shard):
        return 0
    picked = _pick(shard, now, limit, stream_id)
    if not picked.count:
        return 0
    tasks = list(Task.objects.locked().filter(pk__in=picked.ending_task_ids).select_related("stream"))
    shares = deductions.lock({earning.worker_id for earning in picked.owing_earnings}, now)
    withheld = shares.withhold(picked.owing_earnings)
    with by_key():
        by_platform = sql.rows(sql.load(_SQL / "release.sql"), {"now": now, "stream_ids": picked.stream_ids})
    releases = [
        PlatformReleases(row["platform_id"], row["count"], row["total"], row["items"]) for row in by_platform
    ]
    _audit(releases, now)
    _book(tasks, withheld, {row["escrow_account_id"]: -row["total"] for row in by_platform}, now)
    shares.conclude()
    if releases:
        # Told before the streams that it ended, so that what is told can be added up in its order.
        streams_released.send(sender=Stream, releases=releases, now=now)
        ring("create_due_payouts")
    _complete(tasks, now)
    return picked.count


def _pick(shard: int, now: datetime, limit: int, stream_id: UUID | None) -> Picked:
    row: dict[str, Any] = sql.rows(
        sql.load(_SQL / "pick_due.sql"), {"shard": shard, "now": now, "limit": limit, "stream": stream_id}
    )[0]
    return Picked(
        count=row["picked"],
        stream_ids=row["stream_ids"] or "{}",
        ending_task_ids=row["ending_task_ids"] or [],
        owing_earnings=[
            Earning(f"stream:{stream}:{sequence}", UUID(worker), account, Decimal(amount))
            for stream, sequence, worker, account, amount in row["owing_earnings"] or []
        ],
    )


def _audit(releases: list[PlatformReleases], now: datetime) -> None:
    """One line per platform and batch; which streams they were say the ledger entries of that time."""
    audit.record_many(
        (
            Record(
                "stream.release",
                "platform",
                str(one.platform_id),
                after={"count": one.count, "total": one.total},
            )
            for one in releases
        ),
        now=now,
    )


def _book(tasks: list[Task], withheld: list[Withheld], escrow: dict[int, Decimal], now: datetime) -> None:
    """What is withheld, the fees of the tasks that end, and the escrow side of the releases, in one go."""
    fees = _fees(tasks, now)
    postings = [*(taken.posting for taken in withheld), *(posting for _, posting in fees)]
    ledger.post(postings, now=now, already_booked=escrow)
    if withheld and tasks:
        # Whoever repays and whose task ends: locked in one order, by whichever of the two comes later.
        moved = {worker_of(task) for task in tasks}
        moved |= {taken.movement.worker_id for taken in withheld if taken.movement.worker_id}
        list(Worker.objects.locked().filter(pk__in=moved).values_list("pk"))
    transactions.insert([*(taken.movement for taken in withheld), *(movement for movement, _ in fees)], now)


def _fees(tasks: list[Task], now: datetime) -> list[tuple[Transaction, Posting]]:
    """The fee on the whole of each task that ends now."""
    if not tasks:
        return []
    house = accounts.of_house(AccountName.FEES)
    return [
        escrow_movement(
            task,
            task.stream,
            EntryKind.FEE,
            TransactionType.FEE,
            task.stream.escrow_account_id,
            house,
            fee_on(task.amount, task.fee_bps),
            f"task:{task.pk}",
            now,
        )
        for task in tasks
        if fee_on(task.amount, task.fee_bps)
    ]


def _complete(tasks: list[Task], now: datetime) -> None:
    """The tasks of the streams that have paid everything are done."""
    if not tasks:
        return
    completed_at = {task.pk: min(now, task.stream.end_at) for task in tasks}
    platforms.complete_streamed_tasks(completed_at=completed_at, now=now)
    ended = list(Stream.objects.filter(task__in=tasks, status=StreamStatus.COMPLETED))
    audit.record_many(
        (
            Record("stream.complete", "stream", str(stream.pk), after={"status": stream.status})
            for stream in ended
        ),
        now=now,
    )
    streams_completed.send(sender=Stream, streams=ended, now=now)
