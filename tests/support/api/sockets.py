"""Calling a web server over real sockets, each request on a connection of its own."""

import http.client
import itertools
import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from threading import Barrier
from typing import Any

_keys = itertools.count(1)


@dataclass(frozen=True)
class Answer:
    """An answer of the server."""

    status_code: int
    headers: Mapping[str, str]
    content: bytes

    def __getitem__(self, name: str) -> str:
        return self.headers[name]

    def __contains__(self, name: str) -> bool:
        return name in self.headers

    def json(self) -> Any:
        return json.loads(self.content)


@dataclass(frozen=True)
class LiveApi:
    """A caller of the server at `port`; `headers` hold the credential."""

    port: int
    headers: Mapping[str, str]

    def act(self, method: str, path: str, body: Any) -> Answer:
        """Send it with a fresh idempotency key and the body as JSON, where the method has a body."""
        if method == "GET":
            return self.get(path)
        return self.send(method, f"/api/v1/{path}", json.dumps(body or {}).encode(), self._json())

    def _json(self, key: str | None = None) -> dict[str, str]:
        key = f"live-{next(_keys)}" if key is None else key
        return {"Content-Type": "application/json", **({"Idempotency-Key": key} if key else {})}

    def send(
        self, method: str, path: str, raw: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send the request as it is given: nothing is added but the credential and the length."""
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            client.request(method, path, body=raw, headers={**self.headers, **(headers or {})})
            answer = client.getresponse()
            return Answer(answer.status, dict(answer.headers.items()), answer.read())
        finally:
            client.close()

    def get(self, path: str) -> Answer:
        return self.send("GET", f"/api/v1/{path}")

    def post(
        self, path: str, body: Any = None, *, key: str | None = None, raw: bytes | None = None
    ) -> Answer:
        """Post with a fresh idempotency key unless a key is given; `""` sends none."""
        content = json.dumps({} if body is None else body).encode() if raw is None else raw
        return self.send("POST", f"/api/v1/{path}", content, self._json(key))


def at_once(count: int, call: Callable[[], Answer]) -> list[Answer]:
    """Return the answers to that many calls, which all begin at the same instant."""
    barrier = Barrier(count)

    def one(_: int) -> Answer:
        barrier.wait(timeout=30)
        return call()

    with ThreadPoolExecutor(max_workers=count) as pool:
        return list(pool.map(one, range(count)))
