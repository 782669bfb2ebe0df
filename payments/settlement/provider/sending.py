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
from payments.settlement.provider.node import Node, read_count, translate_errors

GWEI = 10**9
# No block has room for more gas, and no chain asks for more wei for a unit of it.
MOST_GAS, MOST_WEI = 10**9, 10**18
# Answers by which a node has the transaction already.
KNOWN = ("already known", "already imported", "known transaction")
# Errors by which a node says that it cannot answer, and nothing of the call: codes of JSON-RPC, and words.
NODE_CODES = frozenset({-32700, -32603, -32601, -32005, -32002})
NODE_WORDS = (
    "timeout",
    "timed out",
    "too many",
    "rate limit",
    "unavailable",
    "header not found",
    "try again",
)


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
            return read_count(count)

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
            return Prices(_as_gwei(block["baseFeePerGas"]), _as_gwei(tip))

    def estimate_gas(self, *, sender: str, contract: str, data: str) -> int:
        """Return the gas that the call would use. Raises CallRefused when it would fail."""
        with translate_errors():
            wanted = {"from": sender, "to": contract, "data": data}
            return read_count(self._call_or_refuse("eth_estimateGas", [wanted]), MOST_GAS)

    def send(self, raw: str) -> None:
        """Send a signed transaction, which the node may have already. Raises CallRefused."""
        with translate_errors():
            try:
                self._call_or_refuse("eth_sendRawTransaction", [raw])
            except CallRefused as refused:
                if not any(word in str(refused).lower() for word in KNOWN):
                    raise

    def _call_or_refuse(self, method: str, given: list[Any]) -> Any:
        """Return the node's answer to a call. Raises CallRefused for an error of the call that the node
        names, and an error of `translate_errors` for one of the node's own."""
        (answer,) = self._request([(method, given)])
        error = answer.get("error")
        if error is None:
            return answer["result"]
        code, words = (error.get("code"), error.get("message", "")) if isinstance(error, dict) else (0, error)
        message = str(words)[:300]
        kind = answers.error_class(message, otherwise="")
        if not kind and (code in NODE_CODES or any(word in message.lower() for word in NODE_WORDS)):
            raise ValueError(f"the node cannot answer: {message}")
        raise CallRefused(message, error_class=kind or TransferErrorClass.EXECUTION)


def _as_gwei(wei: Any) -> Decimal:
    return Decimal(read_count(wei, MOST_WEI)) / GWEI
