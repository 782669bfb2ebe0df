"""Custody wallets, which the provider makes for platforms and workers without an address.

The missing address is the order. A call is keyed by the owner of the wallet; after a call that may have got
through, the provider is searched for the key first, so that no crash makes two wallets.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F

from audit.log import services as audit
from audit.log.services import Record
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import backoff_after
from gigstream.remote_calls.errors import CallRefused
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import LEASE, Outcome, make_call, make_calls_in_turn
from payments.models import SettlementAttempt, WalletOrder
from payments.settlement.provider import configured_provider
from payments.settlement.provider.protocol import PaymentProvider, ProviderWallet
from payments.settlement.transfers.services.transfers import BATCH, key_for
from platforms import services as platforms
from platforms.models import Platform
from workers import services as workers
from workers.models import Worker
from workers.profiles.enums import WorkerStatus

NEW_AT_ONCE = 500


def create_wallets(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Make a custody wallet for every worker and platform without an address, if CUSTODY_WALLETS is set;
    return how many were made.

    Without an answer an order stays open, to be searched for and made again under the same key; a refusal
    parks it.
    """
    if not settings.CUSTODY_WALLETS:
        return 0
    provider = provider or configured_provider()
    at = now or database_now()
    _order_missing(at)
    made = 0
    while batch := _lease_batch(provider.name, at):
        outcomes = make_calls_in_turn(batch, lambda order: make_call(lambda: _make_wallet(provider, order)))
        ended = [outcome.error_class for _, outcome in outcomes]
        breaker.note_outcomes(provider.name, ended, at, on_record=SettlementAttempt)
        made += sum(_apply_outcome(order, outcome, at) for order, outcome in outcomes)
        _return_uncalled(batch[len(outcomes) :], at)
    return made


@in_unit
def _order_missing(now: datetime) -> None:
    without = {"wallet_address": None, "deleted_at": None, "wallet_order": None}
    active = Worker.objects.filter(status=WorkerStatus.ACTIVE, **without)
    orders = [
        _new_order(f"worker:{pk}", now, worker_id=pk)
        for pk in active.values_list("pk", flat=True)[:NEW_AT_ONCE]
    ]
    orders += [
        _new_order(f"platform:{pk}", now, platform_id=pk)
        for pk in Platform.objects.filter(**without).values_list("pk", flat=True)[:NEW_AT_ONCE]
    ]
    WalletOrder.unguarded.bulk_create(orders, ignore_conflicts=True)


def _new_order(owner: str, now: datetime, **owner_id: UUID) -> WalletOrder:
    key = key_for(f"wallet:{owner}")
    return WalletOrder(key=key, owner=owner, created_at=now, next_attempt_at=now, **owner_id)


@in_unit
def _lease_batch(provider: str, now: datetime) -> list[WalletOrder]:
    due = WalletOrder.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    rows = list(due.select_for_update(of=("self",), skip_locked=True, no_key=True)[:BATCH])
    rows = rows[: breaker.permitted_calls(provider, len(rows), now)]
    WalletOrder.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, calls=F("calls") + 1
    )
    return rows


def _make_wallet(provider: PaymentProvider, order: WalletOrder) -> ProviderWallet:
    if order.calls:
        found = provider.find_wallet(key=order.key)
        if found is not None:
            return found
    return provider.create_wallet(key=order.key, owner=order.owner)


@in_unit
def _return_uncalled(uncalled: Sequence[WalletOrder], now: datetime) -> None:
    """Make orders due again that were leased without a call to the provider."""
    WalletOrder.unguarded.filter(pk__in=[order.pk for order in uncalled], made_at=None).update(
        next_attempt_at=now, calls=F("calls") - 1
    )


@in_unit
def _apply_outcome(leased: WalletOrder, outcome: Outcome[ProviderWallet], now: datetime) -> int:
    """Record the outcome of a call; return the number of wallets that it made: 1 or 0."""
    order = WalletOrder.objects.locked().get(pk=leased.pk)
    if order.made_at is not None:
        return 0
    order.error_message = outcome.message
    if outcome.answer is not None:
        _give_wallet(order, outcome.answer, now)
    elif isinstance(outcome.error, CallRefused):
        order.next_attempt_at = None
    else:
        order.next_attempt_at = now + backoff_after(outcome.error, order.calls)
    order.save()
    if order.next_attempt_at is None and order.made_at is None:
        parked = Record("wallet.park", "walletorder", str(order.pk), metadata={"error": order.error_message})
        audit.record_many([parked], now=now)
    return int(order.made_at is not None)


def _give_wallet(order: WalletOrder, wallet: ProviderWallet, now: datetime) -> None:
    """Give the wallet to its owner (the order in memory), unless the owner has an address by now."""
    given: dict[str, Any] = {"wallet_address": wallet.address, "wallet_id": wallet.id, "now": now}
    try:
        if order.worker_id:
            workers.give_wallet(worker_id=order.worker_id, **given)
        elif order.platform_id:
            platforms.give_wallet(platform_id=order.platform_id, **given)
            order.address = wallet.address
    except Refusal as refusal:
        order.error_message, order.next_attempt_at = refusal.message, None
    else:
        order.made_at, order.next_attempt_at = now, None


# --- The house's own address --------------------------------------------------------------------------------
_houses: dict[tuple[str, str, str], str] = {}


def house_address(provider: PaymentProvider) -> str:
    """Return the address that the house pays from. Each process reads it once; raises ServiceUnavailable."""
    house = (provider.name, settings.CIRCLE_API_URL, settings.CIRCLE_HOUSE_WALLET_ID)
    if house not in _houses:
        _houses[house] = provider.wallet().address
    return _houses[house]
