"""Platforms' money coming in."""

import hashlib
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit import services as audit
from audit.database_identity import stored_identity
from audit.enums import DatabaseKind
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.errors import ReplayMismatch
from gigstream.lib.money import amount as exact
from gigstream.lib.money import usdc
from payments.enums import AccountName, EntryKind, TransactionStatus, TransactionType
from payments.errors import DepositsAreObserved
from payments.models import Transaction
from payments.postings import Posting
from payments.provider import configured_provider
from payments.services import accounts, ledger, transactions
from platforms.models import Platform
from platforms.services import require_active


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
    value = exact(amount)
    platform = Platform.objects.get(pk=platform_id)
    require_active(platform)
    available = accounts.of_platform(platform_id, AccountName.AVAILABLE)
    # The account's lock lets one of two equal arrivals wait for the other.
    ledger.lock([available])
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


def key_of(tx_hash: str) -> str:
    """Our idempotency key of what arrived with this chain transaction."""
    return f"deposit:{tx_hash}"


def simulate_deposit(
    *, platform_id: UUID, amount: Decimal | str, key: str, now: datetime | None = None
) -> Transaction:
    """Play money arrives, once per `key` of the platform. Raises DepositsAreObserved in a live database and
    with a real provider."""
    if stored_identity().kind == DatabaseKind.LIVE or not configured_provider().simulated:
        raise DepositsAreObserved("send USDC to your wallet: it is credited when the chain shows it")
    digest = hashlib.sha256(f"{platform_id}:{key}".encode()).hexdigest()
    return deposit(platform_id=platform_id, amount=amount, tx_hash=f"0x{digest}", now=now)


def _same(known: Transaction, platform_id: UUID, value: Decimal) -> Transaction:
    if (known.platform_id, known.amount) != (platform_id, value):
        raise ReplayMismatch(
            f"{known.tx_hash} was credited as {usdc(known.amount)} before",
            booked=known.amount,
            requested=value,
        )
    return known
