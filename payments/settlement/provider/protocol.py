"""The protocol of a custody service: its calls, their answers and their errors.

Every call may raise ServiceUnavailable (no answer: what became of it is unknown) or ServiceBusy (a kind of
it: not taken, come back later); writes may also raise CallRefused. No call is made inside a database
transaction. Wallet ids are the provider's; an empty one names the wallet that the house pays from.

Contracts are called through `ContractProvider` alone, which a provider that pays nobody can be as well.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from gigstream.remote_calls.errors import ServiceUnavailable
from payments.settlement.provider.enums import FeeLevel, TransferState


@dataclass(frozen=True, slots=True)
class ProviderWallet:
    """A wallet that the provider keeps the keys of."""

    id: str
    address: str
    owner: str


@dataclass(frozen=True, slots=True)
class GasBid:
    """Bid for a place in a block: units of gas, and gwei for each."""

    gas_limit: int
    max_fee: Decimal
    priority_fee: Decimal


@dataclass(frozen=True, slots=True)
class FeeEstimate:
    """The bid for each level, and what it would cost in USDC."""

    bids: Mapping[FeeLevel, GasBid]
    costs: Mapping[FeeLevel, Decimal]


@dataclass(frozen=True, slots=True)
class ProviderTransfer:
    """A transfer as the provider sees it now.

    A transfer that was only just taken comes with its id and state; the wallet and the amount are then those
    of the request. `network_fee` is in USDC, `gas_price` in gwei; an unknown figure is None, and
    `confirmations` is 0 where the provider counts none.
    """

    id: str
    state: TransferState
    to_wallet: str
    amount: Decimal
    key: UUID | None = None
    raw_state: str = ""
    tx_hash: str | None = None
    block_number: int | None = None
    confirmations: int = 0
    network_fee: Decimal | None = None
    gas_used: int | None = None
    gas_price: Decimal | None = None
    failure: str = ""
    error_class: str | None = None
    created_at: datetime | None = None
    # The answer as it came, without secrets, for the log.
    raw: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_contract_call(self) -> bool:
        """Whether it calls a contract and moves no USDC."""
        return not self.to_wallet and not self.amount


@dataclass(frozen=True, slots=True)
class Notification:
    """A verified notification about a transfer: a reason to look it up, and no more."""

    id: str
    kind: str
    transfer_id: str
    state: TransferState
    raw_state: str
    sent_at: datetime | None
    raw: Mapping[str, Any]


class TransferUnknown(ServiceUnavailable):
    """The provider does not know the transfer: a person must look when it stays so."""


class NotificationRefused(Exception):
    """The notification is not the provider's, or not a notification."""


class ContractProvider(Protocol):
    """Calls of contracts, and what became of them."""

    # Its name at breakers, switches and attempts.
    name: str

    def execute_contract(
        self,
        *,
        key: UUID,
        contract: str,
        function: str,
        parameters: Sequence[Any],
        from_wallet: str = "",
        fee: FeeLevel | GasBid = FeeLevel.MEDIUM,
    ) -> ProviderTransfer:
        """Call `function`, as in "pay(address,uint256)", of the contract; the same key never calls twice.

        A repeated call under a key repeats the request, the fee included, and has a transaction that the
        chain has forgotten sent to it again.
        """

    def estimate_contract(
        self, *, contract: str, function: str, parameters: Sequence[Any], from_wallet: str = ""
    ) -> FeeEstimate:
        """Return the cost of such a call now. Raises CallRefused when the contract would refuse it."""

    def read_contract(self, *, contract: str, data: str) -> str:
        """Return the result, in hexadecimal, of a call that changes nothing, at the newest block."""

    def get(self, transfer_id: str) -> ProviderTransfer:
        """Return the transfer as it is now. Raises TransferUnknown when there is none with this id."""

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        """Return the transfer that the key made, None when there is none. Its wallet, and the time since
        which it may be there, narrow the search of a provider that has to go through a list."""

    def accelerate(self, *, key: UUID, transfer_id: str, bid: GasBid | None = None) -> None:
        """Offer the transfer to the chain again at a higher price: a look shows the result. A provider that
        lets its caller choose the price takes that of the bid."""

    def cancel(self, *, key: UUID, transfer_id: str) -> None:
        """Request that the transfer be dropped, which may be mined all the same: a look shows the result."""


class PaymentProvider(ContractProvider, Protocol):
    @property
    def simulated(self) -> bool:
        """Whether its money is play money, which anybody may make."""

    def create_wallet(self, *, key: UUID, owner: str) -> ProviderWallet:
        """Make a wallet for the owner; the same key never makes two."""

    def find_wallet(self, *, key: UUID) -> ProviderWallet | None:
        """Return the wallet that the key made, None when there is none."""

    def wallet(self, wallet_id: str = "") -> ProviderWallet:
        """Return the wallet with this id."""

    def balance(self, wallet_id: str = "") -> Decimal:
        """Return the USDC in the wallet, on chain, with 6 decimals."""

    def transfer(
        self,
        *,
        key: UUID,
        to_wallet: str,
        amount: Decimal,
        from_wallet: str = "",
        fee: FeeLevel | GasBid = FeeLevel.MEDIUM,
    ) -> ProviderTransfer:
        """Send `amount` USDC to the address `to_wallet`; the same key never sends twice.

        A repeated call under a key repeats the request, the fee included: another request is refused with
        KEY_REUSED. A transfer under way is made dearer by `accelerate`.
        """

    def transfers(self, *, since: datetime, until: datetime | None = None) -> Iterator[ProviderTransfer]:
        """Yield the outgoing transfers made since then, oldest first, fetched page by page."""

    def estimate_fee(self, *, to_wallet: str, amount: Decimal, from_wallet: str = "") -> FeeEstimate:
        """Return the cost of such a transfer now."""

    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """Return the notification, once its signature over the raw body is verified; header names in any
        case. Makes no call. Raises NotificationRefused, or ServiceUnavailable while the key that has
        signed it is not known."""

    def knows_notification_key(self, key_id: str) -> bool:
        """Whether it is known, without a call, which key this is, or that it is nobody's."""

    def learn_notification_key(self, key_id: str) -> None:
        """Fetch the key and remember it for all processes, also that it is nobody's; while the provider does
        not answer nothing is learnt."""
