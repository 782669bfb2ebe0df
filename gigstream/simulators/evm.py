"""A node on which the simulator executes calls of contracts, from an account that the node holds unlocked."""

import json
import urllib.error
import urllib.request
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from gigstream.simulators.circle import chain, errors
from gigstream.simulators.circle.errors import ApiError, invalid_request

SECONDS = 10
SPARE_GAS_PERCENT = 125


class Mined(NamedTuple):
    """Result of a call in a block; the fee is in units of 18 decimals."""

    succeeded: bool
    block: int
    fee: int


class Evm:
    """The chain behind the simulator. Its gas is paid by the account, and charged to the simulated wallet."""

    def __init__(self, url: str, account: str) -> None:
        self._url, self._account = url, account

    def estimate(self, contract: str, data: str) -> dict[str, dict[str, str]]:
        """Return the bid of each fee level. Raises ApiError when the contract would refuse the call."""
        wanted = {"from": self._account, "to": contract, "data": data}
        gas = int(self._call("eth_estimateGas", wanted), 16) * SPARE_GAS_PERCENT // 100
        base = Decimal(int(self._call("eth_getBlockByNumber", "latest", False)["baseFeePerGas"], 16))
        return {
            level.lower(): _bid(gas, base / chain.GWEI, Decimal(tip))
            for level, tip in chain.TIPS_GWEI.items()
        }

    def read(self, contract: str, data: str) -> str:
        return str(self._call("eth_call", {"to": contract, "data": data}, "latest"))

    def next_nonce(self) -> int:
        return int(self._call("eth_getTransactionCount", self._account, "pending"), 16)

    def send(self, contract: str, data: str, *, nonce: int, bid: dict[str, str]) -> str:
        """Send a call and return its hash."""
        wanted = {
            "from": self._account,
            "to": contract,
            "data": data,
            "nonce": hex(nonce),
            "gas": hex(int(bid["gasLimit"])),
            "maxFeePerGas": hex(int(Decimal(bid["maxFee"]) * chain.GWEI)),
            "maxPriorityFeePerGas": hex(int(Decimal(bid["priorityFee"]) * chain.GWEI)),
        }
        return str(self._call("eth_sendTransaction", wanted))

    def mined(self, tx_hash: str) -> Mined | None:
        """Return the result of the call, None while no block has it."""
        receipt = self._call("eth_getTransactionReceipt", tx_hash)
        if receipt is None:
            return None
        fee = int(receipt["gasUsed"], 16) * int(receipt["effectiveGasPrice"], 16)
        return Mined(receipt["status"] == "0x1", int(receipt["blockNumber"], 16), fee)

    def _call(self, method: str, *parameters: Any) -> Any:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": parameters}).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=SECONDS) as answer:  # noqa: S310 - a node of the tests
                read = json.load(answer)
        except (urllib.error.URLError, OSError) as error:
            raise ApiError(500, errors.INVALID, f"the node does not answer: {error}") from error
        if "error" in read:
            raise ApiError(400, errors.INVALID, str(read["error"].get("message", "refused"))[:200])
        return read["result"]


def call_data(function: str, parameters: Sequence[Any]) -> str:
    """Return a call as the chain takes it. Raises ApiError for parameters that are not those of the
    function."""
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError
    from eth_utils.abi import function_signature_to_4byte_selector

    inside = function[function.index("(") + 1 : -1]
    types = inside.split(",") if inside else []
    try:
        values = [_value(kind, one) for kind, one in zip(types, parameters, strict=True)]
        return "0x" + function_signature_to_4byte_selector(function).hex() + encode(types, values).hex()
    except (EncodingError, ValueError, TypeError) as error:
        raise invalid_request(f"the parameters are not those of {function}: {error}") from error


def _value(kind: str, given: Any) -> Any:
    if kind.endswith("[]"):
        return [_value(kind[:-2], one) for one in given]
    if kind.startswith(("uint", "int")):
        return int(given)
    return bytes.fromhex(given.removeprefix("0x")) if kind.startswith("bytes") else given


def _bid(gas: int, base: Decimal, tip: Decimal) -> dict[str, str]:
    return {
        "gasLimit": str(gas),
        "baseFee": f"{base:f}",
        "priorityFee": f"{tip:f}",
        "maxFee": f"{base * 2 + tip:f}",
        "networkFee": chain.format_units(chain.fee_of(gas, base + tip)),
    }
