"""Steps that the submission of transfers and their observation share.

No database transaction is open while the provider is called. A transfer is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.db.models import F

from audit.log import services as audit
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import LEASE
from payments.models import Transaction
from payments.settlement.provider.protocol import ProviderTransfer
from payments.settlement.transactions.enums import ParkReason
from payments.settlement.transactions.querysets import TransactionQuerySet

KEYS = UUID("6d0f7c5e-2f5b-5d0f-8f0e-6a1f4a3c9b10")
POLL_EVERY = timedelta(seconds=2)
BATCH = 20


def provider_key(transaction: Transaction) -> UUID:
    """Return the provider's idempotency key: it follows from ours, and so outlives crashes and restores."""
    return key_for(transaction.idempotency_key)


def key_for(ours: str) -> UUID:
    """Return the provider's key that follows from this key of ours."""
    return uuid5(KEYS, ours)


def lease_transfers(
    due: TransactionQuerySet, provider: str, now: datetime, *, calls: int
) -> list[Transaction]:
    """Lease as many transfers as the breaker permits: their next turn is put off by a lease."""
    picked = due.order_by("next_attempt_at").select_for_update(of=("self",), skip_locked=True, no_key=True)
    rows = list(picked[:BATCH])
    rows = rows[: breaker.permitted_calls(provider, len(rows), now)]
    Transaction.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, retry_count=F("retry_count") + calls
    )
    return rows


def is_another(row: Transaction, answer: ProviderTransfer) -> bool:
    """Whether the provider reports a transfer to another wallet, or of another amount, than ours."""
    return (answer.to_wallet, answer.amount) != (row.to_wallet, row.amount)


def describe_answer(answer: ProviderTransfer) -> str:
    return f"the provider reports {answer.amount} to {answer.to_wallet}"


def park_transfer(row: Transaction, reason: ParkReason, now: datetime) -> None:
    """Leave the row (in memory) to staff: no job takes it up before they have decided."""
    row.next_attempt_at, row.parked_at, row.parked_reason = None, now, reason


def unpark_transfer(row: Transaction) -> None:
    """Take the row (in memory) off the staff's list."""
    row.parked_at, row.parked_reason = None, ""


def write_rows(rows: Sequence[Transaction], fields: list[str]) -> None:
    Transaction.unguarded.bulk_update(rows, fields)


def record_moves(action: str, rows: Sequence[Transaction], now: datetime) -> None:
    audit.record_each(
        action,
        rows,
        after=lambda row: {"status": row.status, "amount": row.amount, "tx_hash": row.tx_hash},
        metadata=lambda row: {"error": row.error_message} if row.error_message else {},
        now=now,
    )
