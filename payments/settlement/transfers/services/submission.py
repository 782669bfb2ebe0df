"""Submission of pending transfers to the provider.

A transfer's key makes a second call harmless; where an earlier call may have been taken unseen, the key is
looked for at the provider first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import backoff_after
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import Outcome, make_call, make_calls_in_turn
from payments.models import PayoutHold, SettlementAttempt, Transaction
from payments.settlement.payouts.services import task_payouts
from payments.settlement.provider import configured_provider
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass
from payments.settlement.provider.protocol import GasBid, PaymentProvider, ProviderTransfer, TransferUnknown
from payments.settlement.provider.units import raise_bid
from payments.settlement.switches import services as switches
from payments.settlement.transactions.enums import ParkReason, TransactionStatus, TransactionType
from payments.settlement.transfers.services.attempts import (
    ATTEMPTS,
    NOTHING,
    Before,
    begin_attempts,
    calls_before,
)
from payments.settlement.transfers.services.transfers import (
    POLL_EVERY,
    describe_answer,
    is_another,
    lease_transfers,
    park_transfer,
    provider_key,
    record_moves,
    unpark_transfer,
    write_rows,
)
from payments.signals import transactions_submitted

RAISE_BPS = 2_000
# The provider forgets a key after a day. Until well before, a transfer of unknown outcome may be offered
# again under it; after that only a person may decide.
KEY_IS_KEPT = timedelta(hours=20)
# Trouble that goes by: the transfer is offered again. Any other refusal is for a person.
PASSING = frozenset(
    {
        ErrorClass.NETWORK,
        ErrorClass.UNKNOWN_OUTCOME,
        TransferErrorClass.GAS,
        TransferErrorClass.NONCE,
        TransferErrorClass.INSUFFICIENT_FUNDS,
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
    "parked_at",
    "parked_reason",
]


@dataclass(frozen=True, slots=True)
class Offered:
    """A leased transfer, the attempt that is open for it, and the record of earlier attempts."""

    payout: Transaction
    attempt: SettlementAttempt
    before: Before


def submit_payouts(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Offer each pending transfer that is due to the provider; return how many it took.

    No answer leaves a transfer pending, to be looked for and offered again under the same key; a refusal for
    good parks it for staff. Nothing is offered while payouts are stopped or the provider's breaker is open.
    """
    provider = provider or configured_provider()
    at = now or database_now()
    ATTEMPTS.close_abandoned(at)
    taken = 0
    while batch := _lease_to_submit(provider.name, at):
        outcomes = make_calls_in_turn(batch, lambda one: _offer_transfer(provider, one, at))
        breaker.note_outcomes(
            provider.name, [outcome.error_class for _, outcome in outcomes], at, on_record=SettlementAttempt
        )
        taken += _mark_offered(batch, outcomes, at)
    return taken


@in_unit
def _lease_to_submit(provider: str, now: datetime) -> list[Offered]:
    if switches.are_stopped(provider):
        return []
    due = Transaction.objects.to_submit(now).exclude(worker__in=switches.stopped_workers())
    due = due.exclude(type=TransactionType.WITHDRAWAL, platform__in=switches.stopped_platforms())
    # A hold on everything also keeps payouts that were made before and are not submitted yet.
    held = PayoutHold.objects.open().filter(amount=None)
    due = due.exclude(worker__in=held.filter(worker__isnull=False).values("worker"))
    of_platforms = held.filter(platform__isnull=False).values("platform")
    due = due.exclude(type=TransactionType.WITHDRAWAL, platform__in=of_platforms)
    rows = lease_transfers(due, provider, now, calls=1)
    known = calls_before(row.pk for row in rows)
    opened = begin_attempts(rows, provider, known, now)
    return [Offered(row, opened[row.pk], known.get(row.pk, NOTHING)) for row in rows]


def _offer_transfer(provider: PaymentProvider, one: Offered, now: datetime) -> Outcome[ProviderTransfer]:
    """Return the transfer as the provider has taken it: before, if an earlier call got through, or now."""
    payout, key = one.payout, provider_key(one.payout)

    def find_or_transfer() -> ProviderTransfer:
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
            fee=_bid_for(provider, payout, one.before.gas_errors),
        )

    return make_call(find_or_transfer)


def _key_may_be_forgotten(before: Before, now: datetime) -> bool:
    return before.first_at is not None and now - before.first_at > KEY_IS_KEPT


def _bid_for(provider: PaymentProvider, payout: Transaction, gas_errors: int) -> FeeLevel | GasBid:
    """Return the bid for a block: the provider's middle level, a fifth more for each time it was too low."""
    if not gas_errors:
        return FeeLevel.MEDIUM
    bid = provider.estimate_fee(to_wallet=payout.to_wallet, amount=payout.amount).bids[FeeLevel.MEDIUM]
    for _ in range(gas_errors):
        bid = raise_bid(bid, by_bps=RAISE_BPS)
    return bid


@in_unit
def _mark_offered(
    batch: Sequence[Offered], outcomes: Sequence[tuple[Offered, Outcome[ProviderTransfer]]], now: datetime
) -> int:
    """Record the outcomes of the offers; transfers that were not offered are due again."""
    by_id = {one.payout.pk: outcome for one, outcome in outcomes}
    uncalled = [one for one in batch if one.payout.pk not in by_id]
    rows = list(
        Transaction.objects.locked().filter(
            pk__in=[one.payout.pk for one in batch], status=TransactionStatus.PENDING
        )
    )
    for row in rows:
        if row.pk in by_id:
            _apply_outcome(row, by_id[row.pk], now)
        else:
            row.next_attempt_at = now
            row.retry_count -= 1
    ATTEMPTS.end_calls(((one.attempt, outcome) for one, outcome in outcomes), now)
    ATTEMPTS.forget_calls(one.attempt for one in uncalled)
    return len(_write_and_announce(rows, now))


@in_unit
def take_found(transaction_id: UUID, answer: ProviderTransfer, now: datetime) -> None:
    """Submit a pending transfer that was found at the provider."""
    rows = list(Transaction.objects.locked().filter(pk=transaction_id, status=TransactionStatus.PENDING))
    for row in rows:
        _apply_outcome(row, Outcome(answer, None, 0), now)
    _write_and_announce(rows, now)


def _write_and_announce(rows: Sequence[Transaction], now: datetime) -> list[Transaction]:
    """Write the rows; announce and return those that the provider has taken."""
    write_rows(rows, SUBMITTING)
    taken = [row for row in rows if row.status == TransactionStatus.SUBMITTED]
    record_moves("payout.submit", taken, now)
    record_moves("payout.park", [row for row in rows if row.next_attempt_at is None], now)
    task_payouts.refresh_after(taken)
    if taken:
        transactions_submitted.send(sender=Transaction, transactions=taken, now=now)
    return taken


def _apply_outcome(row: Transaction, outcome: Outcome[ProviderTransfer], now: datetime) -> None:
    """Change the pending row (in memory) as the outcome of its offer says."""
    answer, error = outcome.answer, outcome.error
    row.error_message = outcome.message
    if answer is not None and is_another(row, answer):
        row.error_message = describe_answer(answer)
        park_transfer(row, ParkReason.DIFFERS, now)
    elif answer is not None:
        row.status = TransactionStatus.SUBMITTED
        unpark_transfer(row)
        row.circle_tx_id = answer.id
        row.provider_state = answer.raw_state or answer.state
        row.submitted_at = now
        row.next_attempt_at = now + POLL_EVERY
    elif isinstance(error, TransferUnknown):
        park_transfer(row, ParkReason.OUTCOME_UNKNOWN, now)
    elif outcome.error_class not in PASSING:
        park_transfer(row, ParkReason.REFUSED, now)
    else:
        row.next_attempt_at = now + backoff_after(error, row.retry_count)
