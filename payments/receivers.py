"""What follows automatically in payments (domain.md, section 5), and what it answers the floors below."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from audit.books import Result
from audit.jobs import ring
from audit.signals import books_checked
from gigstream.lib.errors import GuardedWrite
from payments import payloads, selectors
from payments.enums import OPEN_STREAMS, StreamStatus, TransactionStatus, TransactionType
from payments.models import Stream, Transaction
from payments.releases import LowBalance, PlatformReleases
from payments.services import task_payouts
from payments.services.funding import LedgerFunding
from payments.services.streams import ended_at
from payments.services.switches import stop_for_broken_books
from payments.signals import (
    balances_fell_low,
    streams_cancelled,
    streams_completed,
    streams_opened,
    streams_paused,
    streams_released,
    streams_resumed,
    streams_topped_up,
    transactions_cancelled,
    transactions_confirmed,
    transactions_created,
    transactions_failed,
    transactions_submitted,
)
from platforms import funding
from platforms.enums import EventType
from platforms.models import Dispute, Platform, Task
from platforms.services.events import Fact, record_events
from platforms.signals import disputes_resolved, platforms_registered, tasks_cancelled
from workers import services as workers
from workers.models import Worker
from workers.signals import workers_registered

funding.register(LedgerFunding())


COMPLETING = frozenset({"status", "completed_at", "paused_at", "next_release_at"})


@receiver(pre_save, sender=Stream)
def update_stream_amounts(
    instance: Stream, update_fields: frozenset[str] | None = None, **kwargs: Any
) -> None:
    """Before a stream is saved: what remains (the column itself is generated), and when nothing does, the
    stream is complete."""
    instance.remaining_amount = instance.total_amount - instance.released_amount
    if instance.remaining_amount or instance.status not in OPEN_STREAMS:
        return
    needed = COMPLETING | {"parked_at"} if instance.parked_at else COMPLETING
    if update_fields is not None and not update_fields >= needed:
        raise GuardedWrite(f"this save completes stream {instance.pk}: it must write {sorted(needed)}")
    instance.completed_at = instance.completed_at or ended_at(instance, timezone.now())
    instance.status = StreamStatus.COMPLETED
    instance.paused_at = None
    instance.next_release_at = None
    instance.parked_at = None


@receiver(post_save, sender=Transaction)
@receiver(transactions_created)
def update_worker_last_active(
    instance: Transaction | None = None,
    created: bool = False,
    transactions: Sequence[Transaction] = (),
    now: datetime | None = None,
    **kwargs: Any,
) -> None:
    """Transactions are inserted: their workers were active."""
    rows = [instance] if instance is not None and created else transactions
    for at, ids in _by_time(rows, now):
        workers.touch_last_active(ids, at)


def _by_time(rows: Sequence[Transaction], now: datetime | None) -> list[tuple[datetime, list[Any]]]:
    ids = [row.worker_id for row in rows if row.worker_id]
    if not ids:
        return []
    return [(now or rows[0].created_at, ids)]


def _tell_of_streams(streams: Sequence[Stream], type_: EventType, now: datetime) -> None:
    record_events(Fact.of(stream.platform_id, type_, payloads.of_stream(stream), now) for stream in streams)


@receiver(streams_opened)
def tell_streams_opened(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _tell_of_streams(streams, EventType.STREAM_OPENED, now)


@receiver(streams_released)
def tell_streams_released(releases: Sequence[PlatformReleases], now: datetime, **kwargs: Any) -> None:
    """One event per platform and batch."""
    record_events(
        Fact(one.platform_id, EventType.STREAM_RELEASED, payloads.of_releases(one, now), now)
        for one in releases
    )


@receiver(streams_paused)
def tell_streams_paused(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _tell_of_streams(streams, EventType.STREAM_PAUSED, now)


@receiver(streams_resumed)
def tell_streams_resumed(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _tell_of_streams(streams, EventType.STREAM_RESUMED, now)


@receiver(streams_topped_up)
def tell_streams_topped_up(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    """The task's amount is the stream's total, now as before."""
    _tell_of_streams(streams, EventType.STREAM_TOPPED_UP, now)


@receiver(streams_completed)
def tell_streams_completed(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _tell_of_streams(streams, EventType.STREAM_COMPLETED, now)


@receiver(streams_cancelled)
def tell_streams_cancelled(streams: Sequence[Stream], now: datetime, **kwargs: Any) -> None:
    _tell_of_streams(streams, EventType.STREAM_CANCELLED, now)


def _tell_of_transactions(transactions: Sequence[Transaction], type_: EventType, now: datetime) -> None:
    """Only a platform's own: payouts, advances and repayments are between a worker and the house. Withdrawals
    have events of their own."""
    _record(type_, [one for one in transactions if one.type != TransactionType.WITHDRAWAL], now)


def _tell_of_withdrawals(transactions: Sequence[Transaction], type_: EventType, now: datetime) -> None:
    _record(type_, [one for one in transactions if one.type == TransactionType.WITHDRAWAL], now)


def _record(type_: EventType, transactions: Sequence[Transaction], now: datetime) -> None:
    record_events(
        Fact.of(one.platform_id, type_, payloads.of_transaction(one), now)
        for one in transactions
        if one.platform_id is not None
    )


@receiver(transactions_created)
def tell_withdrawals_requested(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_withdrawals(transactions, EventType.WITHDRAWAL_REQUESTED, now)


@receiver(transactions_submitted)
def tell_withdrawals_sent(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_withdrawals(transactions, EventType.WITHDRAWAL_SENT, now)


@receiver(transactions_confirmed)
def tell_withdrawals_confirmed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_withdrawals(transactions, EventType.WITHDRAWAL_CONFIRMED, now)


@receiver(transactions_failed)
def tell_withdrawals_failed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_withdrawals(transactions, EventType.WITHDRAWAL_FAILED, now)


@receiver(transactions_cancelled)
def tell_withdrawals_stopped(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_withdrawals(transactions, EventType.WITHDRAWAL_STOPPED, now)


@receiver(transactions_created)
def tell_transactions_booked(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    """What never leaves the ledger, or has come from the chain, is confirmed from the start."""
    booked = [one for one in transactions if one.status == TransactionStatus.CONFIRMED]
    _tell_of_transactions(booked, EventType.TRANSACTION_CONFIRMED, now)


def _publish_platform_payouts(transactions: Sequence[Transaction], type_: EventType, now: datetime) -> None:
    """One event per payout and platform, with the platform's own part only."""
    payouts = [one for one in transactions if one.type == TransactionType.PAYOUT]
    record_events(
        Fact.of(part.platform_id, type_, payloads.of_platform_payout(part), now)
        for part in selectors.platform_payouts(payouts)
    )


@receiver(transactions_submitted)
def tell_transactions_submitted(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_transactions(transactions, EventType.TRANSACTION_SUBMITTED, now)
    _publish_platform_payouts(transactions, EventType.TRANSACTION_SUBMITTED, now)


@receiver(transactions_confirmed)
def tell_transactions_confirmed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_transactions(transactions, EventType.TRANSACTION_CONFIRMED, now)
    _publish_platform_payouts(transactions, EventType.TRANSACTION_CONFIRMED, now)


@receiver(transactions_failed)
def tell_transactions_failed(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    _tell_of_transactions(transactions, EventType.TRANSACTION_FAILED, now)
    _publish_platform_payouts(transactions, EventType.TRANSACTION_FAILED, now)


@receiver(tasks_cancelled)
def follow_payouts_of_cancelled_tasks(tasks: Sequence[Task], **kwargs: Any) -> None:
    """No more pay is to come: what has reached the worker's wallet may be all."""
    task_payouts.refresh_closed(tasks)


@receiver(disputes_resolved)
def follow_payouts_of_resolved_tasks(disputes: Sequence[Dispute], **kwargs: Any) -> None:
    """No more pay is to come: what has reached the worker's wallet may be all."""
    task_payouts.refresh_closed([dispute.task for dispute in disputes])


@receiver(balances_fell_low)
def tell_balances_low(balances: Sequence[LowBalance], now: datetime, **kwargs: Any) -> None:
    record_events(
        Fact.of(
            one.platform_id,
            EventType.BALANCE_LOW,
            {"available": payloads.money(one.available), "threshold": payloads.money(one.threshold)},
            now,
        )
        for one in balances
    )


@receiver(books_checked)
def stop_payouts_on_broken_books(results: Sequence[Result], now: datetime, **kwargs: Any) -> None:
    """What is violated may cost money that does not come back: nothing leaves until people have looked."""
    broken = [one.name for one in results if one.money and not one.passed]
    if broken:
        stop_for_broken_books(names=broken, now=now)


@receiver(workers_registered)
@receiver(platforms_registered)
def ask_for_custody_wallets(
    workers: Sequence[Worker] = (), platforms: Sequence[Platform] = (), **kwargs: Any
) -> None:
    """Who has no address gets a wallet soon."""
    parties: list[Worker | Platform] = [*workers, *platforms]
    if settings.CUSTODY_WALLETS and any(one.wallet_address is None for one in parties):
        ring("create_wallets")
