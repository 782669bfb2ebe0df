"""The chain itself, as a node shows it: transfers of USDC, and the results of transactions.

Every call may raise ServiceUnavailable. No call is made inside a database transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

# The service's name at its breaker.
NAME = "chain"


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """A transfer of USDC, as its log says; wallets in lower case, the amount in USDC."""

    tx_hash: str
    log_index: int
    block_number: int
    block_hash: str
    from_wallet: str
    to_wallet: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """Result of a chain transaction that was mined."""

    tx_hash: str
    succeeded: bool
    block_number: int
    transfers: Sequence[TokenTransfer]
    gas_used: int = 0
    # Wei for a unit of gas.
    gas_price: int = 0


@dataclass(frozen=True, slots=True)
class Log:
    """A log of any contract: its address and topics in lower case, its data in hexadecimal."""

    contract: str
    topics: Sequence[str]
    data: str


@dataclass(frozen=True, slots=True)
class MinedTransaction:
    """A transaction that was mined: who sent it, when, and the logs of all contracts."""

    tx_hash: str
    succeeded: bool
    sender: str
    block_number: int
    mined_at: datetime
    logs: Sequence[Log]


class Chain(Protocol):
    def head(self) -> Block:
        """Return the newest block."""

    def hashes(self, numbers: Collection[int]) -> Mapping[int, str]:
        """Return the hashes of these blocks; a block that the node does not have is not among them."""

    def transfers(self, first: int, last: int, *, to: Sequence[str]) -> list[TokenTransfer]:
        """Return the transfers of USDC to these wallets in the blocks from first to last, in their order."""

    def receipts(self, tx_hashes: Sequence[str]) -> Mapping[str, Receipt]:
        """Return the receipts of those of these transactions that were mined."""

    def mined(self, tx_hashes: Sequence[str]) -> Mapping[str, MinedTransaction]:
        """Return those of these transactions that were mined, in full."""

    def read_contract(self, *, contract: str, data: str) -> str:
        """Return the result, in hexadecimal, of a call that changes nothing, at the newest block."""

    def balances(self, wallets: Sequence[str]) -> Mapping[str, Decimal]:
        """Return the USDC in each wallet, at the newest block."""


def configured_chain() -> Chain | None:
    """Return the chain through the node that the settings name, None when they name none."""
    if not settings.CHAIN_RPC_URL:
        return None
    return _connect(
        settings.CHAIN_RPC_URL, settings.CHAIN_ID, settings.CIRCLE_USDC_ADDRESS, settings.CHAIN_READ_SECONDS
    )


@lru_cache(maxsize=4)
def _connect(url: str, chain_id: int, token: str, seconds: float) -> Chain:
    """Return the connection of this process. The first loads web3, which takes most of a second."""
    chain: Chain = import_string("payments.settlement.provider.node.Node")(url, chain_id, token, seconds)
    return chain
