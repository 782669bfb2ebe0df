"""Transfers on their way: handed to the provider, watched until the chain has decided, then booked.

No database transaction is open while the provider is asked. A transfer is leased by moving its
`next_attempt_at`, so that a job that dies leaves it to the next one; its key makes a second call harmless, and
where an earlier call may have been taken unseen, the provider is asked for the key first.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid5

from django.conf import settings
from django.db.models import F

from audit import services as audit
from audit.services import Record
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import ErrorClass, FeeLevel, TransactionStatus, TransferState
from payments.models import SettlementAttempt, Transaction
from payments.provider import configured_provider, states
from payments.provider.protocol import (
    GasBid,
    PaymentProvider,
    ProviderBusy,
    ProviderTransfer,
    TransferUnknown,
)
from payments.querysets import TransactionQuerySet
from payments.services import attempts, breaker, ledger, switches
from payments.services.attempts import LEASE, NOTHING, Before, Outcome
from payments.services.payouts import settle_postings, void_postings
from payments.signals import transactions_confirmed, transactions_failed, transactions_submitted

KEYS = UUID("6d0f7c5e-2f5b-5d0f-8f0e-6a1f4a3c9b10")
POLL_EVERY = timedelta(seconds=2)
FIRST_BACKOFF = timedelta(seconds=2)
LONGEST_BACKOFF = timedelta(seconds=30)
# The provider forgets a key after a day. Until well before, a transfer of unknown outcome may be offered
# again under it; after that only a person may decide.
KEY_IS_KEPT = timedelta(hours=20)
ACCELERATE_EVERY = timedelta(seconds=30)
BATCH = 20
# Trouble that goes by: the transfer is offered again. Any other refusal is for a person.
PASSING = frozenset(
    {
        ErrorClass.NETWORK,
        ErrorClass.UNKNOWN_OUTCOME,
        ErrorClass.GAS,
        ErrorClass.NONCE,
        ErrorClass.INSUFFICIENT_FUNDS,
        ErrorClass.CREDENTIALS,
    }
)

SUBMITTING = [
    "status",
    "circle_tx_id",
    "provider_state",
    "submitted_at",
    "next_attempt_at",
    "retry_count",
    "error_message",
]
POLLING = [
    "status",
    "fee",
    "tx_hash",
    "block_number",
    "confirmations",
    "confirmed_at",
    "ended_at",
    "provider_state",
    "next_attempt_at",
    "error_message",
]


@dataclass(frozen=True, slots=True)
class Offered:
    """A leased transfer, the attempt that is open for it, and what earlier ones have told."""

    payout: Transaction
    attempt: SettlementAttempt
    before: Before


def provider_key(transaction: Transaction) -> UUID:
    """The provider's idempotency key: follows from ours, so that it outlives every crash and restore."""
    return uuid5(KEYS, transaction.idempotency_key)


def submit_payouts(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Every pending transfer that was due has been offered to the provider; returns how many it took.

    No answer leaves a transfer pending, to be looked for and offered again under the same key; a refusal for
    good parks it for staff. Nothing is offered while payouts are stopped or the provider's breaker is open.
    """
    provider = provider or configured_provider()
    at = now or database_now()
    attempts.close_abandoned(at)
    taken = 0
    while batch := _lease_to_submit(provider.name, at):
        outcomes = _each(batch, lambda one: _offer(provider, one, at))
        breaker.note_outcomes(provider.name, [outcome.error_class for _, outcome in outcomes], at)
        taken += _mark_offered(batch, outcomes, at)
    return taken


def _each(
    batch: Sequence[Offered], ask: Callable[[Offered], Outcome[ProviderTransfer]]
) -> list[tuple[Offered, Outcome[ProviderTransfer]]]:
    """The provider's answers one by one, until it is plainly not well: the rest is not asked."""
    answers: list[tuple[Offered, Outcome[ProviderTransfer]]] = []
    in_a_row = 0
    for one in batch:
        outcome = ask(one)
        answers.append((one, outcome))
        in_a_row = in_a_row + 1 if outcome.error_class in breaker.FAILURES else 0
        if in_a_row >= breaker.MOST_IN_A_ROW:
            break
    return answers


@atomic_with_retry
def _lease_to_submit(provider: str, now: datetime) -> list[Offered]:
    if switches.are_stopped(provider):
        return []
    due = Transaction.objects.to_submit(now).exclude(worker__in=switches.stopped_workers())
    rows = _lease(due, provider, now, calls=1)
    known = attempts.before(row.pk for row in rows)
    opened = attempts.begin(rows, provider, known, now)
    return [Offered(row, opened[row.pk], known.get(row.pk, NOTHING)) for row in rows]


def _lease(due: TransactionQuerySet, provider: str, now: datetime, *, calls: int) -> list[Transaction]:
    """As many transfers as the breaker permits, and their next turn put off for the length of a lease."""
    picked = due.order_by("next_attempt_at").select_for_update(of=("self",), skip_locked=True, no_key=True)
    rows = list(picked[:BATCH])
    rows = rows[: breaker.permitted_calls(provider, len(rows), now)]
    Transaction.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, retry_count=F("retry_count") + calls
    )
    return rows


def _offer(provider: PaymentProvider, one: Offered, now: datetime) -> Outcome[ProviderTransfer]:
    """The transfer as the provider has taken it: before, if an earlier call got through, or now."""
    payout, key = one.payout, provider_key(one.payout)

    def ask() -> ProviderTransfer:
        if one.before.unknown:
            found = provider.find(key=key, to_wallet=payout.to_wallet, since=one.before.first_at)
            if found is not None:
                return found
            if _key_may_be_forgotten(one.before, now):
                raise TransferUnknown("not found, and its key may be forgotten: look before it is sent again")
        return provider.transfer(
            key=key,
            to_wallet=payout.to_wallet,
            amount=payout.amount,
            fee=_bid(provider, payout, one.before.gas_errors),
        )

    return attempts.call(ask)


def _key_may_be_forgotten(before: Before, now: datetime) -> bool:
    return before.first_at is not None and now - before.first_at > KEY_IS_KEPT


def _bid(provider: PaymentProvider, payout: Transaction, gas_errors: int) -> FeeLevel | GasBid:
    """What is bid for the block: the provider's middle level, and a fifth more for each time it was too low."""
    if not gas_errors:
        return FeeLevel.MEDIUM
    bid = provider.estimate_fee(to_wallet=payout.to_wallet, amount=payout.amount).bids[FeeLevel.MEDIUM]
    more = Decimal("1.2") ** gas_errors
    return GasBid(bid.gas_limit, bid.max_fee * more, bid.priority_fee * more)


@atomic_with_retry
def _mark_offered(
    batch: Sequence[Offered], outcomes: Sequence[tuple[Offered, Outcome[ProviderTransfer]]], now: datetime
) -> int:
    """What came of the offers is on record; those that were not made are due again."""
    by_id = {one.payout.pk: (one, outcome) for one, outcome in outcomes}
    uncalled = [one for one in batch if one.payout.pk not in by_id]
    rows = list(
        Transaction.objects.locked().filter(
            pk__in=[one.payout.pk for one in batch], status=TransactionStatus.PENDING
        )
    )
    for row in rows:
        if row.pk in by_id:
            one, outcome = by_id[row.pk]
            _take(row, one.before, outcome, now)
        else:
            row.next_attempt_at = now
            row.retry_count -= 1
    attempts.end(((one.attempt, outcome) for one, outcome in outcomes), now)
    attempts.forget(one.attempt for one in uncalled)
    _write(rows, SUBMITTING)
    taken = [row for row in rows if row.status == TransactionStatus.SUBMITTED]
    parked = [row for row in rows if row.next_attempt_at is None]
    _audit("payout.submit", taken, now)
    _audit("payout.park", parked, now)
    if taken:
        transactions_submitted.send(sender=Transaction, transactions=taken, now=now)
    return len(taken)


def _take(row: Transaction, before: Before, outcome: Outcome[ProviderTransfer], now: datetime) -> None:
    """The pending row (in memory) as the outcome of its offer makes it."""
    answer, error = outcome.answer, outcome.error
    row.error_message = outcome.message
    if answer is not None and _is_another(row, answer):
        row.error_message, row.next_attempt_at = _what_it_is(answer), None
    elif answer is not None:
        row.status = TransactionStatus.SUBMITTED
        row.circle_tx_id = answer.id
        row.provider_state = answer.raw_state or answer.state
        row.submitted_at = now
        row.next_attempt_at = now + POLL_EVERY
    elif outcome.error_class not in PASSING or isinstance(error, TransferUnknown):
        row.next_attempt_at = None
    else:
        row.next_attempt_at = now + _wait(error, row.retry_count)


def _wait(error: Exception | None, calls: int) -> timedelta:
    """2, 4, 8, 16, then 30 seconds; longer when the provider asks for it."""
    wait = min(FIRST_BACKOFF * 2 ** min(calls - 1, 10), LONGEST_BACKOFF)
    if isinstance(error, ProviderBusy) and error.retry_after:
        return max(wait, timedelta(seconds=error.retry_after))
    return wait


def poll_settlements(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Every submitted transfer that was due has been looked up, and what the chain decided is booked; returns
    how many were settled or failed."""
    provider = provider or configured_provider()
    at = now or database_now()
    ended = 0
    while leased := _lease_to_poll(provider.name, at):
        outcomes: dict[UUID, Outcome[ProviderTransfer]] = {}
        for payout in leased:
            outcomes[payout.pk] = attempts.call(lambda payout=payout: provider.get(payout.circle_tx_id or ""))
        breaker.note_outcomes(provider.name, [_health_of(one) for one in outcomes.values()], at)
        ended += _apply(outcomes, provider.name, at)
    return ended


@atomic_with_retry
def _lease_to_poll(provider: str, now: datetime) -> list[Transaction]:
    return _lease(Transaction.objects.to_poll(now), provider, now, calls=0)


def _health_of(outcome: Outcome[ProviderTransfer]) -> ErrorClass | None:
    """That a transfer is not there says nothing about the provider's health."""
    return None if isinstance(outcome.error, TransferUnknown) else outcome.error_class


@atomic_with_retry
def _apply(outcomes: Mapping[UUID, Outcome[ProviderTransfer]], provider: str, now: datetime) -> int:
    """Book what the chain has decided for a batch, in one transaction."""
    rows = list(Transaction.objects.locked().filter(pk__in=outcomes, status=TransactionStatus.SUBMITTED))
    known = attempts.before(row.pk for row in rows)
    for row in rows:
        outcome = outcomes[row.pk]
        told = row.provider_state
        if outcome.answer is None:
            row.error_message = outcome.message
            row.next_attempt_at = now + LONGEST_BACKOFF
        else:
            _update(row, outcome.answer, now)
        if outcome.error or row.provider_state != told:
            attempts.record_read(row, outcome, provider, known.get(row.pk, NOTHING), now)
    _write(rows, POLLING)
    confirmed = [row for row in rows if row.status == TransactionStatus.CONFIRMED]
    failed = [row for row in rows if row.status == TransactionStatus.FAILED]
    _audit("payout.confirm", confirmed, now)
    _audit("payout.fail", failed, now)
    _audit("payout.park", [row for row in rows if _is_parked(row)], now)
    # Told before it is booked: who listens locks loans, and loans are locked before accounts.
    if confirmed:
        transactions_confirmed.send(sender=Transaction, transactions=confirmed, now=now)
    if failed:
        transactions_failed.send(sender=Transaction, transactions=failed, now=now)
    ledger.post([*settle_postings(confirmed), *void_postings(failed)], now=now)
    return len(confirmed) + len(failed)


def _is_parked(row: Transaction) -> bool:
    return row.status == TransactionStatus.SUBMITTED and row.next_attempt_at is None


def _is_another(row: Transaction, answer: ProviderTransfer) -> bool:
    """A transfer to another wallet or of another amount than ours is never taken for it."""
    return (answer.to_wallet, answer.amount) != (row.to_wallet, row.amount)


def _what_it_is(answer: ProviderTransfer) -> str:
    return f"the provider reports {answer.amount} to {answer.to_wallet}"


def _update(row: Transaction, answer: ProviderTransfer, now: datetime) -> None:
    """The row (in memory) as the provider's answer makes it."""
    row.next_attempt_at = now + POLL_EVERY
    if _is_another(row, answer):
        row.error_message, row.next_attempt_at = _what_it_is(answer), None
        return
    known = states.read(row.provider_state)
    if answer.state != known and not states.replaces(answer.state, known):
        if answer.state == TransferState.UNKNOWN:
            row.provider_state = answer.raw_state
            row.error_message = f"the provider says {answer.raw_state!r}, which nobody here knows"
        return
    row.provider_state = answer.raw_state or answer.state
    row.error_message = ""
    row.fee = answer.network_fee or row.fee
    if answer.state in states.FAILURES:
        row.status = TransactionStatus.FAILED
        row.ended_at = now
        row.next_attempt_at = None
        row.error_message = answer.failure or f"{answer.state.lower()} at the provider"
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
