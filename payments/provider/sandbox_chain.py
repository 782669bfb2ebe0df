"""What becomes of a transfer in the sandbox: a pure function of its row, its fate and the newest block."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from payments.enums import ErrorClass, FeeLevel, TransferState
from payments.models import SandboxTransfer
from payments.provider import units
from payments.provider.protocol import GasBid, ProviderTransfer

GAS_LIMIT = 65_000
GAS_USED = 48_000
BASE_FEE_GWEI = Decimal(160)
TIPS_GWEI = {FeeLevel.LOW: Decimal(1), FeeLevel.MEDIUM: Decimal(2), FeeLevel.HIGH: Decimal(5)}
UNHEARD_OF = "WARMING_UP"
# What a transfer may come to beside the usual way; blocklisted addresses need no fate.
FATES = frozenset({"stuck", "denied", "failed", "screened", "skips_confirmed", "unheard_of"})
REASONS = {
    "denied": ("DENIED", ErrorClass.BLOCKED_DESTINATION),
    "failed": ("ESTIMATION_ERROR", ErrorClass.EXECUTION),
}
_WAITING = {
    "screened": TransferState.PENDING_RISK_SCREENING,
    "denied": TransferState.PENDING_RISK_SCREENING,
    "unheard_of": TransferState.UNKNOWN,
    "failed": TransferState.QUEUED,
}


class Mined(NamedTuple):
    """Where a transfer is, or will be, in the chain; nowhere when it never gets there."""

    block: int | None
    state: TransferState


def block_at(now: datetime, seconds: int) -> int:
    """The newest block: one every so many seconds since 1970."""
    return int(now.timestamp()) // seconds


def bid_of(fee: FeeLevel | GasBid) -> GasBid:
    """The bid in figures."""
    if isinstance(fee, GasBid):
        return fee
    tip = TIPS_GWEI[fee]
    return GasBid(GAS_LIMIT, BASE_FEE_GWEI * 2 + tip, tip)


def price(transfer: SandboxTransfer) -> Decimal:
    """Gwei for a unit of gas."""
    return min(BASE_FEE_GWEI + transfer.priority_fee, transfer.max_fee)


def tx_hash(transfer: SandboxTransfer) -> str:
    """Another one after it was accelerated: it is another transaction with the same nonce."""
    if transfer.accelerated_at is None:
        return transfer.tx_hash
    return "0x" + hashlib.sha256(f"{transfer.tx_hash} again".encode()).hexdigest()


def standing(transfer: SandboxTransfer, *, head: int, seconds: int, finality: int) -> Mined:
    """How far the transfer has come when `head` is the newest block."""
    block = _block_of(transfer, seconds)
    if transfer.cancelled_at is not None and (
        block is None or block_at(transfer.cancelled_at, seconds) < block
    ):
        return Mined(None, TransferState.CANCELLED)
    if block is None:
        return Mined(None, TransferState.STUCK if head > transfer.block_number else TransferState.SENT)
    if head < block:
        return Mined(None, _WAITING.get(transfer.fate, TransferState.SENT))
    if transfer.fate == "denied":
        return Mined(None, TransferState.DENIED)
    if transfer.fate == "failed":
        return Mined(None, TransferState.FAILED)
    if transfer.failure:
        return Mined(block, TransferState.FAILED)
    if head - block + 1 >= finality:
        return Mined(block, TransferState.COMPLETE)
    return Mined(block, TransferState.SENT if transfer.fate == "skips_confirmed" else TransferState.CONFIRMED)


def _block_of(transfer: SandboxTransfer, seconds: int) -> int | None:
    """The block that holds it, now or later; None for one that waits to be accelerated."""
    if transfer.accelerated_at is not None:
        return block_at(transfer.accelerated_at, seconds) + 1
    return None if transfer.fate == "stuck" else transfer.block_number


def network_fee(transfer: SandboxTransfer) -> Decimal:
    """In USDC, exactly."""
    return units.gas_cost(GAS_USED, price(transfer))


def as_seen(transfer: SandboxTransfer, mined: Mined, *, head: int) -> ProviderTransfer:
    """The transfer as the service shows it."""
    in_chain = mined.block is not None and mined.state != TransferState.SENT
    ended_badly = mined.state in (TransferState.FAILED, TransferState.DENIED)
    reason, kind = REASONS.get(transfer.fate, (transfer.failure, ErrorClass.BLOCKED_DESTINATION))
    sent = mined.state in (TransferState.SENT, TransferState.STUCK) or in_chain
    raw_state = UNHEARD_OF if mined.state == TransferState.UNKNOWN else mined.state.value
    return ProviderTransfer(
        id=str(transfer.pk),
        state=mined.state,
        to_wallet="" if transfer.call else transfer.to_wallet,
        amount=transfer.amount,
        key=transfer.idempotency_key,
        raw_state=raw_state,
        tx_hash=tx_hash(transfer) if sent else None,
        block_number=mined.block if in_chain else None,
        confirmations=head - mined.block + 1 if in_chain and mined.block is not None else 0,
        network_fee=network_fee(transfer) if in_chain else None,
        gas_used=GAS_USED if in_chain else None,
        gas_price=price(transfer),
        failure=reason if ended_badly else "",
        error_class=kind if ended_badly else None,
        created_at=transfer.accepted_at,
        raw={"id": str(transfer.pk), "state": raw_state, "nonce": transfer.nonce},
    )
