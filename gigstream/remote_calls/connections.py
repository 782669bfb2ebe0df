"""Connections with limits, for services whose clients bring none: they try once, follow no redirect, and
read no answer beyond a size and a time."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import urllib3

from gigstream.remote_calls.errors import ServiceUnavailable

CONNECT_SECONDS = 2
CHUNK = 65_536
# Failures before anything can have been sent.
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
        """Yield the answer's body. Raises ProtocolError for an answer that is too large, or that drips:
        urllib3 limits each wait, not all of them together."""
        ends, size = time.monotonic() + self._seconds, 0
        while chunk := answer.read1(CHUNK, decode_content=True):
            size += len(chunk)
            if size > self._largest or time.monotonic() > ends:
                raise urllib3.exceptions.ProtocolError("the answer is too large or too slow")
            yield chunk


@contextmanager
def translated_errors(*not_understood: type[Exception]) -> Iterator[None]:
    """Raise ServiceUnavailable for the errors of a connection, and for these, which say that the answer
    cannot be understood."""
    try:
        yield
    except NOT_SENT as error:
        raise ServiceUnavailable(f"no connection: {type(error).__name__}", sent=False) from None
    except urllib3.exceptions.HTTPError as error:
        raise ServiceUnavailable(f"no answer: {type(error).__name__}") from None
    except not_understood as error:
        raise ServiceUnavailable(f"the answer cannot be understood: {error}") from None
