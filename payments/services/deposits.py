"""Platforms' money coming in."""

import hashlib
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from audit import services as audit
from audit.database_identity import stored_identity
from audit.enums import DatabaseKind
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.errors import ReplayMismatch
from gigstream.lib.money import ZERO, usdc
from gigstream.lib.money import amount as exact
from payments.enums import AccountName, EntryKind, TransactionStatus, TransactionType
from payments.errors import DepositsAreObserved, DepositTooLarge
from payments.models import Transaction
from payments.postings import Posting
from payments.provider import configured_provider
from payments.services import accounts, ledger, transactions
from payments.services.accounts import Place
from platforms.models import Platform
from platforms.services import lock_active_platform, require_active


@verb("deposit", "platform")
def deposit(
    *,
    platform_id: UUID,
    amount: Decimal | str,
    tx_hash: str,
    from_wallet: str = "",
    block_number: int | None = None,
    now: datetime | None = None,
) -> Transaction:
    """USDC that arrived on chain is the platform's available money, once per `tx_hash`.

    The same hash again returns the first deposit; with another amount or platform it raises ReplayMismatch.
    """
    now = now or database_now()
    value, tx_hash = exact(amount), normal_hash(tx_hash)
    require_active(Platform.objects.get(pk=platform_id))
    available = accounts.of_platform(platform_id, AccountName.AVAILABLE)
    # The account's lock lets one of two equal arrivals wait for the other.
    ledger.lock([available])
    platform = lock_active_platform(platform_id=platform_id)
    key = key_of(tx_hash)
    known = Transaction.objects.filter(idempotency_key=key).first()
    if known:
        return _same(known, platform_id, value)
    movement = Transaction(
        type=TransactionType.DEPOSIT,
        status=TransactionStatus.CONFIRMED,
        amount=value,
        platform=platform,
        from_wallet=from_wallet.lower(),
        to_wallet=platform.wallet_address or "",
        tx_hash=tx_hash,
        block_number=block_number,
        idempotency_key=key,
        confirmed_at=now,
        created_at=now,
    )
    world = accounts.of_house(AccountName.WORLD)
    ledger.post(
        [Posting(EntryKind.DEPOSIT, world, available, value, key=key, transaction_id=movement.pk)], now=now
    )
    transactions.insert([movement], now)
    audit.record("deposit", platform, after={"amount": value, "tx_hash": tx_hash}, now=now)
    return movement


def normal_hash(tx_hash: str) -> str:
    """The one spelling of a chain transaction's hash: lower case, without blanks."""
    return tx_hash.strip().lower()


def key_of(tx_hash: str) -> str:
    """Our idempotency key of what arrived with this chain transaction."""
    return f"deposit:{tx_hash}"


@verb("deposit", "platform")
def simulate_deposit(
    *, platform_id: UUID, amount: Decimal | str, key: str, now: datetime | None = None
) -> Transaction:
    """Play money arrives, once per `key` of the platform.

    Raises DepositsAreObserved in a live database and with a real provider, or DepositTooLarge where the
    platform would hold more than SIMULATED_BALANCE_LIMIT.
    """
    if stored_identity().kind == DatabaseKind.LIVE or not configured_provider().simulated:
        raise DepositsAreObserved("send USDC to your wallet: it is credited when the chain shows it")
    tx_hash = f"0x{hashlib.sha256(f'{platform_id}:{key}'.encode()).hexdigest()}"
    if not Transaction.objects.filter(idempotency_key=key_of(tx_hash)).exists():
        _require_room(platform_id, exact(amount))
    return deposit(platform_id=platform_id, amount=amount, tx_hash=tx_hash, now=now)


def _require_room(platform_id: UUID, value: Decimal) -> None:
    """Lock the platform's money, and raise DepositTooLarge unless it may hold so much more."""
    places = [Place(name, platform_id=platform_id) for name in (AccountName.AVAILABLE, AccountName.ESCROW)]
    held = sum((one.balance for one in ledger.lock(accounts.find(places).values()).values()), ZERO)
    most = Decimal(settings.SIMULATED_BALANCE_LIMIT)
    if held + value > most:
        raise DepositTooLarge(
            f"a platform holds at most {usdc(most)} of play money and has {usdc(held)}", held=held, most=most
        )


def _same(known: Transaction, platform_id: UUID, value: Decimal) -> Transaction:
    if (known.platform_id, known.amount) != (platform_id, value):
        raise ReplayMismatch(
            f"{known.tx_hash} was credited as {usdc(known.amount)} before",
            booked=known.amount,
            requested=value,
        )
    return known
