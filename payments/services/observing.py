"""Deposits as the chain shows them: read block by block, kept when seen, credited once when deep enough.

The node is asked outside of transactions. What it told is kept only if nobody else has kept it meanwhile, so
any number of workers may look at once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from audit import services as audit
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import Refusal
from gigstream.lib.money import LARGEST
from payments.enums import ObservedStatus
from payments.errors import NotForStaff, NotObserved
from payments.models import ChainCursor, ObservedTransfer, Transaction, WalletOrder
from payments.provider import configured_provider
from payments.provider.chain import NAME, Chain, TokenTransfer, configured_chain
from payments.provider.protocol import PaymentProvider, ProviderUnavailable
from payments.services import breaker
from payments.services.custody import house_address
from payments.services.deposits import deposit, key_of, normal_hash
from platforms.models import Platform

logger = logging.getLogger(__name__)

# What one run does at most.
READS, CREDITS = 20, 200
# How far reading goes back when the chain was reorganised. What is credited lies deeper than a fork goes.
GOES_BACK = 64
SEEN = ["status", "block_number", "block_hash"]
ENDING = ["status", "platform", "transaction", "note"]


@dataclass(frozen=True, slots=True)
class Wallets:
    """The addresses that are ours: the house's, and the platforms', also of those who have left."""

    house: str
    platforms: Mapping[str, UUID | None]

    @property
    def all(self) -> list[str]:
        return sorted({self.house, *self.platforms})


def wallets(house: str) -> Wallets:
    """Only wallets whose keys the provider keeps count: what somebody sends to an address of their own is no
    deposit."""
    kept = Platform.objects.exclude(wallet_id="").filter(wallet_address__isnull=False)
    known: dict[str, UUID | None] = dict(
        WalletOrder.objects.exclude(address="").values_list("address", "platform_id")
    )
    known.update((address or "", pk) for address, pk in kept.values_list("wallet_address", "pk"))
    return Wallets(house, known)


def observe_deposits(
    *, now: datetime | None = None, chain: Chain | None = None, provider: PaymentProvider | None = None
) -> int:
    """Every transfer to a wallet of ours that the chain shows is on record, and those that lie deep enough
    are credited; returns how many deposits that made. Nothing is done while no node is set, or while the
    node's breaker is open."""
    chain = chain or configured_chain()
    if chain is None:
        return 0
    now = now or database_now()
    try:
        house = house_address(provider or configured_provider())
    except ProviderUnavailable as error:
        logger.warning("the house's address is not known: %s", error)
        return 0
    if not breaker.permitted_calls(NAME, 1, now):
        return 0
    try:
        credited = _observe(chain, house, now)
    except ProviderUnavailable as error:
        logger.warning("the chain cannot be read: %s", error)
        breaker.note_outcomes(NAME, [error.error_class], now)
        return 0
    breaker.note_outcomes(NAME, [None], now)
    return credited


def _observe(chain: Chain, house: str, now: datetime) -> int:
    # The newest block before the wallets: who gets a wallet now is sent nothing in a block until then.
    head = chain.head().number
    ours = wallets(house)
    for _ in range(READS):
        cursor = _cursor(chain, head)
        if cursor is None or cursor.block_number >= head or not _read(chain, cursor, head, ours, now):
            break
    return _credit(chain, head, ours, now)


# --- Reading ------------------------------------------------------------------------------------------------
def _cursor(chain: Chain, head: int) -> ChainCursor | None:
    """How far the chain has been read, as it is now; None while the node is behind that."""
    token = settings.CIRCLE_USDC_ADDRESS.lower()
    cursor = ChainCursor.objects.filter(pk=token).first()
    if cursor is None:
        start = min(settings.CHAIN_START_BLOCK - 1 if settings.CHAIN_START_BLOCK else head, head)
        first = ChainCursor(token=token, block_number=start, block_hash=_hash_of(chain, start))
        ChainCursor.unguarded.bulk_create([first], ignore_conflicts=True)
        return ChainCursor.objects.get(pk=token)
    known = chain.hashes([cursor.block_number]).get(cursor.block_number)
    if known is None or known == cursor.block_hash:
        return cursor if known else None
    back = max(cursor.block_number - GOES_BACK, 0)
    logger.warning("the chain was reorganised: read again from block %s", back)
    _move(cursor, back, _hash_of(chain, back))
    return ChainCursor.objects.get(pk=token)


def _hash_of(chain: Chain, number: int) -> str:
    known = chain.hashes([number]).get(number)
    if known is None:
        raise ProviderUnavailable(f"the node has no block {number}")
    return known


@atomic_with_retry
def _move(before: ChainCursor, number: int, block_hash: str) -> bool:
    """The cursor is moved, unless somebody else has moved it."""
    cursor = ChainCursor.objects.locked().get(pk=before.pk)
    if (cursor.block_number, cursor.block_hash) != (before.block_number, before.block_hash):
        return False
    cursor.block_number, cursor.block_hash = number, block_hash
    cursor.save()
    return True


def _read(chain: Chain, cursor: ChainCursor, head: int, ours: Wallets, now: datetime) -> bool:
    """The next blocks are read and what is in them is kept. False when somebody else was there first, or the
    chain changed meanwhile."""
    first = cursor.block_number + 1
    last = min(cursor.block_number + settings.CHAIN_BLOCKS_PER_READ, head)
    ends = chain.hashes([cursor.block_number, last])
    found = [one for one in chain.transfers(first, last, to=ours.all) if _can_be_kept(one)]
    # Read between two looks at both ends that agree, it is one chain.
    if cursor.block_number not in ends or last not in ends or chain.hashes(list(ends)) != ends:
        return False
    return ends[cursor.block_number] == cursor.block_hash and _keep(cursor, last, ends[last], found, now)


def _can_be_kept(one: TokenTransfer) -> bool:
    if one.amount > LARGEST:
        logger.error("%s moves %s USDC, more than there can be", one.tx_hash, one.amount)
    return 0 < one.amount <= LARGEST


@atomic_with_retry
def _keep(
    cursor: ChainCursor, last: int, last_hash: str, found: Sequence[TokenTransfer], now: datetime
) -> bool:
    """What was found in the blocks behind the cursor up to `last` is on record, and so is what is not there
    any more."""
    if not _move(cursor, last, last_hash):
        return False
    there = {(one.tx_hash, one.log_index): one for one in found}
    read = Q(status=ObservedStatus.SEEN, block_number__range=(cursor.block_number + 1, last))
    rows = list(
        ObservedTransfer.objects.locked().filter(Q(tx_hash__in=[one.tx_hash for one in found]) | read)
    )
    known = {(row.tx_hash, row.log_index) for row in rows}
    ObservedTransfer.unguarded.bulk_create([_row(one, now) for key, one in there.items() if key not in known])
    moved = [row for row in rows if _follow(row, there.get((row.tx_hash, row.log_index)), cursor, last)]
    ObservedTransfer.unguarded.bulk_update(moved, SEEN)
    _tell("deposit.vanished", [row for row in moved if row.status == ObservedStatus.VANISHED], now)
    return True


def _row(one: TokenTransfer, now: datetime) -> ObservedTransfer:
    return ObservedTransfer(
        tx_hash=normal_hash(one.tx_hash),
        log_index=one.log_index,
        block_number=one.block_number,
        block_hash=one.block_hash,
        from_wallet=one.from_wallet,
        to_wallet=one.to_wallet,
        amount=one.amount,
        seen_at=now,
    )


def _follow(row: ObservedTransfer, there: TokenTransfer | None, cursor: ChainCursor, last: int) -> bool:
    """The row (in memory) as the chain shows it now; whether that changed it."""
    before = (row.status, row.block_hash)
    if row.status not in (ObservedStatus.SEEN, ObservedStatus.VANISHED):
        return False
    if there is not None:
        row.status = ObservedStatus.SEEN
        row.block_number, row.block_hash = there.block_number, there.block_hash
    elif cursor.block_number < row.block_number <= last:
        row.status = ObservedStatus.VANISHED
    return before != (row.status, row.block_hash)


# --- Crediting ----------------------------------------------------------------------------------------------
def _credit(chain: Chain, head: int, ours: Wallets, now: datetime) -> int:
    """What lies under enough blocks is credited, or kept for staff; returns how many deposits were made."""
    deep = ObservedTransfer.objects.filter(
        status=ObservedStatus.SEEN, block_number__lte=head - settings.SETTLEMENT_CONFIRMATIONS + 1
    )
    picked = deep.order_by("block_number", "tx_hash", "log_index")[:CREDITS]
    due = list(picked.values_list("tx_hash", "block_number"))
    standing = chain.hashes({number for _, number in due})
    return sum(_end(tx_hash, standing, ours, now) for tx_hash in dict.fromkeys(one for one, _ in due))


@atomic_with_retry
def _end(tx_hash: str, standing: Mapping[int, str], ours: Wallets, now: datetime) -> int:
    """The logs of one chain transaction come to their end; returns how many deposits that made: 1 or 0.

    What went to the platform of the first log is one deposit, for a deposit is known by its hash alone. What
    went to others in the same transaction waits for staff.
    """
    rows = list(ObservedTransfer.objects.locked().filter(tx_hash=tx_hash, status=ObservedStatus.SEEN))
    rows = sorted((row for row in rows if row.block_number in standing), key=lambda row: row.log_index)
    for row in rows:
        row.platform_id = ours.platforms.get(row.to_wallet)
        row.note = _objection(row, standing, ours)
    able = [row for row in rows if not row.note]
    if able:
        _credit_first(able, now)
    for row in rows:
        if row.status == ObservedStatus.SEEN:
            gone = standing[row.block_number] != row.block_hash
            row.status = ObservedStatus.VANISHED if gone else ObservedStatus.UNKNOWN_PLATFORM
    ObservedTransfer.unguarded.bulk_update(rows, ENDING)
    for status in (ObservedStatus.VANISHED, ObservedStatus.UNKNOWN_PLATFORM):
        _tell(f"deposit.{status}", [row for row in rows if row.status == status], now)
    return int(any(row.status == ObservedStatus.CREDITED for row in rows))


def _objection(row: ObservedTransfer, standing: Mapping[int, str], ours: Wallets) -> str:
    """Why it is no deposit; empty when it is one."""
    if standing[row.block_number] != row.block_hash:
        return "its block is not on the chain any more"
    if row.platform_id is None:
        return "the wallet belongs to no platform"
    # A payout to a platform's wallet, or money that the house moves about, is on the books already.
    if row.from_wallet in ours.all:
        return "it comes from a wallet of ours"
    if Transaction.objects.filter(tx_hash=row.tx_hash).exclude(idempotency_key=key_of(row.tx_hash)).exists():
        return "the chain transaction is on the books as something else"
    if ObservedTransfer.objects.filter(tx_hash=row.tx_hash, status=ObservedStatus.CREDITED).exists():
        return "the chain transaction was credited before"
    return ""


def _credit_first(able: Sequence[ObservedTransfer], now: datetime) -> None:
    """The logs to the platform of the first are credited to it (in memory: the rows), the others noted."""
    platform_id = able[0].platform_id
    mine = [row for row in able if row.platform_id == platform_id]
    for row in able:
        if row.platform_id != platform_id:
            row.note = "the same chain transaction was credited to another platform"
    try:
        _book(mine, platform_id, now)
    except Refusal as refusal:
        for row in mine:
            row.note = refusal.message


def _book(rows: Sequence[ObservedTransfer], platform_id: UUID | None, now: datetime) -> None:
    """The rows of one chain transaction are one deposit of the platform (in memory: the rows)."""
    if platform_id is None:
        raise ValueError("a deposit is some platform's")
    first = rows[0]
    made = deposit(
        platform_id=platform_id,
        amount=sum((row.amount for row in rows), Decimal(0)),
        tx_hash=first.tx_hash,
        from_wallet=first.from_wallet,
        block_number=first.block_number,
        now=now,
    )
    for row in rows:
        row.status, row.platform_id, row.transaction, row.note = (
            ObservedStatus.CREDITED,
            platform_id,
            made,
            "",
        )


def _tell(action: str, rows: Sequence[ObservedTransfer], now: datetime) -> None:
    for row in rows:
        logger.warning("%s: %s log %s, %s", action, row.tx_hash, row.log_index, row.note or "not mined now")
    audit.record_many(
        (
            Record(
                action,
                "observedtransfer",
                str(row.pk),
                after={"amount": row.amount, "tx_hash": row.tx_hash},
                metadata={"note": row.note},
            )
            for row in rows
        ),
        now=now,
    )


# --- By hand ------------------------------------------------------------------------------------------------
@verb("deposit.credit_observed", "observedtransfer")
def credit_observed(
    *, observed_id: int, platform_id: UUID, by: str, now: datetime | None = None
) -> Transaction:
    """A transfer that was kept for staff is the platform's deposit after all.

    Raises NotForStaff, ReplayMismatch when its chain transaction was credited to another or as less, or the
    platform's standing.
    """
    row = ObservedTransfer.objects.locked().get(pk=observed_id)
    now = now or database_now()
    if row.status != ObservedStatus.UNKNOWN_PLATFORM:
        raise NotForStaff(f"{row} is {row.status}", status=row.status)
    if Transaction.objects.filter(tx_hash=row.tx_hash).exists():
        raise NotForStaff(f"{row.tx_hash} is on the books already: book the rest by an adjustment")
    _book([row], platform_id, now)
    row.save()
    told = {"amount": row.amount, "tx_hash": row.tx_hash, "by": by}
    audit.record("deposit.credit_observed", row, after=told, now=now)
    return row.transaction  # type: ignore[return-value]


def read_again_from(*, block: int, chain: Chain | None = None) -> None:
    """The blocks from this one on are read again: what was missed there is seen, and nothing credited twice.

    Raises NotObserved when no node is set, or it has no such block.
    """
    chain = chain or configured_chain()
    if chain is None:
        raise NotObserved("no node is set: CHAIN_RPC_URL")
    start = max(block - 1, 0)
    try:
        known = _hash_of(chain, start)
    except ProviderUnavailable as error:
        raise NotObserved(str(error)) from error
    ChainCursor(token=settings.CIRCLE_USDC_ADDRESS.lower(), block_number=start, block_hash=known).save()
