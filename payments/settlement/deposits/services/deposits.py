"""Deposits of platforms."""

import hashlib
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from audit.database_identity.enums import DatabaseKind
from audit.database_identity.services import stored_identity
from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.errors import ReplayMismatch
from gigstream.core.money import ZERO, exact_amount, usdc
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.services.accounts import Place
from payments.models import Transaction
from payments.settlement.deposits.errors import DepositsAreObserved, DepositTooLarge
from payments.settlement.deposits.vocabulary import DEPOSIT
from payments.settlement.provider import configured_provider
from payments.settlement.transactions import services as transactions
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from platforms.models import Platform
from platforms.services import lock_active_platform, require_active


@verb("deposit", "platform")
def book_deposit(
    *,
    platform_id: UUID,
    amount: Decimal | str,
    tx_hash: str,
    from_wallet: str = "",
    block_number: int | None = None,
    now: datetime | None = None,
) -> Transaction:
    """Book USDC that arrived on the chain as the platform's available money, once per `tx_hash`.

    A repeated hash returns the first deposit; with another amount or platform it raises ReplayMismatch.
    """
    now = now or database_now()
    value, tx_hash = exact_amount(amount), normal_hash(tx_hash)
    require_active(platform=Platform.objects.get(pk=platform_id))
    available = accounts.of_platform(platform_id, AccountName.AVAILABLE)
    # The account's lock lets one of two equal arrivals wait for the other.
    ledger.lock([available])
    platform = lock_active_platform(platform_id=platform_id)
    key = key_of(tx_hash)
    known = Transaction.objects.filter(idempotency_key=key).first()
    if known:
        _require_equal(known, platform_id, value)
        return known
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
    outside = accounts.of_house(AccountName.OUTSIDE)
    ledger.post([Posting(DEPOSIT, outside, available, value, key=key, transaction_id=movement.pk)], now=now)
    transactions.insert([movement], now)
    audit.record("deposit", platform, after={"amount": value, "tx_hash": tx_hash}, now=now)
    return movement


def normal_hash(tx_hash: str) -> str:
    """Return the hash of a chain transaction in lower case, without blanks."""
    return tx_hash.strip().lower()


def key_of(tx_hash: str) -> str:
    """Return the idempotency key of the deposit that arrived with this chain transaction."""
    return f"deposit:{tx_hash}"


@verb("deposit", "platform")
def simulate_deposit(
    *, platform_id: UUID, amount: Decimal | str, key: str, now: datetime | None = None
) -> Transaction:
    """Book a deposit of play money, once per `key` of the platform.

    Raises DepositsAreObserved in a live database and with a real provider, or DepositTooLarge where the
    platform would hold more than SIMULATED_BALANCE_LIMIT.
    """
    if stored_identity().kind == DatabaseKind.LIVE or not configured_provider().simulated:
        raise DepositsAreObserved("send USDC to your wallet: it is credited when the chain shows it")
    tx_hash = f"0x{hashlib.sha256(f'{platform_id}:{key}'.encode()).hexdigest()}"
    if not Transaction.objects.filter(idempotency_key=key_of(tx_hash)).exists():
        _require_room(platform_id, exact_amount(amount))
    return book_deposit(platform_id=platform_id, amount=amount, tx_hash=tx_hash, now=now)


def _require_room(platform_id: UUID, value: Decimal) -> None:
    """Lock the platform's money, and raise DepositTooLarge unless it may hold that much more."""
    places = [Place(name, platform_id=platform_id) for name in (AccountName.AVAILABLE, AccountName.ESCROW)]
    locked = ledger.lock(accounts.find(places).values())
    held = sum((account.balance for account in locked.values()), ZERO)
    most = Decimal(settings.SIMULATED_BALANCE_LIMIT)
    if held + value > most:
        raise DepositTooLarge(
            f"a platform holds at most {usdc(most)} of play money and has {usdc(held)}", held=held, most=most
        )


def _require_equal(known: Transaction, platform_id: UUID, value: Decimal) -> None:
    if (known.platform_id, known.amount) != (platform_id, value):
        raise ReplayMismatch(
            f"{known.tx_hash} was credited as {usdc(known.amount)} before",
            booked=known.amount,
            requested=value,
        )
