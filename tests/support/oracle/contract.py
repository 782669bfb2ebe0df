"""The registry contract on a real node, written by an account that the test's installation signs for."""

import json
from dataclasses import dataclass
from typing import Any

from eth_account import Account
from web3 import Web3
from web3.types import TxParams

from payments.oracle.contract.calls import id_on_chain
from payments.oracle.services.providers import Oracle, oracle_of
from payments.settlement.signer.services import SigningProvider
from tests.support.repository import ROOT
from tests.support.servers.chain_node import TestNode

FOLDER = ROOT / "payments" / "oracle" / "contract"
SIGNER_KEY = "0x" + "5e" * 32
SIGNING = "payments.settlement.signer.services.SigningProvider"


def bytecode() -> str:
    return "0x" + (FOLDER / "CreatorRegistry.bin").read_text().strip()


def abi() -> list[dict[str, Any]]:
    return list(json.loads((FOLDER / "CreatorRegistry.abi.json").read_text()))


@dataclass
class DeployedRegistry:
    """The contract on a node, and the account that may write."""

    node: TestNode
    address: str
    writer: str

    @property
    def contract(self) -> Any:
        return self.node.web3.eth.contract(Web3.to_checksum_address(self.address), abi=abi())

    def oracle(self) -> Oracle:
        return oracle_of(SigningProvider())

    def done_at(self, operation: Any) -> int:
        return int(self.contract.functions.doneAt(bytes.fromhex(id_on_chain(operation.pk)[2:])).call())

    def packed(self, platform: Any, address: str) -> int:
        read = self.contract.functions.readMetrics(
            bytes(16), platform.pk.bytes, [Web3.to_checksum_address(address)]
        )
        return int(read.call()[1][0])

    def count(self) -> int:
        """Return the number of the writer's transactions in blocks."""
        return self.node.web3.eth.get_transaction_count(Web3.to_checksum_address(self.writer))


def deploy(node: TestNode, settings: Any) -> DeployedRegistry:
    """Deploy the contract, and make settings that write to it."""
    writer = Account.from_key(SIGNER_KEY).address
    node.control("anvil_setBalance", writer, hex(1000 * 10**18))
    deployed = deploy_for(node, writer, settings)
    settings.ORACLE_PROVIDER = SIGNING
    settings.ORACLE_SIGNER_KEY = SIGNER_KEY
    return deployed


def deploy_for(node: TestNode, writer: str, settings: Any) -> DeployedRegistry:
    """Deploy the contract that this account writes."""
    factory = node.web3.eth.contract(abi=abi(), bytecode=bytecode())
    sender: TxParams = {"from": Web3.to_checksum_address(node.minter), "gas": 8_000_000}
    made = factory.constructor(Web3.to_checksum_address(writer)).transact(sender)
    node.mine()
    address = str(node.web3.eth.get_transaction_receipt(made)["contractAddress"]).lower()
    settings.ORACLE_CONTRACT = address
    return DeployedRegistry(node, address, writer.lower())
