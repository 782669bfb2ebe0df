"""Handing pending transfers to the provider.

A transfer's key makes a second call harmless; where an earlier call may have been taken unseen, the provider
is asked for the key first.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import ErrorClass, FeeLevel, ParkReason, TransactionStatus, TransactionType
from payments.models import PayoutHold, SettlementAttempt, Transaction
from payments.provider import configured_provider
from payments.provider.protocol import GasBid, PaymentProvider, ProviderTransfer, TransferUnknown
from payments.provider.units import raised
from payments.services import attempts, breaker, switches, task_payouts
from payments.services.attempts import NOTHING, Before, Outcome
from payments.services.transfers import (
    POLL_EVERY,
    in_turn,
    is_another,
    lease,
    note,
    park,
    provider_key,
    unpark,
    wait_after,
    what_it_is,
    write,
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
    "parked_at",
    "parked_reason",
]


@dataclass(frozen=True, slots=True)
class Offered:
    """A leased transfer, the attempt that is open for it, and what earlier ones have told."""

    payout: Transaction
    attempt: SettlementAttempt
    before: Before


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
        outcomes = in_turn(batch, lambda one: _offer(provider, one, at))
        breaker.note_outcomes(provider.name, [outcome.error_class for _, outcome in outcomes], at)
        taken += _mark_offered(batch, outcomes, at)
    return taken


@atomic_with_retry
def _lease_to_submit(provider: str, now: datetime) -> list[Offered]:
    if switches.are_stopped(provider):
        return []
    due = Transaction.objects.to_submit(now).exclude(worker__in=switches.stopped_workers())
    due = due.exclude(type=TransactionType.WITHDRAWAL, platform__in=switches.stopped_platforms())
    # Of whom everything is held, also what was not handed over before is kept.
    held = PayoutHold.objects.open().filter(amount=None)
    due = due.exclude(worker__in=held.filter(worker__isnull=False).values("worker"))
    of_platforms = held.filter(platform__isnull=False).values("platform")
    due = due.exclude(type=TransactionType.WITHDRAWAL, platform__in=of_platforms)
    rows = lease(due, provider, now, calls=1)
    known = attempts.before(row.pk for row in rows)
    opened = attempts.begin(rows, provider, known, now)
    return [Offered(row, opened[row.pk], known.get(row.pk, NOTHING)) for row in rows]


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
    """What is bid for the block: the provider's middle level, a fifth more for each time it was too low."""
    if not gas_errors:
        return FeeLevel.MEDIUM
    bid = provider.estimate_fee(to_wallet=payout.to_wallet, amount=payout.amount).bids[FeeLevel.MEDIUM]
    for _ in range(gas_errors):
        bid = raised(bid, by_bps=RAISE_BPS)
    return bid


@atomic_with_retry
def _mark_offered(
    batch: Sequence[Offered], outcomes: Sequence[tuple[Offered, Outcome[ProviderTransfer]]], now: datetime
) -> int:
    """What came of the offers is on record; those that were not made are due again."""
    by_id = {one.payout.pk: outcome for one, outcome in outcomes}
    uncalled = [one for one in batch if one.payout.pk not in by_id]
    rows = list(
        Transaction.objects.locked().filter(
            pk__in=[one.payout.pk for one in batch], status=TransactionStatus.PENDING
        )
    )
    for row in rows:
        if row.pk in by_id:
            _take(row, by_id[row.pk], now)
        else:
            row.next_attempt_at = now
            row.retry_count -= 1
    attempts.end(((one.attempt, outcome) for one, outcome in outcomes), now)
    attempts.forget(one.attempt for one in uncalled)
    return len(_tell_taken(rows, now))


@atomic_with_retry
def take_found(transaction_id: UUID, answer: ProviderTransfer, now: datetime) -> None:
    """A pending transfer that the provider turned out to have is submitted."""
    rows = list(Transaction.objects.locked().filter(pk=transaction_id, status=TransactionStatus.PENDING))
    for row in rows:
        _take(row, Outcome(answer, None, 0), now)
    _tell_taken(rows, now)


def _tell_taken(rows: Sequence[Transaction], now: datetime) -> list[Transaction]:
    """The rows are written; those that the provider has taken are announced and returned."""
    write(rows, SUBMITTING)
    taken = [row for row in rows if row.status == TransactionStatus.SUBMITTED]
    note("payout.submit", taken, now)
    note("payout.park", [row for row in rows if row.next_attempt_at is None], now)
    task_payouts.refresh_after(taken)
    if taken:
        transactions_submitted.send(sender=Transaction, transactions=taken, now=now)
    return taken


def _take(row: Transaction, outcome: Outcome[ProviderTransfer], now: datetime) -> None:
    """The pending row (in memory) as the outcome of its offer makes it."""
    answer, error = outcome.answer, outcome.error
    row.error_message = outcome.message
    if answer is not None and is_another(row, answer):
        row.error_message = what_it_is(answer)
        park(row, ParkReason.DIFFERS, now)
    elif answer is not None:
        row.status = TransactionStatus.SUBMITTED
        unpark(row)
        row.circle_tx_id = answer.id
        row.provider_state = answer.raw_state or answer.state
        row.submitted_at = now
        row.next_attempt_at = now + POLL_EVERY
    elif isinstance(error, TransferUnknown):
        park(row, ParkReason.OUTCOME_UNKNOWN, now)
    elif outcome.error_class not in PASSING:
        park(row, ParkReason.REFUSED, now)
    else:
        row.next_attempt_at = now + wait_after(error, row.retry_count)
