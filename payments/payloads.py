"""Rows as events tell them: each with all that a platform may know of it."""

from datetime import datetime
from typing import Any

from gigstream.lib.api.rendering import dump
from payments.models import Stream, Transaction
from payments.releases import PlatformReleases
from payments.selectors import PlatformPart
from platforms.payloads import money


def of_stream(stream: Stream) -> dict[str, Any]:
    """The stream as it is now. `sequence` says which releases are in `released_amount` already."""
    return {
        "id": stream.pk,
        "created_at": stream.created_at,
        "task_id": stream.task_id,
        "worker_id": stream.worker_id,
        "status": stream.status,
        "total_amount": money(stream.total_amount),
        "released_amount": money(stream.released_amount),
        "sequence": stream.sequence,
        "release_interval": stream.release_interval,
        "duration_seconds": stream.duration_seconds,
        "start_at": stream.start_at,
        "end_at": stream.end_at,
        "paused_at": stream.paused_at,
        "completed_at": stream.completed_at,
        "cancelled_at": stream.cancelled_at,
    }


def of_transaction(transaction: Transaction) -> dict[str, Any]:
    """The movement as it is now."""
    return {
        "id": transaction.pk,
        "type": transaction.type,
        "status": transaction.status,
        "amount": money(transaction.amount),
        "task_id": transaction.task_id,
        "stream_id": transaction.stream_id,
        "worker_id": transaction.worker_id,
        "fee": money(transaction.fee),
        "from_wallet": transaction.from_wallet,
        "to_wallet": transaction.to_wallet,
        "tx_hash": transaction.tx_hash,
        "block_number": transaction.block_number,
        "confirmations": transaction.confirmations,
        "error_message": transaction.error_message,
        "created_at": transaction.created_at,
        "not_before": transaction.not_before,
        "submitted_at": transaction.submitted_at,
        "confirmed_at": transaction.confirmed_at,
        "ended_at": transaction.ended_at,
    }


def of_platform_payout(part: PlatformPart) -> dict[str, Any]:
    """One platform's part in a payout as it is now. Without the transfer's hash, which leads to the whole sum
    and to the worker's address, and so to what other platforms pay."""
    payout = part.payout
    return {
        "id": payout.pk,
        "type": payout.type,
        "status": payout.status,
        "worker_id": payout.worker_id,
        "amount": money(part.amount),
        "task_count": part.task_count,
        "tasks": part.tasks,
        "created_at": payout.created_at,
        "submitted_at": payout.submitted_at,
        "confirmed_at": payout.confirmed_at,
        "ended_at": payout.ended_at,
    }


def of_releases(releases: PlatformReleases, now: datetime) -> str:
    """One platform's part of a batch, as JSON text around a list that nobody reads on the way."""
    return (
        f'{{"count": {releases.count}, "total": "{money(releases.total)}",'
        f' "released_at": {dump(now).decode()}, "releases": {releases.items}}}'
    )
