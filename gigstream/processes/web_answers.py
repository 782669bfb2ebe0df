"""Answers of the web server itself: refusals before the application, and its probe of itself."""

import contextlib
import http.client
import json
import os
import socket
import threading
import time
from typing import Any
from uuid import uuid4

from django.conf import settings

from gigstream.processes.progress import PROCESS_VARIABLE, mark_progress

MEDIA_TYPE = "application/problem+json"
EVERY_SECONDS = 5.0
ANSWER_SECONDS = 10.0
_CODES = {414: "address_too_long", 431: "headers_too_large", 500: "internal_error", 501: "not_implemented"}


def write_problem(sock: Any, status_int: int, reason: str, mesg: str) -> None:
    """Answer an unreadable request with a problem document instead of gunicorn's own page."""
    code = _CODES.get(status_int, "bad_request")
    request_id = uuid4().hex
    body = {
        "type": f"urn:gigstream:problem:{code}",
        "title": code.replace("_", " ").capitalize(),
        "status": status_int,
        "detail": "the request cannot be read"
        if status_int != 414
        else "the address is longer than 8190 bytes",
        "instance": "",
        "code": code,
        "request_id": request_id,
        "errors": [],
    }
    content = json.dumps(body).encode()
    head = (
        f"HTTP/1.1 {status_int} {reason}\r\nConnection: close\r\nContent-Type: {MEDIA_TYPE}\r\n"
        f"Content-Length: {len(content)}\r\nX-Request-Id: {request_id}\r\nCache-Control: no-store\r\n\r\n"
    )
    sock.sendall(head.encode("latin1") + content)


def start_probe(address: Any) -> None:
    """Start a thread that requests `/healthz` of the server at this address and marks each answer."""
    if os.environ.get(PROCESS_VARIABLE):
        threading.Thread(target=_probe_forever, args=(address,), daemon=True).start()


def _probe_forever(address: Any) -> None:
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            if _server_answers(address):
                mark_progress()
        time.sleep(EVERY_SECONDS)


def _server_answers(address: Any) -> bool:
    host = settings.ALLOWED_HOSTS[0].removeprefix(".") if settings.ALLOWED_HOSTS else "localhost"
    client = _Connection(address)
    try:
        client.request("GET", "/healthz", headers={"Host": host, "Connection": "close"})
        return client.getresponse().status < http.client.INTERNAL_SERVER_ERROR
    finally:
        client.close()


class _Connection(http.client.HTTPConnection):
    """Connection to a bound address of this machine, Unix or TCP."""

    def __init__(self, address: Any) -> None:
        super().__init__("localhost", timeout=ANSWER_SECONDS)
        self._address = address

    def connect(self) -> None:
        if isinstance(self._address, str):
            self.sock = socket.socket(socket.AF_UNIX)
            self.sock.settimeout(self.timeout)
            self.sock.connect(self._address)
        else:
            host, port = self._address[:2]
            here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - bound by others
            self.sock = socket.create_connection((here, port), self.timeout)
