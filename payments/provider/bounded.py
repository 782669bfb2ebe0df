"""Connections with limits, for services whose clients bring none: they try once, follow no redirect, and
read no answer beyond a size and a time."""

import time
from collections.abc import Iterator
from typing import Any

import urllib3

CONNECT_SECONDS = 2
CHUNK = 65_536
# What failed before anything can have been sent.
NOT_SENT = (
    urllib3.exceptions.NewConnectionError,
    urllib3.exceptions.ConnectTimeoutError,
    urllib3.exceptions.SSLError,
)


class BoundedPool(urllib3.PoolManager):
    """Reads answers of up to `largest` bytes, within `seconds` from their first byte."""

    def __init__(self, *, seconds: float, largest: int) -> None:
        super().__init__(num_pools=2, maxsize=8, retries=urllib3.Retry(False))
        self._seconds, self._largest = seconds, largest

    def request(self, *arguments: Any, **options: Any) -> Any:
        wanted = {**options, "preload_content": False, "redirect": False}
        with super().request(*arguments, **wanted) as answer:
            body = b"".join(self._chunks(answer))
            return urllib3.HTTPResponse(
                body=body, status=answer.status, reason=answer.reason, headers=answer.headers
            )

    def _chunks(self, answer: urllib3.BaseHTTPResponse) -> Iterator[bytes]:
        """The answer's body. Raises ProtocolError for one that is too large, or that drips: urllib3 limits
        each wait, not all of them together."""
        ends, size = time.monotonic() + self._seconds, 0
        while chunk := answer.read1(CHUNK, decode_content=True):
            size += len(chunk)
            if size > self._largest or time.monotonic() > ends:
                raise urllib3.exceptions.ProtocolError("the answer is too large or too slow")
            yield chunk
