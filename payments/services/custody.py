"""Custody wallets: the provider makes one for each platform, and for each worker, who has no address.

The party's row is the order. A call is keyed by whom the wallet is for, and after a call that may have got
through the provider is asked for the key first, so that no crash makes two.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import F

from audit import services as audit
from audit.services import Record
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import Refusal
from payments.models import WalletOrder
from payments.provider import configured_provider
from payments.provider.protocol import PaymentProvider, ProviderRefused, ProviderWallet
from payments.services import attempts, breaker
from payments.services.attempts import LEASE, Outcome
from payments.services.transfers import BATCH, in_turn, key_for, wait_after
from platforms import services as platforms
from platforms.models import Platform
from workers import services as workers
from workers.enums import WorkerStatus
from workers.models import Worker

NEW_AT_ONCE = 500


def create_wallets(*, now: datetime | None = None, provider: PaymentProvider | None = None) -> int:
    """Every worker and platform without an address has a custody wallet; returns how many were made. Nothing
    is done unless the settings want it.

    No answer leaves an order open, to be looked for and made again under the same key; a refusal parks it.
    """
    if not settings.CUSTODY_WALLETS:
        return 0
    provider = provider or configured_provider()
    at = now or database_now()
    _order_missing(at)
    made = 0
    while batch := _lease(provider.name, at):
        outcomes = in_turn(batch, lambda one: attempts.call(lambda: _make(provider, one)))
        breaker.note_outcomes(provider.name, [outcome.error_class for _, outcome in outcomes], at)
        made += sum(_apply(order, outcome, at) for order, outcome in outcomes)
        _give_back(batch[len(outcomes) :], at)
    return made


@atomic_with_retry
def _order_missing(now: datetime) -> None:
    without = {"wallet_address": None, "deleted_at": None, "wallet_order": None}
    active = Worker.objects.filter(status=WorkerStatus.ACTIVE, **without)
    orders = [
        _order(f"worker:{pk}", now, worker_id=pk) for pk in active.values_list("pk", flat=True)[:NEW_AT_ONCE]
    ]
    orders += [
        _order(f"platform:{pk}", now, platform_id=pk)
        for pk in Platform.objects.filter(**without).values_list("pk", flat=True)[:NEW_AT_ONCE]
    ]
    WalletOrder.unguarded.bulk_create(orders, ignore_conflicts=True)


def _order(owner: str, now: datetime, **whose: UUID) -> WalletOrder:
    key = key_for(f"wallet:{owner}")
    return WalletOrder(key=key, owner=owner, created_at=now, next_attempt_at=now, **whose)


@atomic_with_retry
def _lease(provider: str, now: datetime) -> list[WalletOrder]:
    due = WalletOrder.objects.filter(next_attempt_at__lte=now).order_by("next_attempt_at", "pk")
    rows = list(due.select_for_update(of=("self",), skip_locked=True, no_key=True)[:BATCH])
    rows = rows[: breaker.permitted_calls(provider, len(rows), now)]
    WalletOrder.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, calls=F("calls") + 1
    )
    return rows


def _make(provider: PaymentProvider, order: WalletOrder) -> ProviderWallet:
    if order.calls:
        found = provider.find_wallet(key=order.key)
        if found is not None:
            return found
    return provider.create_wallet(key=order.key, owner=order.owner)


@atomic_with_retry
def _give_back(uncalled: Sequence[WalletOrder], now: datetime) -> None:
    """Orders that were leased and not asked about are due again."""
    WalletOrder.unguarded.filter(pk__in=[one.pk for one in uncalled], made_at=None).update(
        next_attempt_at=now, calls=F("calls") - 1
    )


@atomic_with_retry
def _apply(leased: WalletOrder, outcome: Outcome[ProviderWallet], now: datetime) -> int:
    """What came of a call is on record; returns how many wallets that made: 1 or 0."""
    order = WalletOrder.objects.locked().get(pk=leased.pk)
    if order.made_at is not None:
        return 0
    order.error_message = outcome.message
    if outcome.answer is not None:
        _hand_over(order, outcome.answer, now)
    elif isinstance(outcome.error, ProviderRefused):
        order.next_attempt_at = None
    else:
        order.next_attempt_at = now + wait_after(outcome.error, order.calls)
    order.save()
    if order.next_attempt_at is None and order.made_at is None:
        parked = Record("wallet.park", "walletorder", str(order.pk), metadata={"error": order.error_message})
        audit.record_many([parked], now=now)
    return int(order.made_at is not None)


def _hand_over(order: WalletOrder, wallet: ProviderWallet, now: datetime) -> None:
    """The party has the wallet (in memory: the order), unless it has an address of its own by now."""
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


# --- The house's own ----------------------------------------------------------------------------------------
_houses: dict[tuple[str, str, str], str] = {}


def house_address(provider: PaymentProvider) -> str:
    """Where the house pays from. Each process asks once; raises ProviderUnavailable."""
    house = (provider.name, settings.CIRCLE_API_URL, settings.CIRCLE_HOUSE_WALLET_ID)
    if house not in _houses:
        _houses[house] = provider.wallet().address
    return _houses[house]
