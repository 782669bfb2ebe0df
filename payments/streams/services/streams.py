"""Acts on streams beside the batches of releases: open, claim, pause, resume, top up, end."""

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.utils import timezone

from audit.log import services as audit
from audit.log.services import Record, verb
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, exact_amount, usdc
from gigstream.core.states import require_move
from payments.earnings.calculations import fee_on
from payments.earnings.payables import Payable, available_of, escrow_of, worker_of
from payments.earnings.services.earnings import Payroll, hold_in_escrow
from payments.ledger.enums import AccountName
from payments.ledger.postings import fact_of_release
from payments.ledger.services import accounts
from payments.ledger.services.accounts import Place
from payments.ledger.subjects import STREAM, TASK, Subject
from payments.ledger.vocabulary import RELEASE
from payments.models import Stream
from payments.signals import (
    streams_cancelled,
    streams_completed,
    streams_opened,
    streams_paused,
    streams_released,
    streams_resumed,
    streams_topped_up,
)
from payments.streams.calculations import (
    SECOND,
    duration_at_first_rate,
    elapsed_seconds,
    next_release_at,
    shard_of,
    vested_amount,
)
from payments.streams.enums import OPEN_STREAMS, STREAM_MOVES, StreamStatus
from payments.streams.errors import NothingToClaim, StreamNotActive, TopUpTooSmall
from payments.streams.releases import PlatformReleases
from payments.streams.services.overdue_streams import require_settled
from platforms import services as platforms
from platforms.models import Task, WorkEvent
from platforms.platforms.services.platforms import lock_active_platform, require_active
from platforms.signals import tasks_updated
from platforms.tasks.errors import StreamCompleted
from platforms.tasks.services.tasks import require_schedule

# Columns that the end of a stream changes.
ENDING = (
    "released_amount",
    "sequence",
    "status",
    "completed_at",
    "cancelled_at",
    "paused_at",
    "parked_at",
    "last_act_at",
    "next_release_at",
    "updated_at",
)


def open_streams(tasks: Sequence[Task], now: datetime) -> None:
    """Open the streams of started tasks, whose money is in escrow already. They vest from `now`."""
    if not tasks:
        return
    worker = {task.pk: Place(AccountName.AVAILABLE, worker_id=worker_of(task)) for task in tasks}
    escrow = {task.pk: Place(AccountName.ESCROW, platform_id=task.platform_id) for task in tasks}
    ids = accounts.find({*worker.values(), *escrow.values()})
    streams = [_new_stream(task, ids[worker[task.pk]], ids[escrow[task.pk]], now) for task in tasks]
    Stream.unguarded.bulk_create(streams)
    audit.record_each(
        "stream.open",
        streams,
        after=lambda stream: {"total": stream.total_amount, "seconds": stream.duration_seconds},
        now=now,
    )
    streams_opened.send(sender=Stream, streams=streams, now=now)


def _new_stream(task: Task, worker_account: int, escrow_account: int, now: datetime) -> Stream:
    duration, interval = task.duration_seconds or 0, task.release_interval or 0
    return Stream(
        task=task,
        worker_id=worker_of(task),
        platform_id=task.platform_id,
        worker_account_id=worker_account,
        escrow_account_id=escrow_account,
        shard=shard_of(worker_of(task)),
        total_amount=task.amount,
        start_at=now,
        end_at=now + SECOND * duration,
        duration_seconds=duration,
        first_total=task.amount,
        first_duration_seconds=duration,
        release_interval=interval,
        last_act_at=now,
        next_release_at=next_release_at(
            start_at=now, paused_for=timedelta(0), interval=interval, duration=duration, elapsed=0
        ),
        created_at=now,
    )


def elapsed_at(stream: Stream, now: datetime) -> int:
    """Return the seconds of work that the stream counts at `now`: none during a pause, and no fewer than
    before when a clock steps back."""
    return elapsed_seconds(
        start_at=stream.start_at,
        paused_for=stream.paused_for,
        duration=stream.duration_seconds,
        at=stream.paused_at or max(now, stream.last_act_at),
    )


def vested_at(stream: Stream, now: datetime) -> Decimal:
    """Return the amount vested to the second at `now`: never less than the released amount."""
    earned = vested_amount(
        stream.total_amount, duration=stream.duration_seconds, elapsed=elapsed_at(stream, now)
    )
    return max(earned, stream.released_amount)


@verb("stream.claim", "stream")
def claim_stream(*, stream_id: UUID, now: datetime | None = None) -> Decimal:
    """Pay the amount vested to the second, of a paused stream as well, and return it, in USDC.

    Raises StreamNotActive or NothingToClaim. A stream that has vested in full completes its task.
    """
    stream = _lock_stream(stream_id)
    now = _time_of(stream, now)
    if stream.status not in OPEN_STREAMS:
        raise StreamNotActive(
            f"stream {stream.reference} is {stream.status}, not active", status=stream.status
        )
    amount = vested_at(stream, now) - stream.released_amount
    if amount <= 0:
        raise NothingToClaim(
            f"vested {usdc(stream.released_amount)}, all of it released",
            released=stream.released_amount,
        )
    if amount == stream.remaining_amount:
        platforms.complete_task(task_id=stream.task_id, now=now)
        return amount
    _pay_vested(stream, now)
    stream.last_act_at = now
    if stream.status == StreamStatus.ACTIVE:
        _schedule_release(stream, now)
    stream.save()
    audit.record("stream.claim", stream, after={"amount": amount, "sequence": stream.sequence}, now=now)
    announce_releases([(stream, amount)], now)
    return amount


def _lock_stream(stream_id: UUID) -> Stream:
    return Stream.objects.locked().select_related("task", "platform").get(pk=stream_id)


def _time_of(stream: Stream, now: datetime | None) -> datetime:
    """Return the time of an act on the locked stream: never before the act that came before it."""
    return max(now or database_now(), stream.last_act_at)


def _require_not_completed(stream: Stream) -> None:
    if stream.status == StreamStatus.COMPLETED:
        raise StreamCompleted(
            f"stream {stream.reference} was completed at {stream.completed_at}:"
            f" {usdc(stream.released_amount)} was paid",
            paid=stream.released_amount,
            completed_at=stream.completed_at,
        )


def _pay_vested(stream: Stream, now: datetime, *, before_hold: bool = False) -> Decimal:
    """Book the amount of the locked stream that is vested to the second and not released, and return it; the
    caller saves and announces. Something must remain. Before a hold, lock the accounts of both in order."""
    amount = vested_at(stream, now) - stream.released_amount
    if amount:
        payroll = Payroll(now)
        pay = _count_release(stream, amount)
        payroll.add(pay)
        if before_hold:
            platform_id = stream.platform_id
            payroll.lock({stream.worker_id}, {pay.payee, available_of(platform_id), escrow_of(platform_id)})
        payroll.book()
    return amount


def _schedule_release(stream: Stream, now: datetime) -> None:
    """Set the next release to the end of the running slot, also for a stream that was parked."""
    stream.next_release_at = _next_release(stream, elapsed_at(stream, now))
    stream.release_failures = 0
    stream.parked_at = None


def _count_release(
    stream: Stream, amount: Decimal, *, work_event: WorkEvent | None = None, paid_at_once: bool = False
) -> Payable:
    """Count the release on the stream (locked, not yet saved) and return its pay."""
    stream.released_amount += amount
    stream.sequence += 1
    return Payable(
        worker_id=stream.worker_id,
        platform_id=stream.platform_id,
        amount=amount,
        key=fact_of_release(stream.pk, stream.sequence),
        subject=Subject(STREAM, stream.pk),
        kind=RELEASE,
        sequence=stream.sequence,
        paid_at_once=paid_at_once,
        work_event_id=work_event.pk if work_event else None,
    )


def _next_release(stream: Stream, elapsed: int) -> datetime:
    return next_release_at(
        start_at=stream.start_at,
        paused_for=stream.paused_for,
        interval=stream.release_interval,
        duration=stream.duration_seconds,
        elapsed=elapsed,
    )


def announce_releases(releases: Sequence[tuple[Stream, Decimal]], now: datetime) -> None:
    """Announce the streams' last releases and their amounts, once for each platform."""
    by_platform: dict[UUID, list[tuple[Stream, Decimal]]] = {}
    for stream, amount in releases:
        by_platform.setdefault(stream.platform_id, []).append((stream, amount))
    batch = [
        PlatformReleases(
            platform_id,
            len(own),
            sum((amount for _, amount in own), ZERO),
            json.dumps([[str(stream.pk), stream.sequence, str(amount)] for stream, amount in own]),
        )
        for platform_id, own in by_platform.items()
    ]
    if batch:
        streams_released.send(sender=Stream, releases=batch, now=now)


@verb("stream.pause", "stream")
def pause_stream(*, stream_id: UUID, reason: str = "", now: datetime | None = None) -> Stream:
    """Pay the amount vested to the second and pause a stream. Raises StreamCompleted or IllegalMove."""
    stream = _lock_stream(stream_id)
    now = _time_of(stream, now)
    require_settled(stream, now)
    _require_not_completed(stream)
    pause_locked_stream(stream, now, reason)
    return stream


def pause_locked_stream(stream: Stream, now: datetime, reason: str = "") -> None:
    """Pay the amount vested to the second and pause a stream that the caller has locked, before its end."""
    require_move(
        STREAM_MOVES, subject=f"stream {stream.reference}", before=stream.status, after=StreamStatus.PAUSED
    )
    now = _time_of(stream, now)
    paid = _pay_vested(stream, now)
    stream.status = StreamStatus.PAUSED
    stream.paused_at = stream.last_act_at = now
    stream.parked_at = None
    stream.save()
    metadata = {"reason": reason} if reason else {}
    after = {"status": stream.status, "paid": paid}
    audit.record("stream.pause", stream, after=after, metadata=metadata, now=now)
    if paid:
        announce_releases([(stream, paid)], now)
    streams_paused.send(sender=Stream, streams=[stream], now=now)


@verb("stream.resume", "stream")
def resume_stream(*, stream_id: UUID, reason: str = "", now: datetime | None = None) -> Stream:
    """Resume a paused stream: its end and next release move by the pause, which is never paid.

    Raises StreamCompleted or IllegalMove; a disputed task's stream is resumed by resolving the dispute only.
    """
    stream = _lock_stream(stream_id)
    now = _time_of(stream, now)
    require_settled(stream, now)
    _require_not_completed(stream)
    require_move(
        STREAM_MOVES, subject=f"stream {stream.reference}", before=stream.status, after=StreamStatus.ACTIVE
    )
    platforms.require_undisputed(task_id=stream.task_id)
    if stream.paused_at is None:
        raise ValueError(f"stream {stream.reference} is paused without a time")
    pause_length = now - stream.paused_at
    stream.status = StreamStatus.ACTIVE
    stream.paused_at = None
    stream.paused_for += pause_length
    stream.end_at += pause_length
    stream.last_act_at = now
    _schedule_release(stream, now)
    stream.save()
    audit.record(
        "stream.resume",
        stream,
        after={"status": stream.status, "paused_seconds": pause_length.total_seconds()},
        metadata={"reason": reason} if reason else {},
        now=now,
    )
    streams_resumed.send(sender=Stream, streams=[stream], now=now)
    return stream


@verb("stream.cancel", "stream")
def cancel_stream(*, stream_id: UUID, reason: str = "", now: datetime | None = None) -> Stream:
    """Cancel a stream and its task: the vested part is paid, the rest refunded. Raises StreamCompleted or
    IllegalMove."""
    stream = _lock_stream(stream_id)
    platforms.cancel_task(task_id=stream.task_id, reason=reason, now=now)
    stream.refresh_from_db()
    return stream


@verb("stream.top_up", "stream")
def top_up_stream(*, stream_id: UUID, amount: Decimal | str, now: datetime | None = None) -> Stream:
    """Add money to a stream at its first rate, so that it ends later. Holds the amount and its fee.

    Raises StreamCompleted, StreamNotActive, TopUpTooSmall, InvalidSchedule, InsufficientFunds or
    PlatformSuspended.
    """
    added = exact_amount(amount)
    stream = _lock_stream(stream_id)
    now = _time_of(stream, now)
    require_settled(stream, now)
    _require_not_completed(stream)
    if stream.status != StreamStatus.ACTIVE:
        raise StreamNotActive(
            f"stream {stream.reference} is {stream.status}, not active", status=stream.status
        )
    require_active(platform=stream.platform)
    task = Task.objects.locked().get(pk=stream.task_id)
    duration = _longer_duration(stream, added)
    paid = _pay_before_rate_falls(stream, stream.total_amount + added, duration, now)
    total_before, task.amount = task.amount, task.amount + added
    fee = fee_on(task.amount, task.fee_bps) - fee_on(total_before, task.fee_bps)
    hold_in_escrow(
        stream.platform_id,
        added + fee,
        subject=Subject(TASK, task.pk),
        key=f"hold:stream:{stream.pk}:{total_before}",
        now=now,
    )
    lock_active_platform(platform_id=stream.platform_id)
    stream.total_amount = task.amount
    stream.end_at += SECOND * (duration - stream.duration_seconds)
    stream.duration_seconds = duration
    stream.last_act_at = now
    # A release that is due already stays due.
    if stream.next_release_at is not None and stream.next_release_at > now:
        stream.next_release_at = _next_release(stream, elapsed_at(stream, now))
    stream.save()
    task.save(update_fields=["amount", "updated_at"])
    audit.record(
        "stream.top_up", stream, before={"total": total_before}, after={"total": task.amount}, now=now
    )
    if paid:
        announce_releases([(stream, paid)], now)
    streams_topped_up.send(sender=Stream, streams=[stream], now=now)
    tasks_updated.send(sender=Task, tasks=[task], now=now)
    return stream


def _longer_duration(stream: Stream, added: Decimal) -> int:
    """Return the seconds that the stream lasts with `added` more. Raises TopUpTooSmall or InvalidSchedule."""
    duration = duration_at_first_rate(
        stream.total_amount + added,
        first_total=stream.first_total,
        first_duration=stream.first_duration_seconds,
    )
    if duration == stream.duration_seconds:
        raise TopUpTooSmall(
            f"{usdc(added)} does not pay for one more second at the rate of {usdc(stream.first_total)}"
            f" in {stream.first_duration_seconds} s",
            amount=added,
        )
    require_schedule(duration_seconds=duration, release_interval=stream.release_interval)
    return duration


def _pay_before_rate_falls(stream: Stream, total: Decimal, duration: int, now: datetime) -> Decimal:
    """Book the vested amount if the new total and duration would make it less, and return the amount booked.

    The duration is a whole number of seconds, so a stream pays up to a second's pay ahead of its first rate,
    by another part of a second after each top-up.
    """
    if vested_amount(total, duration=duration, elapsed=elapsed_at(stream, now)) >= vested_at(stream, now):
        return ZERO
    return _pay_vested(stream, now, before_hold=True)


def ended_at(stream: Stream, now: datetime) -> datetime:
    """Return the time at which a stream that is over at `now` ended: no later than its end."""
    return min(now, stream.end_at) if stream.status == StreamStatus.ACTIVE else now


def end_stream(
    stream: Stream,
    pay: Decimal,
    now: datetime,
    *,
    work_event: WorkEvent | None = None,
    paid_at_once: bool = False,
) -> list[Payable]:
    """End the stream (in memory) with `pay` as its last release, which is returned if it is anything. The
    stream is completed when that was all, else cancelled."""
    last = [_count_release(stream, pay, work_event=work_event, paid_at_once=paid_at_once)] if pay else []
    if stream.released_amount == stream.total_amount:
        stream.completed_at = ended_at(stream, now)
        stream.status = StreamStatus.COMPLETED
        stream.next_release_at = None
    else:
        stream.status = StreamStatus.CANCELLED
        stream.cancelled_at = now
    stream.paused_at = None
    stream.parked_at = None
    stream.last_act_at = max(now, stream.last_act_at)
    return last


def save_ended_streams(ended: Sequence[tuple[Stream, Decimal]], now: datetime) -> None:
    """Save the streams that were ended in memory, and record and announce their last releases."""
    if not ended:
        return
    streams = [stream for stream, _ in ended]
    for stream in streams:
        stream.updated_at = timezone.now()
    Stream.unguarded.bulk_update(streams, ENDING)
    lines = [
        Record(
            "stream.complete" if stream.status == StreamStatus.COMPLETED else "stream.cancel",
            "stream",
            str(stream.pk),
            after={"status": stream.status, "released": stream.released_amount, "last_release": pay},
        )
        for stream, pay in ended
    ]
    audit.record_many(lines, now=now)
    announce_releases([(stream, pay) for stream, pay in ended if pay], now)


def announce_ends(ended: Sequence[tuple[Stream, Decimal]], now: datetime) -> None:
    """Announce the ends of the streams: completions, then cancellations."""
    for status, signal in (
        (StreamStatus.COMPLETED, streams_completed),
        (StreamStatus.CANCELLED, streams_cancelled),
    ):
        streams = [stream for stream, _ in ended if stream.status == status]
        if streams:
            signal.send(sender=Stream, streams=streams, now=now)
