"""A proxy before a node, over real sockets: it drops calls before or after the node took them, holds them,
and changes answers."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import urllib3

Answer = Callable[[dict[str, Any], Any], Any]


@dataclass
class NodeProxy:
    """Faults by method; `calls` are the methods that came, in their order."""

    upstream: str
    url: str = ""
    calls: list[str] = field(default_factory=list)
    # Methods whose connection is closed before the node gets them, or after it has answered.
    lost_before: set[str] = field(default_factory=set)
    lost_after: set[str] = field(default_factory=set)
    is_away: bool = False
    # The status of all answers, without what the node says; and what comes instead of the node's answer.
    status: int = 200
    body: bytes = b""
    # For a method: the code and the words of the error that is answered.
    errors: dict[str, tuple[int, str]] = field(default_factory=dict)
    # For a method: makes the result from the call and the node's result.
    lies: dict[str, Answer] = field(default_factory=dict)
    # A method that waits, before or after the node gets it, until `go_on` is set.
    held: str = ""
    holds_after: bool = False
    reached: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    def hold(self, method: str, *, after: bool = False) -> None:
        """Hold the next calls of this method; `reached` is set when one is held."""
        self.reached.clear()
        self.go_on.clear()
        self.held, self.holds_after = method, after

    def release(self) -> None:
        self.held = ""
        self.go_on.set()

    def _wait(self, methods: set[str], *, after: bool) -> None:
        if self.held and self.held in methods and after == self.holds_after:
            self.reached.set()
            self.go_on.wait(60)

    def answer(self, body: bytes) -> bytes | None:
        """Return the node's answer with its lies, None for a connection that is closed without one."""
        calls = json.loads(body)
        methods = {one["method"] for one in calls}
        self.calls += [one["method"] for one in calls]
        if self.is_away or methods & self.lost_before:
            return None
        if self.status != 200:
            return self.body
        self._wait(methods, after=False)
        answers = urllib3.request("POST", self.upstream, json=calls, retries=False).json()
        self._wait(methods, after=True)
        if methods & self.lost_after:
            return None
        by_id = {one["id"]: one for one in calls}
        for one in answers:
            call = by_id[one["id"]]
            if call["method"] in self.lies and "result" in one:
                one["result"] = self.lies[call["method"]](call, one["result"])
            if call["method"] in self.errors:
                code, words = self.errors[call["method"]]
                one.pop("result", None)
                one["error"] = {"code": code, "message": words}
        return self.body or json.dumps(answers).encode()


def _handler(proxy: NodeProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            answer = proxy.answer(body)
            if answer is None:
                self.close_connection = True
                return
            self.send_response(proxy.status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None:
            pass

    return Handler


@contextmanager
def run_proxy(upstream: str) -> Iterator[NodeProxy]:
    """Run a proxy before the node, for as long as the block lasts."""
    proxy = NodeProxy(upstream)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    proxy.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield proxy
    finally:
        proxy.release()
        server.shutdown()
        thread.join()
        server.server_close()
