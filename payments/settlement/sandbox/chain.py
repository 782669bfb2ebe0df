"""State of a transfer in the sandbox: a pure function of its row, its fate and the newest block."""

import hashlib
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from payments.models import SandboxTransfer
from payments.settlement.provider import units
from payments.settlement.provider.enums import FeeLevel, TransferErrorClass, TransferState
from payments.settlement.provider.protocol import GasBid, ProviderTransfer
from payments.settlement.sandbox.contracts import GAS_OF_UNKNOWN, gas_of

GAS_LIMIT = 65_000
GAS_USED = GAS_OF_UNKNOWN
BASE_FEE_GWEI = Decimal(160)
TIPS_GWEI = {FeeLevel.LOW: Decimal(1), FeeLevel.MEDIUM: Decimal(2), FeeLevel.HIGH: Decimal(5)}
UNHEARD_OF = "WARMING_UP"
# Ways in which a transfer may go wrong; blocklisted addresses need no fate.
FATES = frozenset({"stuck", "denied", "failed", "screened", "skips_confirmed", "unheard_of"})
REASONS = {
    "denied": ("DENIED", TransferErrorClass.BLOCKED_DESTINATION),
    "failed": ("ESTIMATION_ERROR", TransferErrorClass.EXECUTION),
}
_WAITING = {
    "screened": TransferState.PENDING_RISK_SCREENING,
    "denied": TransferState.PENDING_RISK_SCREENING,
    "unheard_of": TransferState.UNKNOWN,
    "failed": TransferState.QUEUED,
}


class Mined(NamedTuple):
    """State of a transfer and its block in the chain, now or later; None for a transfer that is never
    mined."""

    block: int | None
    state: TransferState


def block_at(now: datetime, seconds: int) -> int:
    """Return the number of the newest block, with a block every `seconds` since 1970."""
    return int(now.timestamp()) // seconds


def bid_of(fee: FeeLevel | GasBid, *, gas_used: int = GAS_USED) -> GasBid:
    """Return the bid in figures; the limit of a level is a third and more above the gas that is used."""
    if isinstance(fee, GasBid):
        return fee
    tip = TIPS_GWEI[fee]
    return GasBid(gas_used * GAS_LIMIT // GAS_USED, BASE_FEE_GWEI * 2 + tip, tip)


def gas_price(transfer: SandboxTransfer) -> Decimal:
    """Return the price of a unit of gas, in gwei."""
    return min(BASE_FEE_GWEI + transfer.priority_fee, transfer.max_fee)


def tx_hash(transfer: SandboxTransfer) -> str:
    """Return the hash of the transfer: another hash after an acceleration, which is another transaction with
    the same nonce."""
    if transfer.accelerated_at is None:
        return transfer.tx_hash
    return "0x" + hashlib.sha256(f"{transfer.tx_hash} again".encode()).hexdigest()


def mined_state(transfer: SandboxTransfer, *, head: int, seconds: int, finality: int) -> Mined:
    """Return the state of the transfer when `head` is the newest block."""
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
    """Return the block that holds the transfer, now or later; None while it waits to be accelerated."""
    if transfer.accelerated_at is not None:
        return block_at(transfer.accelerated_at, seconds) + 1
    return None if transfer.fate == "stuck" else transfer.block_number


def network_fee(transfer: SandboxTransfer) -> Decimal:
    """Return the fee of the transfer in USDC, exactly."""
    return units.gas_cost(gas_of(transfer.to_wallet, transfer.call), gas_price(transfer))


def as_seen(transfer: SandboxTransfer, mined: Mined, *, head: int) -> ProviderTransfer:
    """Return the transfer as the provider's API shows it."""
    in_chain = mined.block is not None and mined.state != TransferState.SENT
    ended_badly = mined.state in (TransferState.FAILED, TransferState.DENIED)
    refused = TransferErrorClass.EXECUTION if transfer.call else TransferErrorClass.BLOCKED_DESTINATION
    reason, kind = REASONS.get(transfer.fate, (transfer.failure, refused))
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
        gas_used=gas_of(transfer.to_wallet, transfer.call) if in_chain else None,
        gas_price=gas_price(transfer),
        failure=reason if ended_badly else "",
        error_class=kind if ended_badly else None,
        created_at=transfer.accepted_at,
        raw={"id": str(transfer.pk), "state": raw_state, "nonce": transfer.nonce},
    )
