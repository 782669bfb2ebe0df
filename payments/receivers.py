"""What follows automatically in payments (domain.md, section 5), and what it answers the floors below."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models.signals import post_save, pre_save
from django.dispatch import receiver
from django.utils import timezone

from gigstream.lib.errors import GuardedWrite
from payments.enums import OPEN_STREAMS, StreamStatus
from payments.models import Stream, Transaction
from payments.services.funding import LedgerFunding
from payments.signals import transactions_created
from platforms import funding
from workers import services as workers

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
    if update_fields is not None and not update_fields >= COMPLETING:
        raise GuardedWrite(f"this save completes stream {instance.pk}: it must write {sorted(COMPLETING)}")
    instance.status = StreamStatus.COMPLETED
    instance.completed_at = instance.completed_at or timezone.now()
    instance.paused_at = None
    instance.next_release_at = None


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
