"""HTTP server of the simulator, with a thread for each connection and simulated network failures."""

import json
import select
import socket
import struct
import threading
import time
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from gigstream.simulators.circle import control, errors
from gigstream.simulators.circle.api import Answer, Api, Request
from gigstream.simulators.circle.errors import ApiError
from gigstream.simulators.circle.faults import Fault

LARGEST_BODY = 1_000_000
HUGE = 20_000_000
GARBAGE = b'{"data": {"transaction": '
# Interval in which due work is processed while the clock runs.
TICK_SECONDS = 0.2


class Server(ThreadingHTTPServer):
    """Server on loopback only, because it lets every caller control it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, api: Api, port: int) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.api = api
        self._stopped = threading.Event()

    def run(self) -> None:
        """Serve, and process due work, until `shutdown`."""
        ticker = threading.Thread(target=self._tick, daemon=True)
        ticker.start()
        try:
            self.serve_forever(poll_interval=0.1)
        finally:
            self._stopped.set()
            ticker.join()

    def _tick(self) -> None:
        while not self._stopped.wait(TICK_SECONDS):
            if not self.api.clock.running:
                continue
            try:
                with self.api.store.transaction():
                    self.api.transfers.advance()
                self.api.notifications.deliver()
            except Exception:  # noqa: BLE001 - time goes on
                traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "CircleSimulator"
    # Otherwise the body waits 40 ms for the acknowledgement of the headers.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET

    def _serve(self) -> None:
        request = self._read()
        if request is None:
            return
        if request.path.startswith(control.PREFIX):
            self._answer(self._safely(lambda: control.answer_control(self.server.api, request)))
            return
        try:
            found, parts = self.server.api.route_of(request)
        except ApiError as refusal:
            self._answer(_refusal_answer(refusal))
            return
        about = f"{request.path} {request.body.decode(errors='replace')}"
        struck = self.server.api.faults.strike(found.call, about)
        wrong = next((fault for fault in struck if fault.fault), None)
        if wrong is not None and not wrong.fault.endswith("_after"):
            self._go_wrong(wrong)
            return
        answer = self._safely(lambda: self.server.api.answer(request, found, parts, struck))
        if wrong is not None:
            self._go_wrong(wrong)
            return
        self._answer(answer)

    def _read(self) -> Request | None:
        """Return the request, or None after a refusal."""
        length = self.headers.get("Content-Length", "0")
        if not length.isascii() or not length.isdigit() or int(length) > LARGEST_BODY:
            self.close_connection = True
            self._answer(Answer(413, {"code": errors.INVALID, "message": "too long"}))
            return None
        split = urlsplit(self.path)
        return Request(
            method=self.command,
            path=split.path,
            query=dict(parse_qsl(split.query)),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=self.rfile.read(int(length)),
        )

    @staticmethod
    def _safely(work: Any) -> Answer:
        try:
            answer: Answer = work()
        except ApiError as refusal:
            return _refusal_answer(refusal)
        except Exception:  # noqa: BLE001 - each request gets an answer
            traceback.print_exc()
            return Answer(500, {"code": -1, "message": "something went wrong"})
        return answer

    def _answer(self, answer: Answer) -> None:
        body = b"" if answer.status == 204 else json.dumps(answer.body).encode()
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Request-Id", self.headers.get("X-Request-Id", ""))
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _go_wrong(self, fault: Fault) -> None:
        kind = fault.fault.removesuffix("_before").removesuffix("_after")
        if kind == "timeout":
            self._hold(fault.seconds)
        elif kind == "reset":
            # With a linger time of 0, closing sends a reset.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True
        elif kind == "error":
            self._answer(Answer(500, {"code": -1, "message": "something went wrong"}))
        elif kind == "busy":
            headers = {"Retry-After": str(int(fault.seconds))}
            self._answer(Answer(429, {"code": errors.BUSY, "message": "too many requests"}, headers))
        elif kind == "redirect":
            self._answer(Answer(307, {}, {"Location": f"http://{self.headers['Host']}/ping"}))
        elif kind == "drips":
            self._drip(fault.seconds)
        else:
            self._raw(GARBAGE if kind == "garbage" else b'"' + b"a" * HUGE + b'"')

    def _hold(self, seconds: float) -> None:
        """Send no answer for so long, or until the caller closes the connection."""
        self.close_connection = True
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            if select.select([self.connection], [], [], 0.05)[0]:
                return

    def _drip(self, seconds: float) -> None:
        """Send an answer byte by byte for so long."""
        self.close_connection = True
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(HUGE))
        self.end_headers()
        ends = time.monotonic() + seconds
        try:
            while time.monotonic() < ends:
                self.wfile.write(b" ")
                time.sleep(0.1)
        except OSError:
            return

    def _raw(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing: the simulator's state has all that matters."""


def _refusal_answer(refusal: ApiError) -> Answer:
    return Answer(refusal.status, {"code": refusal.code, "message": refusal.message}, refusal.headers)
