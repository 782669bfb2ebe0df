"""Watching submitted transfers until the chain has decided, and booking what it did."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from django.conf import settings

from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import AttemptOperation, ErrorClass, ParkReason, TransactionStatus, TransferState
from payments.models import Transaction
from payments.provider import configured_provider, states
from payments.provider.protocol import (
    PaymentProvider,
    ProviderTransfer,
    TransferUnknown,
)
from payments.provider.units import booked_fee
from payments.services import attempts, breaker, ledger, task_payouts
from payments.services.attempts import NOTHING, Outcome
from payments.services.deposits import normal_hash
from payments.services.failures import hold_after_failure
from payments.services.notifications import mark_applied
from payments.services.parts import give_back
from payments.services.payouts import settle_postings, void_postings
from payments.services.transfers import (
    LONGEST_BACKOFF,
    POLL_EVERY,
    is_another,
    lease,
    note,
    park,
    provider_key,
    what_it_is,
    write,
)
from payments.signals import transactions_confirmed, transactions_failed


class Act(Protocol):
    """Something that the provider does with a transfer of its own."""

    def __call__(self, *, key: UUID, transfer_id: str) -> None: ...


ACCELERATE_EVERY = timedelta(seconds=30)
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
    "parked_at",
    "parked_reason",
]


def poll_settlements(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Every submitted transfer that was due has been looked up, and what the chain decided is booked; returns
    how many were settled or failed."""
    provider = provider or configured_provider()
    at = now or database_now()
    ended = 0
    while leased := _lease_to_poll(provider.name, at):
        outcomes = {payout.pk: _look_up(provider, payout) for payout in leased}
        breaker.note_outcomes(provider.name, [_health_of(one) for one in outcomes.values()], at)
        ended += _apply(outcomes, provider.name, at)
        _accelerate_stuck(provider, list(outcomes), at)
    return ended


def _look_up(provider: PaymentProvider, payout: Transaction) -> Outcome[ProviderTransfer]:
    return attempts.call(lambda: provider.get(payout.circle_tx_id or ""))


def _accelerate_stuck(provider: PaymentProvider, ids: Sequence[UUID], now: datetime) -> None:
    """What is stuck is offered to the chain again at a higher price, at most every half minute."""
    stuck = Transaction.objects.filter(
        pk__in=ids, status=TransactionStatus.SUBMITTED, provider_state=TransferState.STUCK
    )
    rows = list(stuck)
    known = attempts.before(row.pk for row in rows)
    for row in rows:
        last = known.get(row.pk, NOTHING).last_acceleration
        if last is None or now - last >= ACCELERATE_EVERY:
            ask_to_accelerate(provider, row, now)


def ask_to_accelerate(provider: PaymentProvider, row: Transaction, now: datetime) -> Outcome[None]:
    """The provider was asked to offer a transfer at a higher price; what came of it shows the next look."""
    return _ask(provider, row, AttemptOperation.ACCELERATE, provider.accelerate, now)


def ask_to_cancel(provider: PaymentProvider, row: Transaction, now: datetime) -> Outcome[None]:
    """The provider was asked to drop a transfer, which may be mined all the same; the next look shows."""
    return _ask(provider, row, AttemptOperation.CANCEL, provider.cancel, now)


def _ask(
    provider: PaymentProvider, row: Transaction, operation: AttemptOperation, act: Act, now: datetime
) -> Outcome[None]:
    known = attempts.before([row.pk])
    attempt = attempts.begin([row], provider.name, known, now, operation)[row.pk]
    key = uuid5(provider_key(row), f"{operation}:{attempt.number}")
    outcome = attempts.call(lambda: act(key=key, transfer_id=row.circle_tx_id or ""))
    attempts.end([(attempt, outcome)], now)
    return outcome


@atomic_with_retry
def _lease_to_poll(provider: str, now: datetime) -> list[Transaction]:
    return lease(Transaction.objects.to_poll(now), provider, now, calls=0)


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
            _leave(row, outcome, now)
        else:
            _update(row, outcome.answer, now)
        if outcome.error or row.provider_state != told or row.status != TransactionStatus.SUBMITTED:
            attempts.record_read(row, outcome, provider, known.get(row.pk, NOTHING), now)
    write(rows, POLLING)
    confirmed = [row for row in rows if row.status == TransactionStatus.CONFIRMED]
    failed = [row for row in rows if row.status == TransactionStatus.FAILED]
    note("payout.confirm", confirmed, now)
    note("payout.fail", failed, now)
    note("payout.park", [row for row in rows if _is_parked(row)], now)
    task_payouts.refresh_after([*confirmed, *failed])
    # Told before it is booked: who listens locks loans, and loans are locked before accounts.
    if confirmed:
        transactions_confirmed.send(sender=Transaction, transactions=confirmed, now=now)
    if failed:
        transactions_failed.send(sender=Transaction, transactions=failed, now=now)
    ledger.post([*settle_postings(confirmed), *void_postings(failed)], now=now)
    give_back(failed)
    hold_after_failure(failed, refused=_refused(outcomes), now=now)
    mark_applied([row.circle_tx_id or "" for row in rows if outcomes[row.pk].answer], provider, now)
    return len(confirmed) + len(failed)


def _refused(outcomes: Mapping[UUID, Outcome[ProviderTransfer]]) -> set[UUID]:
    """Return the ids of those whose address the provider or the chain does not pay to."""
    return {
        id_
        for id_, outcome in outcomes.items()
        if outcome.answer and outcome.answer.error_class == ErrorClass.BLOCKED_DESTINATION
    }


def _leave(row: Transaction, outcome: Outcome[ProviderTransfer], now: datetime) -> None:
    """Nothing was told of the row (in memory): it is as it was, and is looked up again."""
    row.error_message = outcome.message
    row.next_attempt_at = now + LONGEST_BACKOFF


def _is_parked(row: Transaction) -> bool:
    return row.status == TransactionStatus.SUBMITTED and row.next_attempt_at is None


def _update(row: Transaction, answer: ProviderTransfer, now: datetime) -> None:
    """The row (in memory) as the provider's answer makes it."""
    row.next_attempt_at = now + POLL_EVERY
    if is_another(row, answer):
        row.error_message = what_it_is(answer)
        park(row, ParkReason.DIFFERS, now)
        return
    known = states.read(row.provider_state)
    if answer.state != known and not states.replaces(answer.state, known):
        if answer.state == TransferState.UNKNOWN:
            row.provider_state = answer.raw_state
            row.error_message = f"the provider says {answer.raw_state!r}, which nobody here knows"
        return
    row.provider_state = answer.raw_state or answer.state
    row.error_message = ""
    if answer.network_fee is not None:
        row.fee = booked_fee(answer.network_fee)
    if answer.state in states.FAILURES:
        row.status = TransactionStatus.FAILED
        row.ended_at = now
        row.next_attempt_at = None
        row.error_message = answer.failure or f"{answer.state.lower()} at the provider"
    elif answer.state in states.ON_CHAIN and answer.tx_hash:
        row.tx_hash = normal_hash(answer.tx_hash)
        row.block_number = answer.block_number
        row.confirmations = answer.confirmations
        needed = settings.SETTLEMENT_CONFIRMATIONS
        if states.is_settled(answer.state, confirmations=answer.confirmations, needed=needed):
            row.status = TransactionStatus.CONFIRMED
            row.confirmed_at = now
            row.next_attempt_at = None
