"""A JSON-RPC node, asked through web3. Its answers are read strictly, as Circle's are.

Imported only when it is used: web3 takes most of a second to load.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import urllib3
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint, RPCResponse

from gigstream.lib.db import require_no_transaction
from payments.provider import units
from payments.provider.bounded import CONNECT_SECONDS, NOT_SENT, BoundedPool
from payments.provider.chain import Block, Receipt, TokenTransfer
from payments.provider.protocol import ProviderUnavailable

LARGEST_ANSWER = 8_000_000
# Wallets that are named in one question, and questions that are asked in one request.
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
        # They come in any order, and web3 numbers them in the order that they were asked.
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
    """The chain as one node shows it. A node of another chain than the settings name is not listened to."""

    def __init__(self, url: str, chain_id: int, token: str, seconds: float) -> None:
        self._chain_id, self._token = chain_id, token.lower()
        self._transport = _Transport(url, seconds)
        self._contract = Web3(self._transport).eth.contract(Web3.to_checksum_address(token), abi=ABI)

    def head(self) -> Block:
        with _translated():
            chain_id, block = self._ask([("eth_chainId", []), ("eth_getBlockByNumber", ["latest", False])])
            if _int(chain_id) != self._chain_id:
                raise _NotAnAnswer(f"the node is of chain {_int(chain_id)}, not {self._chain_id}")
            return Block(_int(block["number"]), _hash(block["hash"]))

    def hashes(self, numbers: Collection[int]) -> Mapping[int, str]:
        wanted = sorted(set(numbers))
        with _translated():
            blocks = self._ask([("eth_getBlockByNumber", [hex(one), False]) for one in wanted])
            return {
                number: _hash(block["hash"]) for number, block in zip(wanted, blocks, strict=True) if block
            }

    def transfers(self, first: int, last: int, *, to: Sequence[str]) -> list[TokenTransfer]:
        about = {"fromBlock": hex(first), "toBlock": hex(last), "address": self._token}
        with _translated():
            answers = self._ask(
                [("eth_getLogs", [{**about, "topics": [TRANSFER, None, part]}]) for part in _topics(to)]
            )
            found = [_transfer(log) for logs in answers for log in logs]
        return sorted(found, key=lambda one: (one.block_number, one.log_index))

    def receipts(self, tx_hashes: Sequence[str]) -> Mapping[str, Receipt]:
        with _translated():
            answers = self._ask([("eth_getTransactionReceipt", [one]) for one in tx_hashes])
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
            succeeded=_int(raw["status"]) == 1,
            block_number=_int(raw["blockNumber"]),
            transfers=[_transfer(log) for log in logs],
        )

    def balances(self, wallets: Sequence[str]) -> Mapping[str, Decimal]:
        with _translated():
            questions = [
                {"to": self._token, "data": self._contract.encode_abi("balanceOf", [_checksum(one)])}
                for one in wallets
            ]
            answers = self._ask([("eth_call", [one, "latest"]) for one in questions])
            return {
                wallet: units.of_token_units(_int(held))
                for wallet, held in zip(wallets, answers, strict=True)
            }

    def _ask(self, questions: Sequence[tuple[str, list[Any]]]) -> list[Any]:
        """What the node answers to each question, a hundred in a request."""
        require_no_transaction()
        found: list[Any] = []
        for start in range(0, len(questions), BATCH):
            part = [(RPCEndpoint(method), given) for method, given in questions[start : start + BATCH]]
            answers = self._transport.make_batch_request(part)
            if not isinstance(answers, list) or len(answers) != len(part):
                raise _NotAnAnswer(f"{len(part)} answers were asked for: {str(answers)[:200]}")
            for answer in answers:
                if "error" in answer or "result" not in answer:
                    raise _NotAnAnswer(str(answer.get("error", "no result"))[:200])
                found.append(answer["result"])
        return found


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except NOT_SENT as error:
        raise ProviderUnavailable(f"no connection: {type(error).__name__}", sent=False) from None
    except urllib3.exceptions.HTTPError as error:
        raise ProviderUnavailable(f"no answer: {type(error).__name__}") from None
    except (Web3Exception, ValueError, LookupError, TypeError, AttributeError) as error:
        raise ProviderUnavailable(f"the answer cannot be understood: {error}") from None


def _topics(wallets: Sequence[str]) -> Iterator[list[str]]:
    padded = ["0x" + "0" * 24 + wallet[2:] for wallet in wallets]
    for start in range(0, len(padded), WALLETS):
        yield padded[start : start + WALLETS]


def _transfer(log: Mapping[str, Any]) -> TokenTransfer:
    _, sender, receiver = log["topics"]
    return TokenTransfer(
        tx_hash=_hash(log["transactionHash"]),
        log_index=_int(log["logIndex"]),
        block_number=_int(log["blockNumber"]),
        block_hash=_hash(log["blockHash"]),
        from_wallet=_wallet(sender),
        to_wallet=_wallet(receiver),
        amount=units.of_token_units(_int(log["data"])),
    )


def _wallet(topic: str) -> str:
    return "0x" + _hash(topic)[-40:]


def _checksum(wallet: str) -> str:
    return str(Web3.to_checksum_address(wallet))


def _hash(value: Any) -> str:
    if not isinstance(value, str) or len(value) != 66 or not value.startswith("0x"):
        raise _NotAnAnswer(f"{str(value)[:80]} is no hash")
    int(value, 16)
    return value.lower()


def _int(value: Any) -> int:
    if not isinstance(value, str) or not value.startswith("0x") or len(value) > 66:
        raise _NotAnAnswer(f"{str(value)[:80]} is no number")
    return int(value, 16)
