"""A JSON-RPC node, called through web3. Its answers are read strictly, as Circle's are.

Imported only when it is used: web3 takes most of a second to load.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import urllib3
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from gigstream.core.postgres.transactions import require_no_transaction
from gigstream.remote_calls.connections import CONNECT_SECONDS, BoundedPool, translated_errors
from payments.settlement.provider import units
from payments.settlement.provider.chain import Block, Log, MinedTransaction, Receipt, TokenTransfer

LARGEST_ANSWER = 8_000_000
# Blocks, gas and prices in wei stay below.
LARGEST_COUNT = 2**63 - 1
# Wallets of a call, and calls of a request.
WALLETS = 500
BATCH = 100
ABI = [
    {
        "type": "event",
        "name": "Transfer",
        "anonymous": False,
        "inputs": [
            {"name": "from", "type": "address", "indexed": True},
            {"name": "to", "type": "address", "indexed": True},
            {"name": "value", "type": "uint256", "indexed": False},
        ],
    },
    {
        "type": "function",
        "name": "balanceOf",
        "stateMutability": "view",
        "inputs": [{"name": "account", "type": "address"}],
        "outputs": [{"name": "", "type": "uint256"}],
    },
]
TRANSFER = Web3.to_hex(Web3.keccak(text="Transfer(address,address,uint256)"))


class _NotAnAnswer(ValueError):
    """The answer cannot be understood."""


class _Transport(JSONBaseProvider):
    """Requests as web3 writes them, over connections with limits."""

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__()
        self._url, self._seconds = url, seconds
        self._pool = BoundedPool(seconds=seconds, largest=LARGEST_ANSWER)

    def make_batch_request(self, requests: list[tuple[RPCEndpoint, Any]]) -> list[RPCResponse] | RPCResponse:
        answers: Any = self.decode_rpc_response(self._post(self.encode_batch_rpc_request(requests)))
        # They come in any order, and web3 numbers them in the order of the calls.
        return sorted(answers, key=lambda one: int(str(one["id"]))) if isinstance(answers, list) else answers

    def _post(self, body: bytes) -> bytes:
        answer = self._pool.request(
            "POST",
            self._url,
            body=body,
            headers={"Content-Type": "application/json"},
            timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=self._seconds),
        )
        if answer.status != 200:
            raise _NotAnAnswer(f"status {answer.status}")
        return bytes(answer.data)


class Node:
    """The chain as a node shows it. A node of another chain than that of the settings is refused."""

    def __init__(self, url: str, chain_id: int, token: str, seconds: float) -> None:
        self._chain_id, self._token = chain_id, token.lower()
        self._transport = _Transport(url, seconds)
        self._contract = Web3(self._transport).eth.contract(Web3.to_checksum_address(token), abi=ABI)

    def head(self) -> Block:
        with translate_errors():
            chain_id, block = self._call([("eth_chainId", []), ("eth_getBlockByNumber", ["latest", False])])
            self._require_own_chain(chain_id)
            return Block(read_count(block["number"]), _read_hash(block["hash"]))

    def hashes(self, numbers: Collection[int]) -> Mapping[int, str]:
        wanted = sorted(set(numbers))
        with translate_errors():
            blocks = self._call([("eth_getBlockByNumber", [hex(one), False]) for one in wanted])
            return {
                number: _read_hash(block["hash"])
                for number, block in zip(wanted, blocks, strict=True)
                if block
            }

    def transfers(self, first: int, last: int, *, to: Sequence[str]) -> list[TokenTransfer]:
        about = {"fromBlock": hex(first), "toBlock": hex(last), "address": self._token}
        with translate_errors():
            answers = self._call(
                [("eth_getLogs", [{**about, "topics": [TRANSFER, None, part]}]) for part in _topics_of(to)]
            )
            found = [_read_transfer(log) for logs in answers for log in logs]
        return sorted(found, key=lambda one: (one.block_number, one.log_index))

    def receipts(self, tx_hashes: Sequence[str]) -> Mapping[str, Receipt]:
        with translate_errors():
            answers = self._call([("eth_getTransactionReceipt", [one]) for one in tx_hashes])
            return {
                tx_hash: self._receipt(tx_hash, raw)
                for tx_hash, raw in zip(tx_hashes, answers, strict=True)
                if raw
            }

    def _receipt(self, tx_hash: str, raw: Mapping[str, Any]) -> Receipt:
        logs = [
            log
            for log in raw["logs"]
            if log["address"].lower() == self._token and log["topics"] and log["topics"][0] == TRANSFER
        ]
        return Receipt(
            tx_hash=tx_hash,
            succeeded=read_int(raw["status"]) == 1,
            block_number=read_count(raw["blockNumber"]),
            transfers=[_read_transfer(log) for log in logs],
            gas_used=read_count(raw["gasUsed"]),
            gas_price=read_count(raw["effectiveGasPrice"]),
        )

    def mined(self, tx_hashes: Sequence[str]) -> Mapping[str, MinedTransaction]:
        with translate_errors():
            chain_id, *answers = self._call(
                [("eth_chainId", []), *(("eth_getTransactionReceipt", [one]) for one in tx_hashes)]
            )
            self._require_own_chain(chain_id)
            found = {tx_hash: raw for tx_hash, raw in zip(tx_hashes, answers, strict=True) if raw}
            numbers = sorted({read_int(raw["blockNumber"]) for raw in found.values()})
            blocks = self._call([("eth_getBlockByNumber", [hex(one), False]) for one in numbers])
            times = {
                number: datetime.fromtimestamp(read_int(block["timestamp"]), UTC)
                for number, block in zip(numbers, blocks, strict=True)
            }
            return {tx_hash: _read_mined(tx_hash, raw, times) for tx_hash, raw in found.items()}

    def read_contract(self, *, contract: str, data: str) -> str:
        with translate_errors():
            calls: list[tuple[str, list[Any]]] = [
                ("eth_chainId", []),
                ("eth_call", [{"to": contract, "data": data}, "latest"]),
            ]
            chain_id, result = self._call(calls)
            self._require_own_chain(chain_id)
            return _read_data(result)

    def balances(self, wallets: Sequence[str]) -> Mapping[str, Decimal]:
        with translate_errors():
            calls = [
                {"to": self._token, "data": self._contract.encode_abi("balanceOf", [_to_checksum(one)])}
                for one in wallets
            ]
            answers = self._call([("eth_call", [one, "latest"]) for one in calls])
            return {
                wallet: units.of_token_units(read_int(held))
                for wallet, held in zip(wallets, answers, strict=True)
            }

    def _require_own_chain(self, chain_id: str) -> None:
        if read_int(chain_id) != self._chain_id:
            raise _NotAnAnswer(f"the node is of chain {read_int(chain_id)}, not {self._chain_id}")

    def _call(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the result of each call, with a hundred calls in a request."""
        found: list[Any] = []
        for start in range(0, len(calls), BATCH):
            for answer in self._request(calls[start : start + BATCH]):
                if "error" in answer or "result" not in answer:
                    raise _NotAnAnswer(str(answer.get("error", "no result"))[:200])
                found.append(answer["result"])
        return found

    def _request(self, calls: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """Return the node's answer to each call, with all of them in one request."""
        require_no_transaction()
        part = [(RPCEndpoint(method), given) for method, given in calls]
        answers = self._transport.make_batch_request(part)
        if not isinstance(answers, list) or len(answers) != len(part):
            raise _NotAnAnswer(f"{len(part)} answers were expected: {str(answers)[:200]}")
        return answers


@contextmanager
def translate_errors() -> Iterator[None]:
    """Raise ServiceUnavailable for a node that does not answer, or not as it should."""
    with translated_errors(Web3Exception, ValueError, LookupError, TypeError, AttributeError):
        yield


def _topics_of(wallets: Sequence[str]) -> Iterator[list[str]]:
    padded = ["0x" + "0" * 24 + wallet[2:] for wallet in wallets]
    for start in range(0, len(padded), WALLETS):
        yield padded[start : start + WALLETS]


def _read_transfer(log: Mapping[str, Any]) -> TokenTransfer:
    _, sender, receiver = log["topics"]
    return TokenTransfer(
        tx_hash=_read_hash(log["transactionHash"]),
        log_index=read_int(log["logIndex"]),
        block_number=read_int(log["blockNumber"]),
        block_hash=_read_hash(log["blockHash"]),
        from_wallet=_read_wallet(sender),
        to_wallet=_read_wallet(receiver),
        amount=units.of_token_units(read_int(log["data"])),
    )


def _read_mined(tx_hash: str, raw: Mapping[str, Any], times: Mapping[int, datetime]) -> MinedTransaction:
    if _read_hash(raw["transactionHash"]) != tx_hash:
        raise _NotAnAnswer(f"the receipt of {tx_hash} is of {raw['transactionHash']}")
    number = read_int(raw["blockNumber"])
    logs = [
        Log(_read_address(log["address"]), [_read_hash(topic) for topic in log["topics"]], str(log["data"]))
        for log in raw["logs"]
    ]
    succeeded = read_int(raw["status"]) == 1
    return MinedTransaction(tx_hash, succeeded, _read_address(raw["from"]), number, times[number], logs)


def _read_address(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 42 or not value.startswith("0x"):
        raise _NotAnAnswer(f"{str(value)[:80]} is no address")
    int(value, 16)
    return value.lower()


def _read_wallet(topic: str) -> str:
    return "0x" + _read_hash(topic)[-40:]


def _to_checksum(wallet: str) -> str:
    return str(Web3.to_checksum_address(wallet))


def _read_data(value: Any) -> str:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise _NotAnAnswer(f"{str(value)[:80]} is no result")
    return "0x" + bytes.fromhex(value[2:]).hex()


def _read_hash(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 66 or not value.startswith("0x"):
        raise _NotAnAnswer(f"{str(value)[:80]} is no hash")
    int(value, 16)
    return value.lower()


def read_count(value: Any, most: int = LARGEST_COUNT) -> int:
    """Return a number that is no larger than such a number can be. Raises an error of `translate_errors`."""
    found = read_int(value)
    if found > most:
        raise _NotAnAnswer(f"{found} is more than {most}")
    return found


def read_int(value: Any) -> int:
    """Return a number as a node writes it. Raises an error of `translate_errors`."""
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 66:
        raise _NotAnAnswer(f"{str(value)[:80]} is no number")
    return int(value, 16)
