"""The release engine. It pays every due stream exactly once, in set-based batches, on any number of
workers."""

import logging
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.db import transaction

from audit.log import services as audit
from audit.log.services import Record
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import prefer_indexes, try_lock
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import is_held_by_others, require_cause_in_rows
from gigstream.jobs.registry import nudge_job
from payments.earnings import deductions
from payments.earnings.calculations import fee_on
from payments.earnings.deductions import Earning, Withheld
from payments.earnings.payables import Charge, worker_of
from payments.earnings.services.earnings import Line, charge_line
from payments.earnings.vocabulary import FEE
from payments.ledger.enums import AccountName
from payments.ledger.postings import fact_of_release
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import STREAM, TASK, Subject
from payments.models import Stream
from payments.settlement.transactions import services as transactions
from payments.signals import streams_completed, streams_released
from payments.streams.calculations import SHARDS
from payments.streams.enums import StreamStatus
from payments.streams.releases import PlatformReleases
from payments.streams.services.parked_streams import set_stream_aside
from platforms import services as platforms
from platforms.models import Task
from workers.models import Worker

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Picked:
    """Streams of one shard that this transaction has locked and is about to release."""

    count: int
    stream_ids: str
    ending_task_ids: list[UUID]
    # Earnings of workers who owe something, by stream and number of the release.
    owing: dict[tuple[UUID, int], Earning]

    @property
    def owing_earnings(self) -> list[Earning]:
        """Earnings of workers who owe something, in the order in which they count."""
        return list(self.owing.values())


def release_due_streams(*, now: datetime | None = None, worker_index: int = 0, worker_count: int = 1) -> int:
    """Pay the whole slots of every stream that was due at `now` in this worker's shards; return how many.

    The shards are divided among `worker_count` workers that run side by side. A second, late or simultaneous
    run pays the same sums (domain.md, section 4). A stream whose release raises an error is deferred for a
    while, and after eight errors in a row until staff look; the others go on. An error that stops a whole
    shard, such as a lost database, is raised after the other shards.
    """
    now = now or database_now()
    done = 0
    failures: list[Exception] = []
    for shard in range(worker_index, SHARDS, worker_count):
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
            require_cause_in_rows(error)
            logger.exception("a batch of shard %s failed: its streams are released one by one", shard)
            return done + _release_one_by_one(shard, now)
        done += count
        if count < settings.RELEASE_BATCH_SIZE:
            return done


def _release_one_by_one(shard: int, now: datetime) -> int:
    """Release the shard's due streams each in a transaction of its own; return how many were released.

    A stream that fails is deferred. Rows that others have locked are waited for once and not five times, and
    once for all streams of a platform: that is no fault of the stream, and is raised after the others are
    paid.
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
            require_cause_in_rows(error)
            logger.exception("stream %s could not be released", stream_id)
            if is_held_by_others(error):
                held[platform_id] = error
            else:
                set_stream_aside(stream_id=stream_id, error=error, now=now)
    for reason in held.values():
        raise reason
    return done


@in_unit
def release_batch(shard: int, now: datetime, limit: int, stream_id: UUID | None = None) -> int:
    """Release up to `limit` due streams of a shard, or only the given stream, in this transaction; return how
    many were due."""
    if not try_lock("release_due_streams", shard):
        return 0
    picked = _pick_due(shard, now, limit, stream_id)
    if not picked.count:
        return 0
    tasks = list(Task.objects.locked().filter(pk__in=picked.ending_task_ids).select_related("stream"))
    taken = deductions.lock({earning.worker_id for earning in picked.owing_earnings}, now)
    withheld = taken.withhold(picked.owing_earnings)
    with prefer_indexes():
        by_platform = sql.run(
            "payments/streams/release", now=now, stream_ids=picked.stream_ids, stream_kind=STREAM.number
        )
    releases = [
        PlatformReleases(row["platform_id"], row["count"], row["total"], row["items"]) for row in by_platform
    ]
    _audit_releases(releases, now)
    withheld = _withheld_from_entries(withheld, picked)
    _book_batch(tasks, withheld, {row["escrow_account_id"]: -row["total"] for row in by_platform}, now)
    taken.conclude()
    if releases:
        # Before the ends of streams, so that a reader of the events can add up the releases in their order.
        streams_released.send(sender=Stream, releases=releases, now=now)
        nudge_job("create_due_payouts")
    _complete_tasks(tasks, now)
    return picked.count


def _pick_due(shard: int, now: datetime, limit: int, stream_id: UUID | None) -> Picked:
    row: dict[str, Any] = sql.run(
        "payments/streams/pick_due", shard=shard, now=now, limit=limit, stream=stream_id
    )[0]
    return Picked(
        count=row["picked"],
        stream_ids=row["stream_ids"] or "{}",
        ending_task_ids=row["ending_task_ids"] or [],
        owing={
            (UUID(stream), sequence): Earning(
                fact_of_release(stream, sequence), UUID(worker), account, Decimal(amount)
            )
            for stream, sequence, worker, account, amount in row["owing_earnings"] or []
        },
    )


def _audit_releases(releases: list[PlatformReleases], now: datetime) -> None:
    """Write an audit line for each platform of the batch; the ledger entries of that time name the
    streams."""
    audit.record_many(
        (
            Record(
                "stream.release",
                "platform",
                str(part.platform_id),
                after={"count": part.count, "total": part.total},
            )
            for part in releases
        ),
        now=now,
    )


def _withheld_from_entries(withheld: list[Withheld], picked: Picked) -> list[Withheld]:
    """Return what is withheld with the ids of the release entries that it is withheld from."""
    if not withheld:
        return []
    rows = sql.run(
        "payments/streams/entries_of_releases",
        streams=[stream_id for stream_id, _ in picked.owing],
        sequences=[sequence for _, sequence in picked.owing],
    )
    entries = {picked.owing[row["stream_id"], row["sequence"]].key: row["id"] for row in rows}
    return [
        replace(taken, posting=replace(taken.posting, withheld_from=entries[taken.earning_key]))
        for taken in withheld
    ]


def _book_batch(
    tasks: list[Task], withheld: list[Withheld], escrow: dict[int, Decimal], now: datetime
) -> None:
    """Book the deductions, the fees of the tasks that end, and the escrow side of the releases together.

    `escrow` has the balance changes of escrow accounts whose entries the batch has inserted already.
    """
    fees = _task_fees(tasks, now)
    postings = [*(taken.posting for taken in withheld), *(fee.posting for fee in fees)]
    ledger.post(postings, now=now, already_booked=escrow)
    if withheld and tasks:
        # Workers who repay and workers whose task ends, in one order: the two would lock them separately.
        moved = {worker_of(task) for task in tasks}
        moved |= {taken.movement.worker_id for taken in withheld if taken.movement.worker_id}
        list(Worker.objects.locked().filter(pk__in=moved).values_list("pk"))
    movements = [*(taken.movement for taken in withheld), *(fee.movement for fee in fees if fee.movement)]
    transactions.insert(movements, now)


def _task_fees(tasks: list[Task], now: datetime) -> list[Line]:
    """Return the fee on the whole of each task that ends now."""
    if not tasks:
        return []
    house = accounts.of_house(AccountName.FEES)
    charges = [
        Charge(
            kind=FEE,
            platform_id=task.platform_id,
            amount=fee_on(task.amount, task.fee_bps),
            key=f"task:{task.pk}",
            subject=Subject(TASK, task.pk),
            also=Subject(STREAM, task.stream.pk),
        )
        for task in tasks
    ]
    return [
        charge_line(charge, debit=task.stream.escrow_account_id, credit=house, now=now)
        for task, charge in zip(tasks, charges, strict=True)
        if charge.amount
    ]


def _complete_tasks(tasks: list[Task], now: datetime) -> None:
    """Complete the tasks of the streams that have paid everything."""
    if not tasks:
        return
    completed_at = {task.pk: min(now, task.stream.end_at) for task in tasks}
    platforms.complete_streamed_tasks(completed_at=completed_at, now=now)
    ended = list(Stream.objects.filter(task__in=tasks, status=StreamStatus.COMPLETED))
    audit.record_each("stream.complete", ended, after=lambda stream: {"status": stream.status}, now=now)
    streams_completed.send(sender=Stream, streams=ended, now=now)
