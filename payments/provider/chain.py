"""The chain itself, as a node shows it: who sent USDC to whom, and what became of a transaction.

Every question may raise ProviderUnavailable. None is asked inside a database transaction.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

# What the node's breaker is known by.
NAME = "chain"


@dataclass(frozen=True, slots=True)
class Block:
    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class TokenTransfer:
    """One transfer of USDC, as the log of it says; wallets in lower case, the amount in USDC."""

    tx_hash: str
    log_index: int
    block_number: int
    block_hash: str
    from_wallet: str
    to_wallet: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a chain transaction that was mined."""

    tx_hash: str
    succeeded: bool
    block_number: int
    transfers: Sequence[TokenTransfer]


class Chain(Protocol):
    def head(self) -> Block:
        """The newest block."""

    def hashes(self, numbers: Collection[int]) -> Mapping[int, str]:
        """The hashes of these blocks; a block that the node does not have is not among them."""

    def transfers(self, first: int, last: int, *, to: Sequence[str]) -> list[TokenTransfer]:
        """The transfers of USDC to these wallets in the blocks from first to last, in their order."""

    def receipts(self, tx_hashes: Sequence[str]) -> Mapping[str, Receipt]:
        """The receipts of these transactions; one that is not mined is not among them."""

    def balances(self, wallets: Sequence[str]) -> Mapping[str, Decimal]:
        """USDC in each wallet, at the newest block."""


def configured_chain() -> Chain | None:
    """The chain through the node that the settings name, None when they name none."""
    if not settings.CHAIN_RPC_URL:
        return None
    return _connected(
        settings.CHAIN_RPC_URL, settings.CHAIN_ID, settings.CIRCLE_USDC_ADDRESS, settings.CHAIN_READ_SECONDS
    )


@lru_cache(maxsize=4)
def _connected(url: str, chain_id: int, token: str, seconds: float) -> Chain:
    """The connection of this process; web3 is loaded with the first: it takes most of a second."""
    chain: Chain = import_string("payments.provider.node.Node")(url, chain_id, token, seconds)
    return chain
