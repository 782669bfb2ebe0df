"""What staff may do with a transfer that does not get on by itself."""

from datetime import datetime
from typing import Any
from uuid import UUID

from audit import services as audit
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from payments.enums import AttemptOperation, TransactionStatus
from payments.errors import NotParked, NotWithProvider, ProviderSaidNo, ProviderSilent
from payments.models import Transaction
from payments.provider import configured_provider
from payments.provider.protocol import PaymentProvider, ProviderRefused
from payments.services import attempts
from payments.services.attempts import NOTHING, Outcome
from payments.services.settlement import ask_to_accelerate, ask_to_cancel
from payments.services.submission import take_found
from payments.services.transfers import provider_key, unpark


@verb("payout.offer_again", "transaction")
def offer_again(*, transaction_id: UUID, reason: str = "", now: datetime | None = None) -> Transaction:
    """A parked transfer has its next turn now. Raises NotParked."""
    payout = Transaction.objects.locked().get(pk=transaction_id)
    now = now or database_now()
    if payout.status not in (TransactionStatus.PENDING, TransactionStatus.SUBMITTED):
        raise NotParked(f"transaction {payout.pk} is {payout.status}", status=payout.status)
    if payout.next_attempt_at is not None:
        raise NotParked(f"transaction {payout.pk} has its next turn at {payout.next_attempt_at:%H:%M:%S}")
    payout.next_attempt_at = now
    unpark(payout)
    payout.save()
    told = {"reason": reason}
    audit.record("payout.offer_again", payout, after={"next_attempt_at": now}, metadata=told, now=now)
    return payout


def look_for(
    *, transaction_id: UUID, now: datetime | None = None, provider: PaymentProvider | None = None
) -> Transaction:
    """The provider was asked for a pending transfer by its key: one that it has is submitted; that it has
    none is on record, and after two such looks ten minutes apart the payout may be cancelled."""
    provider = provider or configured_provider()
    now = now or database_now()
    payout = Transaction.objects.get(pk=transaction_id)
    known = attempts.before([payout.pk])
    opened = attempts.begin([payout], provider.name, known, now, AttemptOperation.FIND)[payout.pk]
    first_at = known.get(payout.pk, NOTHING).first_at
    outcome = attempts.call(
        lambda: provider.find(key=provider_key(payout), to_wallet=payout.to_wallet, since=first_at)
    )
    attempts.end([(opened, outcome)], now)
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
    """The provider was asked to offer the transfer at a higher price. Raises NotWithProvider, ProviderSaidNo
    or ProviderSilent."""
    payout, provider, at = _with_provider(transaction_id, provider, now)
    _told("payout.accelerate", payout, reason, at)
    _require_answer(ask_to_accelerate(provider, payout, at))


def cancel_transfer(
    *,
    transaction_id: UUID,
    reason: str = "",
    now: datetime | None = None,
    provider: PaymentProvider | None = None,
) -> None:
    """The provider was asked to drop the transfer; it is off only when the provider says so. Raises
    NotWithProvider, ProviderSaidNo or ProviderSilent."""
    payout, provider, at = _with_provider(transaction_id, provider, now)
    _told("payout.ask_to_cancel", payout, reason, at)
    _require_answer(ask_to_cancel(provider, payout, at))


def _require_answer(outcome: Outcome[Any]) -> None:
    """Raise ProviderSaidNo, or ProviderSilent, when the provider did not do what it was asked."""
    if isinstance(outcome.error, ProviderRefused):
        raise ProviderSaidNo(f"the provider refused: {outcome.message}")
    if outcome.error is not None:
        raise ProviderSilent(f"the provider did not answer: {outcome.message}")


def _with_provider(
    transaction_id: UUID, provider: PaymentProvider | None, now: datetime | None
) -> tuple[Transaction, PaymentProvider, datetime]:
    payout = Transaction.objects.get(pk=transaction_id)
    if payout.status != TransactionStatus.SUBMITTED:
        raise NotWithProvider(f"transaction {payout.pk} is {payout.status}", status=payout.status)
    return payout, provider or configured_provider(), now or database_now()


@atomic_with_retry
def _told(action: str, payout: Transaction, reason: str, now: datetime) -> None:
    audit.record(action, payout, metadata={"reason": reason}, now=now)
