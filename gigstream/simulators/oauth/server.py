"""HTTP server of the network: `/authorize`, `/token`, `/userinfo`, and `/control/…` for its user."""

import html
import json
import select
import socket
import struct
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from gigstream.simulators.oauth.faults import Fault, Faults
from gigstream.simulators.oauth.grants import Grants, Refused, redirect_to

LARGEST_BODY = 100_000
HUGE = 5_000_000


class Server(ThreadingHTTPServer):
    """Server on loopback only, because it lets every caller control it."""

    daemon_threads = True

    def __init__(self, grants: Grants, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.grants = grants
        self.faults = Faults()
        self.calls: Counter[str] = Counter()


class Handler(BaseHTTPRequestHandler):
    server: Server
    server_version = "SocialNetworkSimulator"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        split = urlsplit(self.path)
        query = dict(parse_qsl(split.query))
        if split.path == "/authorize":
            self._run("authorize", lambda: self._authorize(query))
        elif split.path == "/userinfo":
            self._run("userinfo", self._answer_user)
        elif split.path == "/control/calls":
            self._answer(200, dict(self.server.calls))
        else:
            self._answer(404, {"error": "not_found"})

    def do_POST(self) -> None:
        body = self._read_body()
        if self.path == "/token":
            form = dict(parse_qsl(body.decode(errors="replace")))
            self._run("token", lambda: self._redeem(form))
        elif self.path.startswith("/control/"):
            self._control(self.path.removeprefix("/control/"), json.loads(body or b"{}"))
        else:
            self._answer(404, {"error": "not_found"})

    def _run(self, name: str, work: Any) -> None:
        """Answer a call of the endpoint, or strike it with a waiting fault."""
        self.server.calls[name] += 1
        fault = self.server.faults.strike(name)
        self.wrong_state = fault is not None and fault.kind == "wrong_state"
        if fault is not None and not self.wrong_state:
            self._go_wrong(fault)
            return
        try:
            work()
        except Refused as refusal:
            self._answer(refusal.status, {"error": refusal.error, "error_description": refusal.description})

    def _authorize(self, query: dict[str, str]) -> None:
        if "deny" in query:
            self.server.grants.require_request(query)
            self._redirect(redirect_to(query["redirect_uri"], error="access_denied", state=query["state"]))
        elif "login" in query:
            wanted = {**query, "state": query.get("state", "")[::-1]} if self.wrong_state else query
            self._redirect(self.server.grants.consent(wanted))
        else:
            self.server.grants.require_request(query)
            self._answer_page(query)

    def _answer_page(self, query: dict[str, str]) -> None:
        """Answer the page on which a user consents."""
        links = "".join(
            f"<li><a href='/authorize?{html.escape(urlencode({**query, 'login': user.id}))}'>"
            f"{html.escape(user.username)}</a></li>"
            for user in self.server.grants.users.values()
        )
        refuse = html.escape(urlencode({**query, "deny": "1"}))
        page = f"<h1>Sign in</h1><ul>{links}</ul><p><a href='/authorize?{refuse}'>Refuse</a></p>"
        self._send(200, "text/html; charset=utf-8", page.encode())

    def _redeem(self, form: dict[str, str]) -> None:
        self._answer(200, self.server.grants.redeem(form, self.headers.get("Authorization", "")))

    def _answer_user(self) -> None:
        user = self.server.grants.user_of(self.headers.get("Authorization", ""))
        self._answer(200, {"data": {"id": user.id, "username": user.username}})

    def _control(self, name: str, given: dict[str, Any]) -> None:
        if name == "users":
            self.server.grants.add_user(given["id"], given["username"])
        elif name == "faults":
            self.server.faults.add(Fault(**given))
        elif name == "expire":
            self.server.grants.expire_codes()
        else:
            self._answer(404, {"error": "not_found"})
            return
        self._answer(200, {})

    def _go_wrong(self, fault: Fault) -> None:
        self.close_connection = True
        if fault.kind == "slow":
            self._hold(fault.seconds)
        elif fault.kind == "drips":
            self._drip(fault.seconds)
        elif fault.kind == "error":
            self._answer(500, {"error": "server_error"})
        elif fault.kind == "huge":
            self._send(200, "application/json", b'{"access_token": "' + b"a" * HUGE + b'"}')
        elif fault.kind == "html":
            self._send(200, "text/html", b'{"access_token": "a", "token_type": "bearer"}')
        elif fault.kind == "redirect":
            self._redirect(f"http://{self.headers['Host']}{self.path}", status=307)
        elif fault.kind == "garbage":
            self._send(200, "application/json", b'{"access_token": ')
        elif fault.kind == "empty":
            self._answer(200, {})
        else:
            # With a linger time of 0, closing sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()

    def _hold(self, seconds: float) -> None:
        """Send no answer for so long, or until the caller closes the connection."""
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if select.select([self.connection], [], [], 0.05)[0]:
                return

    def _drip(self, seconds: float) -> None:
        """Send an answer byte by byte for so long."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(HUGE))
        self.end_headers()
        ends = time.monotonic() + seconds
        try:
            while time.monotonic() < ends:
                self.wfile.write(b" ")
                time.sleep(0.05)
        except OSError:
            return

    def _read_body(self) -> bytes:
        length = self.headers.get("Content-Length", "0")
        return self.rfile.read(min(int(length), LARGEST_BODY)) if length.isdigit() else b""

    def _redirect(self, address: str, status: int = 302) -> None:
        self._send(status, "text/plain", b"", Location=address)

    def _answer(self, status: int, content: object) -> None:
        self._send(status, "application/json", json.dumps(content).encode())

    def _send(self, status: int, content_type: str, body: bytes, **headers: str) -> None:
        try:
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the addresses hold codes."""
