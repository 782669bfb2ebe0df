"""Interventions of staff in a transfer that makes no progress by itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.remote_calls.errors import CallRefused
from gigstream.remote_calls.services.calls import Outcome, make_call
from payments.models import Transaction
from payments.settlement.provider import configured_provider
from payments.settlement.provider.protocol import PaymentProvider
from payments.settlement.transactions.enums import TransactionStatus
from payments.settlement.transactions.errors import NotParked
from payments.settlement.transfers.enums import AttemptOperation
from payments.settlement.transfers.errors import NotWithProvider, ProviderSaidNo, ProviderSilent
from payments.settlement.transfers.services.attempts import (
    ATTEMPTS,
    NOTHING,
    begin_attempts,
    calls_before,
)
from payments.settlement.transfers.services.settlement import call_accelerate, call_cancel
from payments.settlement.transfers.services.submission import take_found
from payments.settlement.transfers.services.transfers import provider_key, unpark_transfer


@verb("payout.offer_again", "transaction")
def offer_again(*, transaction_id: UUID, reason: str = "", now: datetime | None = None) -> Transaction:
    """Make a parked transfer due now. Raises NotParked."""
    payout = Transaction.objects.locked().get(pk=transaction_id)
    now = now or database_now()
    if payout.status not in (TransactionStatus.PENDING, TransactionStatus.SUBMITTED):
        raise NotParked(f"transaction {payout.reference} is {payout.status}", status=payout.status)
    if payout.next_attempt_at is not None:
        raise NotParked(
            f"transaction {payout.reference} has its next turn at {payout.next_attempt_at:%H:%M:%S}"
        )
    payout.next_attempt_at = now
    unpark_transfer(payout)
    payout.save()
    metadata = {"reason": reason}
    audit.record("payout.offer_again", payout, after={"next_attempt_at": now}, metadata=metadata, now=now)
    return payout


def look_for(
    *, transaction_id: UUID, now: datetime | None = None, provider: PaymentProvider | None = None
) -> Transaction:
    """Look for a pending transfer at the provider, by its key: a transfer that is there is submitted. That
    there is none is put on record, and after two such looks ten minutes apart the payout may be cancelled."""
    provider = provider or configured_provider()
    now = now or database_now()
    payout = Transaction.objects.get(pk=transaction_id)
    known = calls_before([payout.pk])
    opened = begin_attempts([payout], provider.name, known, now, AttemptOperation.FIND)[payout.pk]
    first_at = known.get(payout.pk, NOTHING).first_at
    outcome = make_call(
        lambda: provider.find(key=provider_key(payout), to_wallet=payout.to_wallet, since=first_at)
    )
    ATTEMPTS.end_calls([(opened, outcome)], now)
    _require_answer(outcome)
    if outcome.answer is not None:
        take_found(payout.pk, outcome.answer, now)
    payout.refresh_from_db()
    return payout


def accelerate_payout(
    *,
    transaction_id: UUID,
    reason: str = "",
    now: datetime | None = None,
    provider: PaymentProvider | None = None,
) -> None:
    """Have the provider offer the transfer at a higher price. Raises NotWithProvider, ProviderSaidNo or
    ProviderSilent."""
    payout, provider, at = _with_provider(transaction_id, provider, now)
    _record_intervention("payout.accelerate", payout, reason, at)
    _require_answer(call_accelerate(provider, payout, at))


def cancel_transfer(
    *,
    transaction_id: UUID,
    reason: str = "",
    now: datetime | None = None,
    provider: PaymentProvider | None = None,
) -> None:
    """Request that the provider drop the transfer; it is off only when the provider says so. Raises
    NotWithProvider, ProviderSaidNo or ProviderSilent."""
    payout, provider, at = _with_provider(transaction_id, provider, now)
    _record_intervention("payout.request_cancellation", payout, reason, at)
    _require_answer(call_cancel(provider, payout, at))


def _require_answer(outcome: Outcome[Any]) -> None:
    """Raise ProviderSaidNo or ProviderSilent unless the provider answered."""
    if isinstance(outcome.error, CallRefused):
        raise ProviderSaidNo(f"the provider refused: {outcome.message}")
    if outcome.error is not None:
        raise ProviderSilent(f"the provider did not answer: {outcome.message}")


def _with_provider(
    transaction_id: UUID, provider: PaymentProvider | None, now: datetime | None
) -> tuple[Transaction, PaymentProvider, datetime]:
    payout = Transaction.objects.get(pk=transaction_id)
    if payout.status != TransactionStatus.SUBMITTED:
        raise NotWithProvider(f"transaction {payout.reference} is {payout.status}", status=payout.status)
    return payout, provider or configured_provider(), now or database_now()


@in_unit
def _record_intervention(action: str, payout: Transaction, reason: str, now: datetime) -> None:
    audit.record(action, payout, metadata={"reason": reason}, now=now)
