"""Transfers on their way: handed to the provider, watched until the chain has decided, then booked.

No database transaction is open while the provider is asked. A transfer is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one; its key makes a second call harmless.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid5

from django.conf import settings
from django.db.models import F

from audit import services as audit
from audit.services import Record
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry, require_no_transaction
from payments.enums import TransactionStatus
from payments.models import Transaction
from payments.provider import configured_provider, states
from payments.provider.protocol import (
    PaymentProvider,
    ProviderRefused,
    ProviderTransfer,
    ProviderUnavailable,
)
from payments.querysets import TransactionQuerySet
from payments.services import ledger
from payments.services.payouts import settle_postings, void_postings
from payments.signals import transactions_confirmed, transactions_failed, transactions_submitted

KEYS = UUID("6d0f7c5e-2f5b-5d0f-8f0e-6a1f4a3c9b10")
LEASE = timedelta(seconds=60)
POLL_EVERY = timedelta(seconds=2)
FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(seconds=30)
BATCH = 100


def provider_key(transaction: Transaction) -> UUID:
    """The provider's idempotency key: follows from ours, so that it outlives every crash and restore."""
    return uuid5(KEYS, transaction.idempotency_key)


def submit_payouts(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Every pending transfer that was due has been offered to the provider; returns how many it took.

    No answer leaves a transfer pending, to be offered again under the same key; a refusal parks it for staff.
    """
    provider = provider or configured_provider()
    at = now or database_now()
    taken = 0
    while leased := _lease(Transaction.objects.to_submit(at), at, calls=1):
        accepted = [(payout, _offer(provider, payout, at)) for payout in leased]
        taken += _mark_submitted([(payout.pk, answer) for payout, answer in accepted if answer], at)
    return taken


def poll_settlements(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Every submitted transfer that was due has been looked up, and what the chain decided is booked; returns
    how many were settled or failed."""
    provider = provider or configured_provider()
    at = now or database_now()
    ended = 0
    while leased := _lease(Transaction.objects.to_poll(at), at, calls=0):
        answers = {payout.pk: _ask(provider, payout, at) for payout in leased}
        ended += _apply({pk: answer for pk, answer in answers.items() if answer}, at)
    return ended


@atomic_with_retry
def _lease(due: TransactionQuerySet, now: datetime, *, calls: int) -> list[Transaction]:
    rows = list(due.order_by("next_attempt_at").select_for_update(skip_locked=True, no_key=True)[:BATCH])
    Transaction.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, retry_count=F("retry_count") + calls
    )
    return rows


def _offer(provider: PaymentProvider, payout: Transaction, now: datetime) -> ProviderTransfer | None:
    require_no_transaction()
    try:
        answer = provider.transfer(key=provider_key(payout), to_wallet=payout.to_wallet, amount=payout.amount)
    except ProviderUnavailable as error:
        wait = min(FIRST_BACKOFF * 2**payout.retry_count, LONGEST_BACKOFF)
        _note(payout.pk, error=str(error), next_attempt_at=now + wait)
        return None
    except ProviderRefused as error:
        _note(payout.pk, error=str(error), next_attempt_at=None)
        return None
    return answer


def _ask(provider: PaymentProvider, payout: Transaction, now: datetime) -> ProviderTransfer | None:
    require_no_transaction()
    try:
        return provider.get(payout.circle_tx_id or "")
    except ProviderUnavailable as error:
        _note(payout.pk, error=str(error), next_attempt_at=now + LONGEST_BACKOFF)
        return None


@atomic_with_retry
def _note(pk: UUID, *, error: str, next_attempt_at: datetime | None) -> None:
    Transaction.unguarded.filter(pk=pk).update(error_message=error[:500], next_attempt_at=next_attempt_at)


@atomic_with_retry
def _mark_submitted(answers: Sequence[tuple[UUID, ProviderTransfer]], now: datetime) -> int:
    by_id = dict(answers)
    rows = list(Transaction.objects.locked().filter(pk__in=by_id, status=TransactionStatus.PENDING))
    for row in rows:
        row.status = TransactionStatus.SUBMITTED
        row.circle_tx_id = by_id[row.pk].id
        row.submitted_at = now
        row.next_attempt_at = now + POLL_EVERY
        row.error_message = ""
    _write(rows, ["status", "circle_tx_id", "submitted_at", "next_attempt_at", "error_message"])
    _audit("payout.submit", rows, now)
    if rows:
        transactions_submitted.send(sender=Transaction, transactions=rows, now=now)
    return len(rows)


@atomic_with_retry
def _apply(answers: dict[UUID, ProviderTransfer], now: datetime) -> int:
    """Book what the chain has decided for a batch, in one transaction."""
    rows = list(Transaction.objects.locked().filter(pk__in=answers, status=TransactionStatus.SUBMITTED))
    for row in rows:
        _update(row, answers[row.pk], now)
    _write(
        rows,
        [
            "status",
            "tx_hash",
            "block_number",
            "confirmations",
            "confirmed_at",
            "ended_at",
            "next_attempt_at",
            "error_message",
        ],
    )
    confirmed = [row for row in rows if row.status == TransactionStatus.CONFIRMED]
    failed = [row for row in rows if row.status == TransactionStatus.FAILED]
    _audit("payout.confirm", confirmed, now)
    _audit("payout.fail", failed, now)
    # Told before it is booked: who listens locks loans, and loans are locked before accounts.
    if confirmed:
        transactions_confirmed.send(sender=Transaction, transactions=confirmed, now=now)
    if failed:
        transactions_failed.send(sender=Transaction, transactions=failed, now=now)
    ledger.post([*settle_postings(confirmed), *void_postings(failed)], now=now)
    return len(confirmed) + len(failed)


def _update(row: Transaction, answer: ProviderTransfer, now: datetime) -> None:
    """The row (in memory) as the provider's answer makes it. A transfer to another wallet or of another
    amount than ours is never taken for it."""
    row.next_attempt_at = now + POLL_EVERY
    if (answer.to_wallet, answer.amount) != (row.to_wallet, row.amount):
        row.error_message = f"the provider reports {answer.amount} to {answer.to_wallet}"
        row.next_attempt_at = None
    elif answer.state in states.FAILURES:
        row.status = TransactionStatus.FAILED
        row.ended_at = now
        row.next_attempt_at = None
        row.error_message = answer.failure or "failed on chain"
    elif answer.state in states.ON_CHAIN and answer.tx_hash:
        row.tx_hash = answer.tx_hash
        row.block_number = answer.block_number
        row.confirmations = answer.confirmations
        needed = settings.SETTLEMENT_CONFIRMATIONS
        if states.is_settled(answer.state, confirmations=answer.confirmations, needed=needed):
            row.status = TransactionStatus.CONFIRMED
            row.confirmed_at = now
            row.next_attempt_at = None


def _write(rows: Sequence[Transaction], fields: list[str]) -> None:
    Transaction.unguarded.bulk_update(rows, fields)


def _audit(action: str, rows: Sequence[Transaction], now: datetime) -> None:
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
