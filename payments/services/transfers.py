"""What offering transfers and watching them have in common.

No database transaction is open while the provider is asked. A transfer is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID, uuid5

from django.db.models import F

from audit import services as audit
from audit.services import Record
from payments.enums import ParkReason
from payments.models import Transaction
from payments.provider.protocol import ProviderBusy, ProviderTransfer
from payments.querysets import TransactionQuerySet
from payments.services import breaker
from payments.services.attempts import LEASE, Outcome

Asked = TypeVar("Asked")
T = TypeVar("T")

KEYS = UUID("6d0f7c5e-2f5b-5d0f-8f0e-6a1f4a3c9b10")
POLL_EVERY = timedelta(seconds=2)
FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(seconds=30)
BATCH = 20


def provider_key(transaction: Transaction) -> UUID:
    """The provider's idempotency key: follows from ours, so that it outlives every crash and restore."""
    return key_for(transaction.idempotency_key)


def key_for(ours: str) -> UUID:
    """The provider's key that follows from this key of ours."""
    return uuid5(KEYS, ours)


def lease(due: TransactionQuerySet, provider: str, now: datetime, *, calls: int) -> list[Transaction]:
    """As many transfers as the breaker permits, and their next turn put off for the length of a lease."""
    picked = due.order_by("next_attempt_at").select_for_update(of=("self",), skip_locked=True, no_key=True)
    rows = list(picked[:BATCH])
    rows = rows[: breaker.permitted_calls(provider, len(rows), now)]
    Transaction.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, retry_count=F("retry_count") + calls
    )
    return rows


def is_another(row: Transaction, answer: ProviderTransfer) -> bool:
    """A transfer to another wallet or of another amount than ours is never taken for it."""
    return (answer.to_wallet, answer.amount) != (row.to_wallet, row.amount)


def what_it_is(answer: ProviderTransfer) -> str:
    return f"the provider reports {answer.amount} to {answer.to_wallet}"


def in_turn(batch: Sequence[Asked], ask: Callable[[Asked], Outcome[T]]) -> list[tuple[Asked, Outcome[T]]]:
    """The provider's answers one by one, until it is plainly not well: the rest is not asked."""
    answers: list[tuple[Asked, Outcome[T]]] = []
    in_a_row = 0
    for one in batch:
        outcome = ask(one)
        answers.append((one, outcome))
        in_a_row = in_a_row + 1 if outcome.error_class in breaker.FAILURES else 0
        if in_a_row >= breaker.MOST_IN_A_ROW:
            break
    return answers


def park(row: Transaction, reason: ParkReason, now: datetime) -> None:
    """Leave the row (in memory) to staff: no job takes it up before they have decided."""
    row.next_attempt_at, row.parked_at, row.parked_reason = None, now, reason


def unpark(row: Transaction) -> None:
    """Take the row (in memory) off the staff's list."""
    row.parked_at, row.parked_reason = None, ""


def wait_after(error: Exception | None, calls: int) -> timedelta:
    """2, 4, 8, 16, then 30 seconds; longer when the provider asks for it."""
    wait = min(FIRST_BACKOFF * 2 ** min(calls - 1, 10), LONGEST_BACKOFF)
    if isinstance(error, ProviderBusy) and error.retry_after:
        return max(wait, timedelta(seconds=error.retry_after))
    return wait


def write(rows: Sequence[Transaction], fields: list[str]) -> None:
    Transaction.unguarded.bulk_update(rows, fields)


def note(action: str, rows: Sequence[Transaction], now: datetime) -> None:
    audit.record_many(
        (
            Record(
                action,
                "transaction",
                str(row.pk),
                after={"status": row.status, "amount": row.amount, "tx_hash": row.tx_hash},
                metadata={"error": row.error_message} if row.error_message else {},
            )
            for row in rows
        ),
        now=now,
    )
