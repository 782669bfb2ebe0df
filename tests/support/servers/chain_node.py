"""A real node with a chain of its own and a token like USDC on it, and a provider that pays there."""

import platform
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid5

from django.conf import settings
from eth_account import Account
from eth_typing import ChecksumAddress, HexStr
from web3 import HTTPProvider, Web3
from web3.exceptions import TransactionNotFound
from web3.types import Nonce, RPCEndpoint, TxParams, Wei

from payments.settlement.provider.enums import TransferState
from payments.settlement.provider.protocol import (
    FeeLevel,
    GasBid,
    ProviderTransfer,
    ProviderWallet,
    TransferUnknown,
)
from tests.support.repository import ROOT

PACKAGES = ROOT / "tests" / "provider" / "node" / "node_modules" / "@foundry-rs"
SYSTEM = platform.system().lower()
MACHINE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
ANVIL = PACKAGES / f"anvil-{SYSTEM}-{MACHINE}" / "bin" / "anvil"
# token.bin is made from token.sol by solc 0.8.37 (npm "solc"): evmVersion paris, optimizer on with 200 runs,
# metadata bytecodeHash none and appendCBOR false.
BYTECODE = "0x" + Path(__file__).with_name("token.bin").read_text().strip()
ABI = [
    {"type": "function", "name": name, "inputs": [{"type": one, "name": ""} for one in given], "outputs": []}
    for name, given in {
        "mint": ["address", "uint256"],
        "transfer": ["address", "uint256"],
        "transferMany": ["address[]", "uint256[]"],
    }.items()
] + [
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"type": "address", "name": ""}],
        "outputs": [{"type": "uint256", "name": ""}],
    }
]


def units(amount: str | Decimal) -> int:
    return int(Decimal(amount).scaleb(6))


def _address(wallet: str) -> ChecksumAddress:
    return Web3.to_checksum_address(wallet)


class TestNode:
    """A node that mines only on demand."""

    __test__ = False

    def __init__(self, url: str, process: subprocess.Popen[str]) -> None:
        self.url, self.process = url, process
        self.web3 = Web3(HTTPProvider(url))
        self.wallets = [one.lower() for one in self.web3.eth.accounts]
        self.minter = self.wallets[0]
        made = self.web3.eth.send_transaction({"from": _address(self.minter), "data": HexStr(BYTECODE)})
        self.mine()
        self.token = str(self.web3.eth.get_transaction_receipt(made)["contractAddress"])
        self._contract = self.web3.eth.contract(_address(self.token), abi=ABI)

    @property
    def head(self) -> int:
        return self.web3.eth.block_number

    def control(self, method: str, *given: object) -> object:
        answer = self.web3.provider.make_request(RPCEndpoint(method), list(given))
        assert "error" not in answer, answer
        return answer["result"]

    def mine(self, blocks: int = 1) -> None:
        self.control("anvil_mine", hex(blocks))

    def reorganise(self, depth: int) -> None:
        """Replace the last blocks by others, which are empty."""
        self.control("anvil_reorg", depth, [])

    def mint(self, to: str, amount: str | Decimal) -> str:
        return self._sent(self.minter, "mint", _address(to), units(amount))

    def send(self, source: str, to: str, amount: str | Decimal) -> str:
        return self._sent(source, "transfer", _address(to), units(amount))

    def send_many(self, source: str, parts: Sequence[tuple[str, str]]) -> str:
        to, amounts = [_address(one) for one, _ in parts], [units(one) for _, one in parts]
        return self._sent(source, "transferMany", to, amounts)

    def _sent(self, source: str, function: str, *given: object) -> str:
        call = self._contract.functions[function](*given)
        # With gas given, a transaction that is going to fail is mined as well.
        return Web3.to_hex(call.transact({"from": _address(source), "gas": 1_000_000}))

    def signed(self, to: str, amount: str | Decimal) -> bytes:
        """Return a transfer by a new sender, that can be sent more than once."""
        somebody = Account.create()
        self.control("anvil_setBalance", somebody.address, hex(10**20))
        self.mint(somebody.address, amount)
        self.mine()
        call = self._contract.functions.transfer(_address(to), units(amount))
        price = Wei(2 * self.web3.eth.gas_price)
        bid: TxParams = {"from": somebody.address, "nonce": Nonce(0), "gas": 100_000, "gasPrice": price}
        built = call.build_transaction(bid)
        return somebody.sign_transaction(built).raw_transaction

    def send_signed(self, raw: bytes) -> str:
        return Web3.to_hex(self.web3.eth.send_raw_transaction(raw))

    def holds(self, wallet: str) -> Decimal:
        return Decimal(self._contract.functions.balanceOf(_address(wallet)).call()).scaleb(-6)


@contextmanager
def run_node() -> Iterator[TestNode]:
    """Run a node with a chain of its own, for as long as the block lasts."""
    process = subprocess.Popen(
        [str(ANVIL), "--port", "0", "--no-mining", "--chain-id", str(settings.CHAIN_ID)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        listening = (line for line in process.stdout if line.startswith("Listening on "))
        url = "http://" + next(listening).split()[-1]
        # It writes a line for each call: unread, they would stop it.
        threading.Thread(target=process.stdout.read, daemon=True).start()
        yield TestNode(url, process)
    finally:
        process.terminate()
        process.wait(timeout=30)


@dataclass
class Sent:
    key: UUID
    to_wallet: str
    amount: Decimal
    tx_hash: str
    at: datetime


@dataclass
class NodeProvider:
    """A provider that pays with the token on the node, from a wallet of the house."""

    node: TestNode
    now: datetime
    name: str = "node"
    simulated: bool = False
    sent: dict[str, Sent] = field(default_factory=dict)

    @property
    def house(self) -> str:
        return self.node.wallets[9]

    def wallet(self, wallet_id: str = "") -> ProviderWallet:
        return ProviderWallet(id=wallet_id or "house", address=self.house, owner="house")

    def balance(self, wallet_id: str = "") -> Decimal:
        return self.node.holds(self.house)

    def transfer(
        self,
        *,
        key: UUID,
        to_wallet: str,
        amount: Decimal,
        from_wallet: str = "",
        fee: FeeLevel | GasBid = FeeLevel.MEDIUM,
    ) -> ProviderTransfer:
        transfer_id = str(uuid5(key, "node"))
        if transfer_id not in self.sent:
            tx_hash = self.node.send(self.house, to_wallet, amount)
            self.sent[transfer_id] = Sent(key, to_wallet, amount, tx_hash, self.now)
        return self.get(transfer_id)

    def get(self, transfer_id: str) -> ProviderTransfer:
        if transfer_id not in self.sent:
            raise TransferUnknown(transfer_id)
        one = self.sent[transfer_id]
        try:
            block = self.node.web3.eth.get_transaction_receipt(HexStr(one.tx_hash))["blockNumber"]
        except TransactionNotFound:
            block = None
        return ProviderTransfer(
            id=transfer_id,
            state=TransferState.SENT if block is None else TransferState.COMPLETE,
            to_wallet=one.to_wallet,
            amount=one.amount,
            key=one.key,
            tx_hash=one.tx_hash,
            block_number=block,
            created_at=one.at,
        )

    def find(
        self, *, key: UUID, to_wallet: str = "", since: datetime | None = None
    ) -> ProviderTransfer | None:
        transfer_id = str(uuid5(key, "node"))
        return self.get(transfer_id) if transfer_id in self.sent else None

    def transfers(self, *, since: datetime, until: datetime | None = None) -> Iterator[ProviderTransfer]:
        return iter([self.get(one) for one in self.sent])
