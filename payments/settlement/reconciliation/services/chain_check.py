"""Check of confirmed transfers against the chain: the receipt of each chain transaction, read by its hash."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Q

from gigstream.remote_calls.errors import ServiceUnavailable
from gigstream.remote_calls.services import breaker
from payments.models import Transaction
from payments.settlement.provider.chain import NAME, Chain, Receipt
from payments.settlement.reconciliation.enums import DiscrepancyBucket
from payments.settlement.reconciliation.services.differences import SETTLING, Difference, Side, our_side
from payments.settlement.transactions.enums import OUTGOING, TransactionStatus

logger = logging.getLogger(__name__)

# Receipts that one reconciliation reads at most, the newest first.
MOST = 10_000


@dataclass(frozen=True, slots=True)
class ChainCheck:
    """Differences that only the chain shows, and the ids of the transfers that were checked."""

    differences: list[Difference] = field(default_factory=list)
    checked: frozenset[UUID] = frozenset()


def check_chain(
    chain: Chain | None, found: Sequence[Difference], *, since: datetime, now: datetime
) -> tuple[list[Difference], ChainCheck]:
    """Return the differences found so far with the chain's side, and the check of all confirmed transfers.

    Without a node, or while it does not answer, no transfer is checked.
    """
    if chain is None or not breaker.permitted_calls(NAME, 1, now):
        return list(found), ChainCheck()
    rows = _confirmed_transfers(since)
    hashes = {row.tx_hash or "" for row in rows} | {_hash_of(difference) for difference in found}
    try:
        receipts = chain.receipts(sorted(hashes - {""}))
    except ServiceUnavailable as error:
        logger.warning("the chain cannot be read: %s", error)
        breaker.note_outcomes(NAME, [error.error_class], now)
        return list(found), ChainCheck()
    breaker.note_outcomes(NAME, [None], now)
    seen = [
        replace(difference, chain=_chain_side(_hash_of(difference), _wallet_of(difference), receipts))
        for difference in found
    ]
    known = {(difference.bucket, difference.subject) for difference in found}
    compared = _compare_receipts(rows, receipts, now)
    new = [difference for difference in compared if (difference.bucket, difference.subject) not in known]
    return seen, ChainCheck(new, frozenset(row.pk for row in rows))


def _confirmed_transfers(since: datetime) -> list[Transaction]:
    """Return the transactions that have a receipt: confirmed transfers to wallets, and observed deposits."""
    rows = Transaction.objects.filter(
        Q(type__in=sorted(OUTGOING)) | Q(observed__isnull=False),
        status=TransactionStatus.CONFIRMED,
        created_at__gte=since,
    )
    return list(rows.distinct().order_by("-created_at")[:MOST])


def _compare_receipts(
    rows: Sequence[Transaction], receipts: Mapping[str, Receipt], now: datetime
) -> Iterator[Difference]:
    for row in rows:
        bucket = _find_bucket(row, receipts.get(row.tx_hash or ""), now)
        if bucket is not None:
            side = _chain_side(row.tx_hash or "", row.to_wallet, receipts)
            yield Difference(bucket, row.idempotency_key, row.pk, our_side(row), None, side)


def _find_bucket(row: Transaction, receipt: Receipt | None, now: datetime) -> DiscrepancyBucket | None:
    if receipt is None:
        # A node may be some blocks behind the provider's node.
        fresh = row.confirmed_at is not None and now - row.confirmed_at < SETTLING
        return None if fresh else DiscrepancyBucket.MISSING_THERE
    if not receipt.succeeded:
        return DiscrepancyBucket.STATE_DIFFERS
    return None if _moved_to(receipt, row.to_wallet) == row.amount else DiscrepancyBucket.AMOUNT_DIFFERS


def _moved_to(receipt: Receipt, wallet: str) -> Decimal:
    return sum((seen.amount for seen in receipt.transfers if seen.to_wallet == wallet), Decimal(0))


def _chain_side(tx_hash: str, wallet: str, receipts: Mapping[str, Receipt]) -> Side | None:
    if not tx_hash:
        return None
    receipt = receipts.get(tx_hash)
    if receipt is None:
        return {"tx_hash": tx_hash, "state": "missing"}
    return {
        "tx_hash": tx_hash,
        "state": "succeeded" if receipt.succeeded else "failed",
        "block": receipt.block_number,
        "amount": str(_moved_to(receipt, wallet)),
        "to_wallet": wallet,
    }


def _hash_of(difference: Difference) -> str:
    hashes = [side.get("tx_hash") for side in (difference.theirs, difference.ours) if side]
    return next((str(found) for found in hashes if found), "")


def _wallet_of(difference: Difference) -> str:
    return str((difference.ours or difference.theirs or {}).get("to_wallet", ""))
