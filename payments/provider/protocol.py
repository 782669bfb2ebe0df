"""What GigStream asks of a custody service, and how it may answer.

Every call may raise ProviderUnavailable (no answer: what became of it is unknown) or ProviderBusy (a kind of
it: not taken, come back later); writes may also raise ProviderRefused. No call is made inside a database
transaction. Wallet ids are the provider's; an empty one names the wallet that the house pays from.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Protocol
from uuid import UUID

from payments.enums import ErrorClass, FeeLevel, TransferState


@dataclass(frozen=True, slots=True)
class ProviderWallet:
    """A wallet that the provider keeps the keys of."""

    id: str
    address: str
    owner: str


@dataclass(frozen=True, slots=True)
class GasBid:
    """What is bid for a place in a block: units of gas, and gwei for each."""

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

    Of a transfer that it has only just taken the provider tells the id and the state; the wallet and the
    amount are then those that were asked for. `network_fee` is in USDC, `gas_price` in gwei; what is not
    known yet is None. `confirmations` is 0 where the provider counts none.
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
    error_class: ErrorClass | None = None
    created_at: datetime | None = None
    # The answer as it came, without secrets, for the log.
    raw: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Notification:
    """What a verified notification says of a transfer: a reason to look it up, and no more."""

    id: str
    kind: str
    transfer_id: str
    state: TransferState
    raw_state: str
    sent_at: datetime | None
    raw: Mapping[str, Any]


class ProviderUnavailable(Exception):
    """No answer: what became of the request is unknown. Ask again with the same key.

    `sent` is False only when the request cannot have reached the provider.
    """

    error_class = ErrorClass.UNKNOWN_OUTCOME

    def __init__(self, message: str, *, sent: bool = True) -> None:
        super().__init__(message)
        self.sent = sent
        self.error_class = ErrorClass.UNKNOWN_OUTCOME if sent else ErrorClass.NETWORK


class ProviderBusy(ProviderUnavailable):
    """The provider took nothing and asks to be left alone for `retry_after` seconds, if it says how long."""

    def __init__(self, message: str, *, retry_after: float | None = None) -> None:
        super().__init__(message, sent=False)
        self.retry_after = retry_after


class CredentialsRefused(ProviderUnavailable):
    """The provider took nothing, for it does not know us: every call fails so until a person has looked."""

    def __init__(self, message: str) -> None:
        super().__init__(message, sent=False)
        self.error_class = ErrorClass.CREDENTIALS


class TransferUnknown(ProviderUnavailable):
    """The provider does not know the transfer: a person must look when it stays so."""


class ProviderRefused(Exception):
    """The provider will not take this transfer, now or later: a person must look."""

    def __init__(
        self, message: str, *, error_class: ErrorClass = ErrorClass.EXECUTION, code: str = "", status: int = 0
    ) -> None:
        super().__init__(message)
        self.error_class = error_class
        self.code = code
        self.status = status


class NotificationRefused(Exception):
    """The notification is not the provider's, or not a notification."""


class PaymentProvider(Protocol):
    # What breakers, switches and attempts know it by.
    name: str

    @property
    def simulated(self) -> bool:
        """Whether its money is play money, which anybody may make."""

    def create_wallet(self, *, key: UUID, owner: str) -> ProviderWallet:
        """A wallet for the owner; the same key never makes two."""

    def find_wallet(self, *, key: UUID) -> ProviderWallet | None:
        """The wallet that the key made, None when there is none."""

    def wallet(self, wallet_id: str = "") -> ProviderWallet:
        """The wallet with this id."""

    def balance(self, wallet_id: str = "") -> Decimal:
        """USDC in the wallet, on chain, with 6 decimals."""

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

        Whoever asks again under a key asks for the same, the fee included: another request is refused with
        KEY_REUSED. A transfer under way is made dearer by `accelerate`.
        """

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
        """Call `function`, as in "pay(address,uint256)", of the contract; the same key never calls twice."""

    def get(self, transfer_id: str) -> ProviderTransfer:
        """The transfer as it stands. Raises TransferUnknown when the provider has none with this id."""

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        """The transfer that the key made, None when there is none. Where it went and since when it may be
        there narrow the search, for a provider that has to go through a list."""

    def transfers(self, *, since: datetime, until: datetime | None = None) -> Iterator[ProviderTransfer]:
        """Every outgoing transfer made since then, oldest first, fetched page by page."""

    def estimate_fee(self, *, to_wallet: str, amount: Decimal, from_wallet: str = "") -> FeeEstimate:
        """What such a transfer would cost now."""

    def accelerate(self, *, key: UUID, transfer_id: str) -> None:
        """The transfer is offered to the chain again at a higher price: look it up to see what came of it."""

    def cancel(self, *, key: UUID, transfer_id: str) -> None:
        """The provider has been asked to drop the transfer, which may be mined all the same: look it up."""

    def read_notification(self, body: bytes, headers: Mapping[str, str]) -> Notification:
        """Return what the notification says, once its signature over the raw body is verified; header names
        in any case. Asks nobody. Raises NotificationRefused, or ProviderUnavailable while the key that has
        signed it is not known."""

    def knows_notification_key(self, key_id: str) -> bool:
        """Whether it is known, without asking, which key this is, or that it is nobody's."""

    def learn_notification_key(self, key_id: str) -> None:
        """Ask which key this is and remember the answer for all processes, also that it is nobody's; while
        the provider cannot be asked nothing is learnt."""
