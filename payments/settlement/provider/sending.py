"""A JSON-RPC node to which transactions are sent that we sign ourselves.

Imported only when it is used: web3 takes most of a second to load.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from gigstream.remote_calls.errors import CallRefused
from payments.settlement.provider import answers
from payments.settlement.provider.enums import TransferErrorClass
from payments.settlement.provider.node import Node, read_int, translate_errors

GWEI = 10**9
# Answers by which a node has the transaction already.
KNOWN = ("already known", "already imported", "known transaction")


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of a unit of gas, in gwei: that of the newest block, and a usual tip."""

    base: Decimal
    tip: Decimal


class SendingNode(Node):
    """A node that also estimates, counts and takes transactions."""

    def count_mined(self, account: str) -> int:
        """Return the number of the account's transactions in blocks: the nonce of its next one."""
        with translate_errors():
            chain_id, count = self._call(
                [("eth_chainId", []), ("eth_getTransactionCount", [account, "latest"])]
            )
            self._require_own_chain(chain_id)
            return read_int(count)

    def known_hashes(self, tx_hashes: Sequence[str]) -> set[str]:
        """Return those of these transactions that the node has, in a block or waiting for one."""
        with translate_errors():
            found = self._call([("eth_getTransactionByHash", [one]) for one in tx_hashes])
            return {tx_hash for tx_hash, raw in zip(tx_hashes, found, strict=True) if raw}

    def prices(self) -> Prices:
        with translate_errors():
            block, tip = self._call(
                [("eth_getBlockByNumber", ["latest", False]), ("eth_maxPriorityFeePerGas", [])]
            )
            return Prices(_as_gwei(read_int(block["baseFeePerGas"])), _as_gwei(read_int(tip)))

    def estimate_gas(self, *, sender: str, contract: str, data: str) -> int:
        """Return the gas that the call would use. Raises CallRefused when it would fail."""
        with translate_errors():
            wanted = {"from": sender, "to": contract, "data": data}
            return read_int(self._call_or_refuse("eth_estimateGas", [wanted]))

    def send(self, raw: str) -> None:
        """Send a signed transaction, which the node may have already. Raises CallRefused."""
        with translate_errors():
            try:
                self._call_or_refuse("eth_sendRawTransaction", [raw])
            except CallRefused as refused:
                if not any(word in str(refused).lower() for word in KNOWN):
                    raise

    def _call_or_refuse(self, method: str, given: list[Any]) -> Any:
        """Return the node's answer to a call. Raises CallRefused for an error that the node names."""
        (answer,) = self._request([(method, given)])
        error = answer.get("error")
        if error is None:
            return answer["result"]
        message = str(error.get("message", "") if isinstance(error, dict) else error)[:300]
        kind = answers.error_class(message, otherwise=TransferErrorClass.EXECUTION)
        raise CallRefused(message, error_class=kind)


def _as_gwei(wei: int) -> Decimal:
    return Decimal(wei) / GWEI
