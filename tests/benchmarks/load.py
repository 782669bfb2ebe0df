"""Callers of an API: so many connections, each of which sends its next request when it has the answer."""

import itertools
import socket
import threading
import time
from typing import Any

PATIENCE_SECONDS = 30
# Stands in a request's text where each has its own number, of so many digits.
NUMBER, NUMBER_WIDTH = "{number}", 12
_serial = itertools.count(1)


class Caller:
    """A kept connection, made again where the server has closed it."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._socket: socket.socket | None = None

    def call(self, request: bytes) -> tuple[int, bytes]:
        """Return the status and the body of the answer."""
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._port), PATIENCE_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        head, _, body = self._until(b"\r\n\r\n", b"").partition(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in head.lower().split(b"\r\n")[1:])
        if b"content-length" in fields:
            body = self._up_to(int(fields[b"content-length"]), body)
        else:
            body = self._until(b"0\r\n\r\n", body)
        if fields.get(b"connection") == b"close":
            self.close()
        return int(head[9:12]), body

    def _until(self, mark: bytes, got: bytes) -> bytes:
        while mark not in got:
            got += self._more()
        return got

    def _up_to(self, size: int, got: bytes) -> bytes:
        while len(got) < size:
            got += self._more()
        return got

    def _more(self) -> bytes:
        if self._socket is None or not (more := self._socket.recv(65_536)):
            raise ConnectionError("the server has hung up")
        return more

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket = None


def call(port: int, requests: list[str], count: int, connections: int, wanted: int) -> dict[str, Any]:
    """Send the requests in turn and again from the first, `count` of them in all; each has its own number
    where it says NUMBER. Return the seconds that each took."""
    numbers = itertools.count()
    texts = [request.encode() for request in requests]
    taken: list[float] = []
    wrong: list[str] = []

    def work() -> None:
        caller = Caller(port)
        while (number := next(numbers)) < count and not wrong:
            text = texts[number % len(texts)].replace(
                NUMBER.encode(), b"%0*d" % (NUMBER_WIDTH, next(_serial))
            )
            began = time.perf_counter()
            status, body = caller.call(text)
            taken.append(time.perf_counter() - began)
            if status != wanted:
                wrong.append(f"{status}: {body[:300].decode()}")
        caller.close()

    threads = [threading.Thread(target=work) for _ in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong or len(taken) < count:
        raise RuntimeError(f"{len(taken)} of {count} answered; {wrong[:1]}")
    return {"count": count, "taken": taken}


COMMANDS = {"call": call}
