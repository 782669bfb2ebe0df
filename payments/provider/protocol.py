"""What GigStream asks of a custody service, and how it may answer."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Protocol
from uuid import UUID


class TransferState(StrEnum):
    """How far a transfer has come, as GigStream needs to know it."""

    UNDER_WAY = "under_way"
    ON_CHAIN = "on_chain"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class ProviderTransfer:
    """A transfer as the provider sees it now."""

    id: str
    state: TransferState
    to_wallet: str
    amount: Decimal
    tx_hash: str | None = None
    block_number: int | None = None
    confirmations: int = 0
    failure: str = ""


class ProviderUnavailable(Exception):
    """No answer: whether the provider took the transfer is unknown. Ask again with the same key."""


class ProviderRefused(Exception):
    """The provider will not take this transfer, now or later: a person must look."""


class PaymentProvider(Protocol):
    # Whether its money is play money, which anybody may make.
    simulated: bool

    def transfer(self, *, key: UUID, to_wallet: str, amount: Decimal) -> ProviderTransfer:
        """Send `amount` USDC to the wallet; the same key never sends twice.

        Raises ProviderUnavailable or ProviderRefused.
        """

    def get(self, transfer_id: str) -> ProviderTransfer:
        """The transfer as it stands. Raises ProviderUnavailable."""
