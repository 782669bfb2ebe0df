"""Deposits as the chain shows them: read block by block, kept when seen, credited once when deep enough.

The node is called outside of transactions. Its answers are kept only if no other worker has kept them
meanwhile, so any number of workers may read at once.
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Q

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.money import LARGEST
from gigstream.core.unit import in_unit
from gigstream.remote_calls.errors import ServiceUnavailable
from gigstream.remote_calls.services import breaker
from payments.models import ChainCursor, ObservedTransfer, Transaction, WalletOrder
from payments.settlement.custody.services import house_address
from payments.settlement.deposits.enums import ObservedStatus
from payments.settlement.deposits.errors import NotObserved
from payments.settlement.deposits.services.deposits import book_deposit, key_of, normal_hash
from payments.settlement.provider import configured_provider
from payments.settlement.provider.chain import NAME, Chain, TokenTransfer, configured_chain
from payments.settlement.provider.protocol import PaymentProvider
from payments.settlement.transfers.errors import NotForStaff
from platforms.models import Platform

logger = logging.getLogger(__name__)

# The most that a run does.
READS, CREDITS = 20, 200
# Blocks that are read again when the chain was reorganised. Credited transfers lie deeper than a fork goes.
GOES_BACK = 64
SEEN = ["status", "block_number", "block_hash"]
ENDING = ["status", "platform", "transaction", "note"]
_ACTIONS = {
    ObservedStatus.VANISHED: "deposit.vanished",
    ObservedStatus.UNKNOWN_PLATFORM: "deposit.unknown_platform",
}


@dataclass(frozen=True, slots=True)
class Wallets:
    """Addresses whose keys the provider keeps: the house's, and the platforms', also of those that have
    left."""

    house: str
    platforms: Mapping[str, UUID | None]

    @property
    def all(self) -> list[str]:
        return sorted({self.house, *self.platforms})


def own_wallets(house: str) -> Wallets:
    """Return the wallets whose keys the provider keeps: a transfer to a platform's own address is no
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
    """Record every transfer to a wallet of ours that the chain shows, and credit those that lie deep enough;
    return the number of deposits made: 0 while no node is set, or while the node's breaker is open."""
    chain = chain or configured_chain()
    if chain is None:
        return 0
    now = now or database_now()
    try:
        house = house_address(provider or configured_provider())
    except ServiceUnavailable as error:
        logger.warning("the house's address is not known: %s", error)
        return 0
    if not breaker.permitted_calls(NAME, 1, now):
        return 0
    try:
        credited = _observe_chain(chain, house, now)
    except ServiceUnavailable as error:
        logger.warning("the chain cannot be read: %s", error)
        breaker.note_outcomes(NAME, [error.error_class], now)
        return 0
    breaker.note_outcomes(NAME, [None], now)
    return credited


def _observe_chain(chain: Chain, house: str, now: datetime) -> int:
    # The newest block before the wallets: nothing arrives at a wallet in a block before it was made.
    head = chain.head().number
    ours = own_wallets(house)
    for _ in range(READS):
        cursor = _current_cursor(chain, head)
        if cursor is None or cursor.block_number >= head or not _read_blocks(chain, cursor, head, ours, now):
            break
    return _credit_deep(chain, head, ours, now)


# --- Reading ------------------------------------------------------------------------------------------------
def _current_cursor(chain: Chain, head: int) -> ChainCursor | None:
    """Return the position up to which the present chain has been read; None while the node is behind it."""
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
    _move_cursor(cursor, back, _hash_of(chain, back))
    return ChainCursor.objects.get(pk=token)


def _hash_of(chain: Chain, number: int) -> str:
    known = chain.hashes([number]).get(number)
    if known is None:
        raise ServiceUnavailable(f"the node has no block {number}")
    return known


@in_unit
def _move_cursor(before: ChainCursor, number: int, block_hash: str) -> bool:
    """Move the cursor, unless another worker has moved it; return whether it was moved."""
    cursor = ChainCursor.objects.locked().get(pk=before.pk)
    if (cursor.block_number, cursor.block_hash) != (before.block_number, before.block_hash):
        return False
    cursor.block_number, cursor.block_hash = number, block_hash
    cursor.save()
    return True


def _read_blocks(chain: Chain, cursor: ChainCursor, head: int, ours: Wallets, now: datetime) -> bool:
    """Read the next blocks and keep their transfers. Return False when another worker was first, or the chain
    changed meanwhile."""
    first = cursor.block_number + 1
    last = min(cursor.block_number + settings.CHAIN_BLOCKS_PER_READ, head)
    ends = chain.hashes([cursor.block_number, last])
    found = [seen for seen in chain.transfers(first, last, to=ours.all) if _can_be_kept(seen)]
    # Equal hashes of both ends before and after the reading mean that it was a single chain.
    if cursor.block_number not in ends or last not in ends or chain.hashes(list(ends)) != ends:
        return False
    return ends[cursor.block_number] == cursor.block_hash and _keep_found(
        cursor, last, ends[last], found, now
    )


def _can_be_kept(seen: TokenTransfer) -> bool:
    if seen.amount > LARGEST:
        logger.error("%s moves %s USDC, more than an amount can be", seen.tx_hash, seen.amount)
    return 0 < seen.amount <= LARGEST


@in_unit
def _keep_found(
    cursor: ChainCursor, last: int, last_hash: str, found: Sequence[TokenTransfer], now: datetime
) -> bool:
    """Record the transfers that were found in the blocks after the cursor up to `last`, and those that are
    not there any more; return whether the cursor was moved."""
    if not _move_cursor(cursor, last, last_hash):
        return False
    there = {(seen.tx_hash, seen.log_index): seen for seen in found}
    read = Q(status=ObservedStatus.SEEN, block_number__range=(cursor.block_number + 1, last))
    rows = list(
        ObservedTransfer.objects.locked().filter(Q(tx_hash__in=[seen.tx_hash for seen in found]) | read)
    )
    known = {(row.tx_hash, row.log_index) for row in rows}
    new = [_new_row(seen, now) for key, seen in there.items() if key not in known]
    ObservedTransfer.unguarded.bulk_create(new)
    moved = [row for row in rows if _follow_chain(row, there.get((row.tx_hash, row.log_index)), cursor, last)]
    ObservedTransfer.unguarded.bulk_update(moved, SEEN)
    _report_rows("deposit.vanished", [row for row in moved if row.status == ObservedStatus.VANISHED], now)
    return True


def _new_row(seen: TokenTransfer, now: datetime) -> ObservedTransfer:
    return ObservedTransfer(
        tx_hash=normal_hash(seen.tx_hash),
        log_index=seen.log_index,
        block_number=seen.block_number,
        block_hash=seen.block_hash,
        from_wallet=seen.from_wallet,
        to_wallet=seen.to_wallet,
        amount=seen.amount,
        seen_at=now,
    )


def _follow_chain(row: ObservedTransfer, there: TokenTransfer | None, cursor: ChainCursor, last: int) -> bool:
    """Update the row (in memory) from the chain; return whether it changed."""
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
def _credit_deep(chain: Chain, head: int, ours: Wallets, now: datetime) -> int:
    """Credit the transfers under enough blocks, or keep them for staff; return the number of deposits
    made."""
    deep = ObservedTransfer.objects.filter(
        status=ObservedStatus.SEEN, block_number__lte=head - settings.SETTLEMENT_CONFIRMATIONS + 1
    )
    picked = deep.order_by("block_number", "tx_hash", "log_index")[:CREDITS]
    due = list(picked.values_list("tx_hash", "block_number"))
    block_hashes = chain.hashes({number for _, number in due})
    hashes = dict.fromkeys(tx_hash for tx_hash, _ in due)
    return sum(_end_logs(tx_hash, block_hashes, ours, now) for tx_hash in hashes)


@in_unit
def _end_logs(tx_hash: str, block_hashes: Mapping[int, str], ours: Wallets, now: datetime) -> int:
    """Credit the logs of a chain transaction, or keep them for staff; return the number of deposits: 1 or 0.

    The logs to the platform of the first log are a single deposit, since a deposit is known by its hash
    alone. The logs to others in the same transaction wait for staff.
    """
    rows = list(ObservedTransfer.objects.locked().filter(tx_hash=tx_hash, status=ObservedStatus.SEEN))
    rows = sorted((row for row in rows if row.block_number in block_hashes), key=lambda row: row.log_index)
    for row in rows:
        row.platform_id = ours.platforms.get(row.to_wallet)
        row.note = _find_objection(row, block_hashes, ours)
    able = [row for row in rows if not row.note]
    if able:
        _credit_first(able, now)
    for row in rows:
        if row.status == ObservedStatus.SEEN:
            gone = block_hashes[row.block_number] != row.block_hash
            row.status = ObservedStatus.VANISHED if gone else ObservedStatus.UNKNOWN_PLATFORM
    ObservedTransfer.unguarded.bulk_update(rows, ENDING)
    for status, action in _ACTIONS.items():
        _report_rows(action, [row for row in rows if row.status == status], now)
    return int(any(row.status == ObservedStatus.CREDITED for row in rows))


def _find_objection(row: ObservedTransfer, block_hashes: Mapping[int, str], ours: Wallets) -> str:
    """Return the reason why the transfer is no deposit; empty when it is a deposit."""
    if block_hashes[row.block_number] != row.block_hash:
        return "its block is not on the chain any more"
    if row.platform_id is None:
        return "the wallet belongs to no platform"
    # A payout to a platform's wallet, or a transfer between the house's wallets, is on the books already.
    if row.from_wallet in ours.all:
        return "it comes from a wallet of ours"
    if Transaction.objects.filter(tx_hash=row.tx_hash).exclude(idempotency_key=key_of(row.tx_hash)).exists():
        return "the chain transaction is on the books as something else"
    if ObservedTransfer.objects.filter(tx_hash=row.tx_hash, status=ObservedStatus.CREDITED).exists():
        return "the chain transaction was credited before"
    return ""


def _credit_first(able: Sequence[ObservedTransfer], now: datetime) -> None:
    """Credit the logs to the platform of the first log (the rows in memory), and note the others."""
    platform_id = able[0].platform_id
    mine = [row for row in able if row.platform_id == platform_id]
    for row in able:
        if row.platform_id != platform_id:
            row.note = "the same chain transaction was credited to another platform"
    try:
        _book_deposit(mine, platform_id, now)
    except Refusal as refusal:
        for row in mine:
            row.note = refusal.message


def _book_deposit(rows: Sequence[ObservedTransfer], platform_id: UUID | None, now: datetime) -> None:
    """Book the rows of a chain transaction as a deposit of the platform (the rows in memory)."""
    if platform_id is None:
        raise ValueError("a deposit belongs to a platform")
    first = rows[0]
    made = book_deposit(
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


def _report_rows(action: str, rows: Sequence[ObservedTransfer], now: datetime) -> None:
    for row in rows:
        logger.warning("%s: %s log %s, %s", action, row.tx_hash, row.log_index, row.note or "not mined now")
    audit.record_each(
        action,
        rows,
        after=lambda row: {"amount": row.amount, "tx_hash": row.tx_hash},
        metadata=lambda row: {"note": row.note},
        now=now,
    )


# --- By hand ------------------------------------------------------------------------------------------------
@verb("deposit.credit_observed", "observedtransfer")
def credit_observed(
    *, observed_id: int, platform_id: UUID, by: str, now: datetime | None = None
) -> Transaction:
    """Credit a transfer that was kept for staff as the platform's deposit.

    Raises NotForStaff, ReplayMismatch when its chain transaction was credited to another platform or as less,
    or PlatformSuspended.
    """
    row = ObservedTransfer.objects.locked().get(pk=observed_id)
    now = now or database_now()
    if row.status != ObservedStatus.UNKNOWN_PLATFORM:
        raise NotForStaff(f"{row} is {row.status}", status=row.status)
    if Transaction.objects.filter(tx_hash=row.tx_hash).exists():
        raise NotForStaff(f"{row.tx_hash} is on the books already: book the rest by an adjustment")
    _book_deposit([row], platform_id, now)
    row.save()
    after = {"amount": row.amount, "tx_hash": row.tx_hash, "by": by}
    audit.record("deposit.credit_observed", row, after=after, now=now)
    return row.transaction  # type: ignore[return-value]


def read_again_from(*, block: int, chain: Chain | None = None) -> None:
    """Have the blocks from `block` on read again, so that missed transfers are seen; none is credited twice.

    Raises NotObserved when no node is set, or it has no such block.
    """
    chain = chain or configured_chain()
    if chain is None:
        raise NotObserved("no node is set: CHAIN_RPC_URL")
    start = max(block - 1, 0)
    try:
        known = _hash_of(chain, start)
    except ServiceUnavailable as error:
        raise NotObserved(str(error)) from error
    ChainCursor(token=settings.CIRCLE_USDC_ADDRESS.lower(), block_number=start, block_hash=known).save()
