"""Nodes that lie, stammer or hang: each counts as a node that does not answer."""

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction

from gigstream.remote_calls.errors import ServiceUnavailable
from payments.settlement.provider.chain import configured_chain
from payments.settlement.provider.node import Node

TOKEN = "0x" + "36" * 20
HASH = "0x" + "ab" * 32
LOG = {
    "address": TOKEN,
    "topics": ["0x" + "dd" * 32, "0x" + "0" * 24 + "11" * 20, "0x" + "0" * 24 + "22" * 20],
    "data": "0x0f4240",
    "transactionHash": HASH,
    "blockHash": HASH,
    "blockNumber": "0x7",
    "logIndex": "0x1",
}


class Liar(BaseHTTPRequestHandler):
    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        status, body = self.server.says(asked)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Location", "/elsewhere")
        self.end_headers()
        # The caller may have gone.
        with suppress(OSError):
            self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def liar() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Liar)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def asks(liar):
    return Node(f"http://127.0.0.1:{liar.server_port}", 7, TOKEN, 0.3)


def answering(*results):
    """Answer each request with the next of these."""

    def says(asked):
        found = [{"jsonrpc": "2.0", "id": one["id"], "result": results[n]} for n, one in enumerate(asked)]
        return 200, json.dumps(found[::-1]).encode()

    return says


def test_answers_may_come_in_any_order(asks, liar):
    liar.says = answering("0x7", {"number": "0x10", "hash": HASH})
    assert asks.head().number == 16


def test_a_log_is_read_exactly(asks, liar):
    liar.says = answering([LOG])
    (found,) = asks.transfers(1, 9, to=["0x" + "22" * 20])
    assert (found.amount, found.from_wallet, found.to_wallet) == (
        Decimal("1"),
        "0x" + "11" * 20,
        "0x" + "22" * 20,
    )
    assert (found.block_number, found.log_index) == (7, 1)


def raw(status, body):
    return lambda asked: (status, body)


def an_error(asked):
    error = {"code": -32005, "message": "more than 500 blocks"}
    return 200, json.dumps([{"id": one["id"], "error": error} for one in asked]).encode()


def fewer(asked):
    return 200, b"[]"


SAYS = {
    "an error": an_error,
    "nothing": raw(200, b""),
    "no JSON": raw(200, b"<html>"),
    "one error for all": raw(200, b'{"jsonrpc": "2.0", "id": null, "error": {"code": -32600}}'),
    "fewer answers": fewer,
    "a server error": raw(500, b"[]"),
    "a redirect": raw(307, b""),
    "too much": raw(200, b"[" + b" " * 9_000_000 + b"]"),
    "no block": answering("0x7", None),
    "a short hash": answering("0x7", {"number": "0x10", "hash": "0xab"}),
    "a number as a number": answering(7, {"number": 16, "hash": HASH}),
    "another chain": answering("0x8", {"number": "0x10", "hash": HASH}),
}


@pytest.mark.parametrize("says", SAYS.values(), ids=SAYS)
def test_what_cannot_be_understood_is_no_answer(asks, liar, says):
    liar.says = says
    with pytest.raises(ServiceUnavailable):
        asks.head()


LOGS = {
    "an amount that is none": {**LOG, "data": "0x"},
    "topics of another event": {**LOG, "topics": LOG["topics"][:2]},
    "no transaction": {**LOG, "transactionHash": None},
    "not mined": {**LOG, "blockNumber": None},
}


@pytest.mark.parametrize("log", LOGS.values(), ids=LOGS)
def test_a_log_that_is_not_as_it_should_be_is_no_answer(asks, liar, log):
    liar.says = answering([log])
    with pytest.raises(ServiceUnavailable):
        asks.transfers(1, 9, to=["0x" + "22" * 20])


def test_an_answer_that_does_not_come_is_waited_for_so_long(asks, liar):
    asked_enough = threading.Event()

    def never(asked):
        asked_enough.wait(30)
        return 200, b"[]"

    liar.says = never
    with pytest.raises(ServiceUnavailable) as raised:
        asks.head()
    asked_enough.set()
    assert raised.value.sent


def test_nobody_listens():
    with pytest.raises(ServiceUnavailable) as raised:
        Node("http://127.0.0.1:9", 7, TOKEN, 0.3).head()
    assert not raised.value.sent


def test_a_node_that_is_not_set_is_none(settings):
    settings.CHAIN_RPC_URL = ""
    assert configured_chain() is None


@pytest.mark.django_db(transaction=True)
def test_it_is_not_asked_inside_a_transaction(asks):
    with transaction.atomic(), pytest.raises(RuntimeError):
        asks.head()


def test_what_is_not_mined_has_no_receipt_and_what_is_not_there_no_hash(node):
    chain = configured_chain()
    sent = node.mint(node.wallets[1], "3.5")
    assert chain.receipts([sent]) == {}
    node.mine()

    receipt = chain.receipts([sent])[sent]
    assert (receipt.succeeded, [one.amount for one in receipt.transfers]) == (True, [Decimal("3.5")])
    assert set(chain.hashes([node.head, node.head + 1])) == {node.head}
    assert chain.balances([node.wallets[1], node.wallets[2]]) == {
        node.wallets[1]: Decimal("3.5"),
        node.wallets[2]: Decimal(0),
    }


def test_more_questions_than_fit_in_a_request(node):
    chain = configured_chain()
    node.mine(230)
    assert len(chain.hashes(range(231))) == 231
