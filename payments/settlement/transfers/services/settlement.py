"""Observation of submitted transfers until the chain has decided, and booking of its decision."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol
from uuid import UUID, uuid5

from django.conf import settings

from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import LONGEST_BACKOFF
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import Outcome, make_call
from payments.ledger.services import ledger
from payments.models import SettlementAttempt, Transaction
from payments.settlement.deposits.services.deposits import normal_hash
from payments.settlement.payouts.services import task_payouts
from payments.settlement.payouts.services.failures import hold_after_failure
from payments.settlement.payouts.services.parts import give_back
from payments.settlement.payouts.services.payouts import settle_postings, void_postings
from payments.settlement.provider import configured_provider, states
from payments.settlement.provider.enums import TransferErrorClass, TransferState
from payments.settlement.provider.protocol import PaymentProvider, ProviderTransfer, TransferUnknown
from payments.settlement.provider.units import booked_fee
from payments.settlement.transactions.enums import ParkReason, TransactionStatus
from payments.settlement.transfers.enums import AttemptOperation
from payments.settlement.transfers.services.attempts import (
    ATTEMPTS,
    NOTHING,
    begin_attempts,
    calls_before,
    record_read,
)
from payments.settlement.transfers.services.notifications import mark_applied
from payments.settlement.transfers.services.transfers import (
    POLL_EVERY,
    describe_answer,
    is_another,
    lease_transfers,
    park_transfer,
    provider_key,
    record_moves,
    write_rows,
)
from payments.signals import transactions_confirmed, transactions_failed


class Operation(Protocol):
    """An operation of the provider on a transfer that it has."""

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
    """Look up each submitted transfer that is due, and book the chain's decisions; return how many transfers
    were settled or failed."""
    provider = provider or configured_provider()
    at = now or database_now()
    ended = 0
    while leased := _lease_to_poll(provider.name, at):
        outcomes = {payout.pk: _look_up(provider, payout) for payout in leased}
        breaker.note_outcomes(
            provider.name, [_health_of(one) for one in outcomes.values()], at, on_record=SettlementAttempt
        )
        ended += _book_decisions(outcomes, provider.name, at)
        _accelerate_stuck(provider, list(outcomes), at)
    return ended


def _look_up(provider: PaymentProvider, payout: Transaction) -> Outcome[ProviderTransfer]:
    return make_call(lambda: provider.get(payout.circle_tx_id or ""))


def _accelerate_stuck(provider: PaymentProvider, ids: Sequence[UUID], now: datetime) -> None:
    """Offer stuck transfers to the chain again at a higher price, at most every half minute."""
    stuck = Transaction.objects.filter(
        pk__in=ids, status=TransactionStatus.SUBMITTED, provider_state=TransferState.STUCK
    )
    rows = list(stuck)
    known = calls_before(row.pk for row in rows)
    for row in rows:
        last = known.get(row.pk, NOTHING).last_acceleration
        if last is None or now - last >= ACCELERATE_EVERY:
            call_accelerate(provider, row, now)


def call_accelerate(provider: PaymentProvider, row: Transaction, now: datetime) -> Outcome[None]:
    """Have the provider offer a transfer at a higher price; the next look shows the result."""
    return _call_operation(provider, row, AttemptOperation.ACCELERATE, provider.accelerate, now)


def call_cancel(provider: PaymentProvider, row: Transaction, now: datetime) -> Outcome[None]:
    """Have the provider drop a transfer, which may be mined all the same; the next look shows."""
    return _call_operation(provider, row, AttemptOperation.CANCEL, provider.cancel, now)


def _call_operation(
    provider: PaymentProvider, row: Transaction, operation: AttemptOperation, call: Operation, now: datetime
) -> Outcome[None]:
    known = calls_before([row.pk])
    attempt = begin_attempts([row], provider.name, known, now, operation)[row.pk]
    key = uuid5(provider_key(row), f"{operation}:{attempt.number}")
    outcome = make_call(lambda: call(key=key, transfer_id=row.circle_tx_id or ""))
    ATTEMPTS.end_calls([(attempt, outcome)], now)
    return outcome


@in_unit
def _lease_to_poll(provider: str, now: datetime) -> list[Transaction]:
    return lease_transfers(Transaction.objects.to_poll(now), provider, now, calls=0)


def _health_of(outcome: Outcome[ProviderTransfer]) -> str | None:
    """Return the error of a call for the breaker: a transfer that is not there says nothing of health."""
    return None if isinstance(outcome.error, TransferUnknown) else outcome.error_class


@in_unit
def _book_decisions(outcomes: Mapping[UUID, Outcome[ProviderTransfer]], provider: str, now: datetime) -> int:
    """Book the chain's decisions on a batch, in one transaction."""
    rows = list(Transaction.objects.locked().filter(pk__in=outcomes, status=TransactionStatus.SUBMITTED))
    known = calls_before(row.pk for row in rows)
    for row in rows:
        outcome = outcomes[row.pk]
        state_before = row.provider_state
        if outcome.answer is None:
            _leave_unchanged(row, outcome, now)
        else:
            _apply_answer(row, outcome.answer, now)
        if outcome.error or row.provider_state != state_before or row.status != TransactionStatus.SUBMITTED:
            record_read(row, outcome, provider, known.get(row.pk, NOTHING), now)
    write_rows(rows, POLLING)
    confirmed = [row for row in rows if row.status == TransactionStatus.CONFIRMED]
    failed = [row for row in rows if row.status == TransactionStatus.FAILED]
    record_moves("payout.confirm", confirmed, now)
    record_moves("payout.fail", failed, now)
    record_moves("payout.park", [row for row in rows if _is_parked(row)], now)
    task_payouts.refresh_after([*confirmed, *failed])
    # Announced before it is booked: receivers lock loans, and loans are locked before accounts.
    if confirmed:
        transactions_confirmed.send(sender=Transaction, transactions=confirmed, now=now)
    if failed:
        transactions_failed.send(sender=Transaction, transactions=failed, now=now)
    ledger.post([*settle_postings(confirmed), *void_postings(failed)], now=now)
    give_back(failed)
    hold_after_failure(failed, refused=_with_refused_address(outcomes), now=now)
    mark_applied([row.circle_tx_id or "" for row in rows if outcomes[row.pk].answer], provider, now)
    return len(confirmed) + len(failed)


def _with_refused_address(outcomes: Mapping[UUID, Outcome[ProviderTransfer]]) -> set[UUID]:
    """Return the ids of those whose address the provider or the chain does not pay to."""
    return {
        id_
        for id_, outcome in outcomes.items()
        if outcome.answer and outcome.answer.error_class == TransferErrorClass.BLOCKED_DESTINATION
    }


def _leave_unchanged(row: Transaction, outcome: Outcome[ProviderTransfer], now: datetime) -> None:
    """Leave the row (in memory) as it was, to be looked up again: nothing was reported of it."""
    row.error_message = outcome.message
    row.next_attempt_at = now + LONGEST_BACKOFF


def _is_parked(row: Transaction) -> bool:
    return row.status == TransactionStatus.SUBMITTED and row.next_attempt_at is None


def _apply_answer(row: Transaction, answer: ProviderTransfer, now: datetime) -> None:
    """Change the row (in memory) as the provider's answer says."""
    row.next_attempt_at = now + POLL_EVERY
    if is_another(row, answer):
        row.error_message = describe_answer(answer)
        park_transfer(row, ParkReason.DIFFERS, now)
        return
    known = states.read(row.provider_state)
    if answer.state != known and not states.replaces(answer.state, known):
        if answer.state == TransferState.UNKNOWN:
            row.provider_state = answer.raw_state
            row.error_message = f"the provider says {answer.raw_state!r}, which is not in the list"
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
