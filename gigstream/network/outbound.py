"""Requests to addresses that strangers choose: to public ones only, pinned, bounded in time and in bytes.

Python's own HTTP client over a socket of ours, because the client libraries choose the address themselves and
bound each wait but not their sum: a peer that drips one byte a second would hold a request for hours.
"""

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

LONGEST_URL = 500
PORTS = frozenset({443, 8443})
RESOLVE_SECONDS = 5.0
CONNECT_SECONDS = 2.0
TOTAL_SECONDS = 15.0
MOST_BYTES = 65_536
MOST_ADDRESSES = 4

_NAME = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1"})
# Routed nowhere, or by a cloud to its own services, although `is_global` may be true.
_REFUSED_V4 = tuple(
    map(ip_network, ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "0.0.0.0/8"))
)
_GLOBAL_V6 = ip_network("2000::/3")
# For documentation (RFC 9637), which Python's own table does not know yet.
_REFUSED_V6 = ip_network("3fff::/20")
_NAT64 = ip_network("64:ff9b::/96")
_V4_COMPATIBLE = ip_network("::/96")


class ForbiddenUrl(ValueError):
    """The URL is not allowed as a target of requests; the message says why."""


class RequestFailed(Exception):
    """A request got no response; `reason` is the error class in a word."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(detail or reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Target:
    """The parts of a request's URL."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def loopback(self) -> bool:
        """Whether the host is this machine, which only a setting allows."""
        return self.host in _LOOPBACK_NAMES

    @property
    def host_header(self) -> str:
        usual = 443 if self.secure else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class ResponseHead:
    """The head of a response. Its body is never read."""

    status: int
    retry_after: str | None


@dataclass(frozen=True, slots=True)
class Response:
    """A response with its whole body; `content_type` is in lower case and without parameters."""

    status: int
    content_type: str
    body: bytes


def parse_url(url: str, *, allow_loopback: bool = False) -> Target:
    """Return the target of an `https` URL with a host name on port 443 or 8443. Raise ForbiddenUrl.

    With `allow_loopback`, localhost and 127.0.0.1 are targets as well, on any port and also by `http`.
    """
    if not url or len(url) > LONGEST_URL or not url.isascii():
        raise ForbiddenUrl(f"a URL has 1 to {LONGEST_URL} ASCII characters")
    if re.search(r"[\x00-\x20\x7f\\#]", url):
        raise ForbiddenUrl("a URL has no spaces, backslashes or fragment")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenUrl("this is not a URL") from error
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc:
        raise ForbiddenUrl("a URL names no user")
    target = Target(
        secure=parts.scheme == "https",
        host=host,
        port=port if port is not None else 443 if parts.scheme == "https" else 80,
        path=(parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
    )
    if not (allow_loopback and target.loopback and parts.scheme in ("http", "https")):
        _require_public(parts.scheme, target)
    return target


def _require_public(scheme: str, target: Target) -> None:
    if scheme != "https":
        raise ForbiddenUrl("a URL begins with https://")
    if not _NAME.fullmatch(target.host):
        raise ForbiddenUrl("a URL's host is a full name, not an address")
    if target.port not in PORTS:
        raise ForbiddenUrl(f"a URL's port is 443 or 8443, not {target.port}")


def is_public(text: str) -> bool:
    """Whether this IP address, and any that it carries inside, belongs to the open internet."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    inner = _embedded_ipv4(address)
    if inner is not None:
        return is_public(str(inner))
    refused = (
        address.is_multicast
        or address.is_reserved
        or address.is_loopback
        or address.is_link_local
        or address.is_unspecified
    )
    if isinstance(address, IPv4Address):
        refused = refused or any(address in network for network in _REFUSED_V4)
    else:
        refused = (
            refused or address not in _GLOBAL_V6 or address in _REFUSED_V6 or address.scope_id is not None
        )
    return address.is_global and not refused


def _embedded_ipv4(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address inside an IPv6 address: mapped, 6to4, Teredo, NAT64 or the old compatible
    form."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def resolve_host(target: Target) -> list[str]:
    """Return all addresses of the target's host name. Raise RequestFailed if any of them is forbidden: the
    owner of the name decides which address would be used."""
    try:
        found = _look_up(target)
    except TimeoutError as error:
        raise RequestFailed("timeout", f"{target.host} was not resolved in {RESOLVE_SECONDS} s") from error
    except (OSError, UnicodeError) as error:
        raise RequestFailed("unresolved", str(error)) from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    allowed = _is_this_machine if target.loopback else is_public
    if not addresses or not all(map(allowed, addresses)):
        raise RequestFailed("blocked_address", f"{target.host} leads to a forbidden address")
    return addresses


def _look_up(target: Target) -> list[Any]:
    """Return the answer of the system's resolver. Raise TimeoutError after `RESOLVE_SECONDS`.

    The resolver cannot be interrupted, so it runs in a thread that is abandoned when it takes too long.
    """
    answer: Future[list[Any]] = Future()

    def look_up() -> None:
        try:
            answer.set_result(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    Thread(target=look_up, name="resolver", daemon=True).start()
    return answer.result(timeout=RESOLVE_SECONDS)


def _is_this_machine(address: str) -> bool:
    return ip_address(address).is_loopback


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Return the context that verifies certificates against the system's authorities and the host's name."""
    return ssl.create_default_context()


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> ResponseHead:
    """Send a POST and return the head of the response, in at most `TOTAL_SECONDS`, the look-up of the name
    included. Raise RequestFailed.

    The name is resolved once and the connection made to an address found then, so that no second look-up can
    lead elsewhere; the certificate and `Host` are still the name's. Redirects are returned, not followed;
    proxies of the environment are not used.
    """
    with _response_to(target, "POST", body, headers, TOTAL_SECONDS) as response:
        return ResponseHead(response.status, response.getheader("Retry-After"))


def exchange(
    target: Target, method: str, *, body: bytes | None = None, headers: Mapping[str, str], seconds: float
) -> Response:
    """Send a request and return the whole response, as `post` does, in at most so many seconds. Raise
    RequestFailed, also for a response of more than `MOST_BYTES`."""
    with _response_to(target, method, body, headers, seconds) as response:
        content_type = response.getheader("Content-Type", "").partition(";")[0].strip().lower()
        return Response(response.status, content_type, response.read())


@contextmanager
def _response_to(
    target: Target, method: str, body: bytes | None, headers: Mapping[str, str], seconds: float
) -> Iterator[http.client.HTTPResponse]:
    """Yield the response to the request, read up to the end of its head. Raise RequestFailed for errors of
    the connection, also in the block."""
    deadline = time.monotonic() + seconds
    addresses = resolve_host(target)
    try:
        with _connect_securely(target, addresses, deadline) as connected:
            client = http.client.HTTPConnection(target.host, target.port)
            client.sock = _Wire(connected, deadline)
            fixed = {"Host": target.host_header, "Connection": "close"}
            client.request(method, target.path, body, {**fixed, **headers})
            yield client.getresponse()
    except TimeoutError as error:
        raise RequestFailed("timeout") from error
    except ssl.SSLError as error:
        raise RequestFailed("tls", str(error)) from error
    except http.client.RemoteDisconnected as error:
        raise RequestFailed("connection", str(error)) from error
    except http.client.HTTPException as error:
        raise RequestFailed("protocol", str(error)) from error
    except OSError as error:
        raise RequestFailed("connection", str(error)) from error


def _connect_securely(target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
    """Connect to the first address that accepts, with TLS for the target's name."""
    raw = _connect_to_any(target, addresses, deadline)
    if not target.secure:
        return raw
    try:
        raw.settimeout(_seconds_left(deadline))
        return tls_context().wrap_socket(raw, server_hostname=target.host)
    except BaseException:
        raw.close()
        raise


def _connect_to_any(target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
    last: OSError | None = None
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return socket.create_connection(
                (address, target.port), timeout=min(CONNECT_SECONDS, _seconds_left(deadline))
            )
        except OSError as error:
            last = error
    raise last or OSError(f"{target.host} has no address")


def _seconds_left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the whole request is over")
    return left


class _Wire:
    """A connected socket in the form that http.client needs, with a deadline. Its owner closes it."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def receive(self, buffer: memoryview) -> int:
        """Fill the buffer with the next bytes received; return how many."""
        self._socket.settimeout(_seconds_left(self._deadline))
        return self._socket.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        """Send all data; the deadline holds for the whole, not for each part."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(_seconds_left(self._deadline))
            rest = rest[self._socket.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Head(self))

    def close(self) -> None:
        """Leave the socket open for its owner."""


class _Head(io.RawIOBase):
    """A reader of the first `MOST_BYTES` from a wire."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)[: max(MOST_BYTES - self._read, 0)]
        if not room:
            raise http.client.HTTPException(f"more than {MOST_BYTES} bytes")
        count = self._wire.receive(room)
        self._read += count
        return count
