"""Servers that receive webhooks over real sockets, good and bad."""

import json
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from standardwebhooks.webhooks import Webhook


@dataclass(frozen=True)
class Request:
    """A request that a receiver got."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> dict[str, Any]:
        """Return the event, if the secret has signed it; else raise WebhookVerificationError."""
        event: dict[str, Any] = Webhook(secret).verify(self.body, dict(self.headers))
        return event

    @property
    def event(self) -> dict[str, Any]:
        event: dict[str, Any] = json.loads(self.body)
        return event


class Receiver:
    """A server on this machine. Its answer depends on the path of the request."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[Request] = []
        self.names: list[str | None] = []
        self.connections = 0
        self.answers: list[int] = []
        self.retry_after: str | None = None
        self.released = Event()
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._server.receiver = self
        self.port: int = self._server.server_address[1]
        if tls:
            tls.sni_callback = lambda _, name, context: self.names.append(name)
            self._server.socket = tls.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )

    def url(self, path: str = "/ok") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def __enter__(self) -> "Receiver":
        Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def get_request(self) -> Any:
        connected = super().get_request()
        self.receiver.connections += 1
        return connected

    def handle_error(self, *_: Any) -> None:
        """Ignore clients that hang up, which are part of the tests."""


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.requests.append(Request(self.path, dict(self.headers), body, time.monotonic()))
            with suppress(OSError):
                _BEHAVIOURS[self.path](self, receiver)

        def log_message(self, *_: Any) -> None:
            """Silent."""

    return Handler


def _answer(handler: BaseHTTPRequestHandler, status: int, **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def _ok(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    """Return the next of the answers that the test has prepared, or 204."""
    status = receiver.answers.pop(0) if receiver.answers else 204
    extra = {"Retry_After": receiver.retry_after} if receiver.retry_after else {}
    _answer(handler, status, **extra)


def _wait(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    receiver.released.wait(30)
    _answer(handler, 204)


def _redirect(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    _answer(handler, 302, Location="http://169.254.169.254/latest/meta-data/")


def _vanish(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    handler.connection.shutdown(socket.SHUT_RDWR)


def _drip(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
    while not receiver.released.is_set():
        handler.wfile.write(b"z")
        handler.wfile.flush()
        time.sleep(0.05)


def _endless_head(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    while not receiver.released.is_set():
        handler.wfile.write(b"X-Long: " + b"z" * 8000 + b"\r\n")


def _endless_body(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    _answer(handler, 200)
    while not receiver.released.is_set():
        handler.wfile.write(b"z" * 65_536)


def _not_http(handler: BaseHTTPRequestHandler, receiver: Receiver) -> None:
    handler.wfile.write(b"220 mail.example.com ready\r\n")


_BEHAVIOURS = {
    "/ok": _ok,
    "/slow": _wait,
    "/redirect": _redirect,
    "/vanish": _vanish,
    "/drip": _drip,
    "/endless-head": _endless_head,
    "/endless-body": _endless_body,
    "/not-http": _not_http,
}


@contextmanager
def resolving(
    monkeypatch: pytest.MonkeyPatch, names: Mapping[str, Sequence[Sequence[str]]]
) -> Iterator[list[str]]:
    """Let each name lead to the first of its lists of addresses when it is first looked up, then to the
    next. Yield the names that were looked up."""
    left = {name: list(answers) for name, answers in names.items()}
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def answer(host: str, port: int, *args: Any, **kwargs: Any) -> Any:
        if host not in left:
            return real(host, port, *args, **kwargs)
        looked_up.append(host)
        addresses = left[host].pop(0) if len(left[host]) > 1 else left[host][0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    with monkeypatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", answer)
        yield looked_up


def certificate(folder: Path, name: str) -> ssl.SSLContext:
    """Return a server's TLS with a certificate of its own making, which is left in `certificate.pem`."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    return context
