"""The release as a plain Django project would write it: a loop, a row at a time, signals for the
consequences."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.dispatch import Signal, receiver

from audit.models import AuditLog
from payments.ledger.subjects import STREAM
from payments.models import Account, LedgerEntry, Stream
from payments.streams.calculations import elapsed_seconds, next_release_at, vested_amount
from tests.benchmarks.books import check_books
from tests.support.stream_slots import whole_slots

# stream: Stream, amount: Decimal, now: datetime
stream_released = Signal()


def run(now: str, limit: int) -> dict[str, Any]:
    """Release up to `limit` due streams in turn."""
    at = datetime.fromisoformat(now)
    due = Stream.objects.due(at).order_by("next_release_at").values_list("pk", flat=True)
    return {"count": sum(release_one(stream_id, at) for stream_id in list(due[:limit]))}


@transaction.atomic
def release_one(stream_id: str, now: datetime) -> bool:
    """Pay the whole slots of a stream."""
    stream = Stream.objects.select_for_update().get(pk=stream_id)
    elapsed = elapsed_seconds(
        start_at=stream.start_at, paused_for=stream.paused_for, duration=stream.duration_seconds, at=now
    )
    slots = whole_slots(elapsed, interval=stream.release_interval, duration=stream.duration_seconds)
    total = vested_amount(stream.total_amount, duration=stream.duration_seconds, elapsed=slots)
    amount = total - stream.released_amount
    stream.released_amount = total
    stream.sequence += 1
    stream.next_release_at = next_release_at(
        start_at=stream.start_at,
        paused_for=stream.paused_for,
        interval=stream.release_interval,
        duration=stream.duration_seconds,
        elapsed=elapsed,
    )
    stream.save()
    stream_released.send(sender=Stream, stream=stream, amount=amount, now=now)
    return True


@receiver(stream_released)
def book_entry(stream: Stream, amount: Decimal, now: datetime, **kwargs: Any) -> None:
    LedgerEntry.objects.create(
        kind="release",
        debit_account_id=stream.escrow_account_id,
        credit_account_id=stream.worker_account_id,
        amount=amount,
        subject_kind=STREAM.number,
        subject_id=stream.pk,
        sequence=stream.sequence,
        created_at=now,
    )


@receiver(stream_released)
def move_balances(stream: Stream, amount: Decimal, now: datetime, **kwargs: Any) -> None:
    for account_id, change in ((stream.worker_account_id, amount), (stream.escrow_account_id, -amount)):
        account = Account.objects.select_for_update().get(pk=account_id)
        account.balance += change
        if account.worker_id is not None:
            account.oldest_part_at = account.oldest_part_at or now
        account.save(update_fields=["balance", "oldest_part_at"])


@receiver(stream_released)
def write_audit_log(stream: Stream, amount: Decimal, now: datetime, **kwargs: Any) -> None:
    AuditLog.objects.create(
        created_at=now,
        actor_type="system",
        action="stream.release",
        resource_type="stream",
        resource_id=str(stream.pk),
        changes_after={"released_amount": str(stream.released_amount), "sequence": stream.sequence},
        metadata={"amount": str(amount)},
    )


COMMANDS = {"check_books": check_books, "run": run}
