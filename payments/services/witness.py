"""The chain's own word on what is booked as confirmed: each chain transaction's receipt, read by its hash."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from payments.enums import OUTGOING, BreakBucket, TransactionStatus
from payments.models import Transaction
from payments.provider.chain import NAME, Chain, Receipt
from payments.provider.protocol import ProviderUnavailable
from payments.services import breaker
from payments.services.differences import SETTLING, Difference, Side, our_side

logger = logging.getLogger(__name__)

# Receipts that one reconciliation reads at most, the newest first.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class Witness:
    """What the chain said; of whom it was asked."""

    differences: list[Difference] = field(default_factory=list)
    asked: frozenset[UUID] = frozenset()


def ask_the_chain(
    chain: Chain | None, found: Sequence[Difference], *, since: datetime, now: datetime
) -> tuple[list[Difference], Witness]:
    """The differences found so far with what the chain says of them, and those that only the chain shows.

    Without a node, or while it does not answer, the chain has said nothing.
    """
    if chain is None or not breaker.permitted_calls(NAME, 1, now):
        return list(found), Witness()
    rows = _confirmed(since)
    hashes = {row.tx_hash or "" for row in rows} | {_hash(one) for one in found}
    try:
        receipts = chain.receipts(sorted(hashes - {""}))
    except ProviderUnavailable as error:
        logger.warning("the chain cannot be read: %s", error)
        breaker.note_outcomes(NAME, [error.error_class], now)
        return list(found), Witness()
    breaker.note_outcomes(NAME, [None], now)
    seen = [replace(one, chain=_side(_hash(one), _wallet(one), receipts)) for one in found]
    known = {(one.bucket, one.subject) for one in found}
    new = [one for one in _compare(rows, receipts, now) if (one.bucket, one.subject) not in known]
    return seen, Witness(new, frozenset(row.pk for row in rows))


def _confirmed(since: datetime) -> list[Transaction]:
    """What has a receipt: confirmed transfers to workers, and deposits that were seen on chain."""
    rows = Transaction.objects.filter(
        Q(type__in=sorted(OUTGOING)) | Q(observed__isnull=False),
        status=TransactionStatus.CONFIRMED,
        created_at__gte=since,
    )
    return list(rows.distinct().order_by("-created_at")[:MOST])


def _compare(
    rows: Sequence[Transaction], receipts: Mapping[str, Receipt], now: datetime
) -> Iterator[Difference]:
    for row in rows:
        bucket = _bucket(row, receipts.get(row.tx_hash or ""), now)
        if bucket is not None:
            side = _side(row.tx_hash or "", row.to_wallet, receipts)
            yield Difference(bucket, row.idempotency_key, row.pk, our_side(row), None, side)


def _bucket(row: Transaction, receipt: Receipt | None, now: datetime) -> BreakBucket | None:
    if receipt is None:
        # A node may be some blocks behind the one that told the provider.
        fresh = row.confirmed_at is not None and now - row.confirmed_at < SETTLING
        return None if fresh else BreakBucket.MISSING_THERE
    if not receipt.succeeded:
        return BreakBucket.STATE_DIFFERS
    return None if _moved(receipt, row.to_wallet) == row.amount else BreakBucket.AMOUNT_DIFFERS


def _moved(receipt: Receipt, wallet: str) -> Decimal:
    return sum((one.amount for one in receipt.transfers if one.to_wallet == wallet), Decimal(0))


def _side(tx_hash: str, wallet: str, receipts: Mapping[str, Receipt]) -> Side | None:
    if not tx_hash:
        return None
    receipt = receipts.get(tx_hash)
    if receipt is None:
        return {"tx_hash": tx_hash, "state": "missing"}
    return {
        "tx_hash": tx_hash,
        "state": "succeeded" if receipt.succeeded else "failed",
        "block": receipt.block_number,
        "amount": str(_moved(receipt, wallet)),
        "to_wallet": wallet,
    }


def _hash(one: Difference) -> str:
    told = [side.get("tx_hash") for side in (one.theirs, one.ours) if side]
    return next((str(found) for found in told if found), "")


def _wallet(one: Difference) -> str:
    return str((one.ours or one.theirs or {}).get("to_wallet", ""))
