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
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
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
# Routed by nobody, or by a cloud to its own machinery, whatever `is_global` says.
_REFUSED_V4 = tuple(
    map(ip_network, ("100.64.0.0/10", "192.0.0.0/24", "192.88.99.0/24", "168.63.129.16/32", "0.0.0.0/8"))
)
_GLOBAL_V6 = ip_network("2000::/3")
# For documentation (RFC 9637), which Python's own table does not know yet.
_REFUSED_V6 = ip_network("3fff::/20")
_NAT64 = ip_network("64:ff9b::/96")
_V4_COMPATIBLE = ip_network("::/96")


class ForbiddenUrl(ValueError):
    """The URL is not one that requests are sent to; the message says why."""


class Failed(Exception):
    """There was no answer; `why` says in one word what went wrong."""

    def __init__(self, why: str, detail: str = "") -> None:
        super().__init__(detail or why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request goes, taken apart."""

    secure: bool
    host: str
    port: int
    path: str

    @property
    def loopback(self) -> bool:
        """Whether it is this machine, which only a setting allows."""
        return self.host in _LOOPBACK_NAMES

    @property
    def host_header(self) -> str:
        usual = 443 if self.secure else 80
        return self.host if self.port == usual else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Answer:
    """The head of a response. Its body is never read."""

    status: int
    retry_after: str | None


def parse(url: str, *, allow_loopback: bool = False) -> Target:
    """The target of an `https` URL with a host name on port 443 or 8443, or raise ForbiddenUrl.

    With `allow_loopback`, localhost and 127.0.0.1 are targets as well, on any port and also by `http`.
    """
    if not url or len(url) > LONGEST_URL or not url.isascii():
        raise ForbiddenUrl(f"a webhook URL has 1 to {LONGEST_URL} ASCII characters")
    if re.search(r"[\x00-\x20\x7f\\#]", url):
        raise ForbiddenUrl("a webhook URL has no spaces, backslashes or fragment")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenUrl("this is not a URL") from error
    host = (parts.hostname or "").lower()
    if "@" in parts.netloc:
        raise ForbiddenUrl("a webhook URL names no user")
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
        raise ForbiddenUrl("a webhook URL begins with https://")
    if not _NAME.fullmatch(target.host):
        raise ForbiddenUrl("a webhook's host is a full name, not an address")
    if target.port not in PORTS:
        raise ForbiddenUrl(f"a webhook's port is 443 or 8443, not {target.port}")


def is_public(text: str) -> bool:
    """Whether this IP address, and any that it carries inside, belongs to the open internet."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    inner = _inside(address)
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


def _inside(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address to which an IPv6 one leads: mapped, 6to4, Teredo, NAT64 or the old compatible form."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if address in _NAT64 or address in _V4_COMPATIBLE:
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return None


def resolve(target: Target) -> list[str]:
    """Every address of the target's name, asked once; raise Failed unless all of them may be asked.

    One forbidden address among them is reason enough: which one is taken would be the name's owner's choice.
    """
    try:
        found = _looked_up(target)
    except TimeoutError as error:
        raise Failed("timeout", f"{target.host} was not resolved in {RESOLVE_SECONDS} s") from error
    except (OSError, UnicodeError) as error:
        raise Failed("unresolved", str(error)) from error
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    allowed = _is_this_machine if target.loopback else is_public
    if not addresses or not all(map(allowed, addresses)):
        raise Failed("blocked_address", f"{target.host} leads to a forbidden address")
    return addresses


def _looked_up(target: Target) -> list[Any]:
    """What the system's resolver says within `RESOLVE_SECONDS`; else TimeoutError.

    It cannot be told to stop, so it is asked in a thread that is left to itself when it takes too long.
    """
    answer: Future[list[Any]] = Future()

    def ask() -> None:
        try:
            answer.set_result(socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            answer.set_exception(error)

    Thread(target=ask, name="resolver", daemon=True).start()
    return answer.result(timeout=RESOLVE_SECONDS)


def _is_this_machine(address: str) -> bool:
    return ip_address(address).is_loopback


@lru_cache(maxsize=1)
def tls_context() -> ssl.SSLContext:
    """Certificates are verified against the system's authorities and the name of the host."""
    return ssl.create_default_context()


def post(target: Target, body: bytes, headers: Mapping[str, str]) -> Answer:
    """The head of the answer to one POST, in at most `TOTAL_SECONDS`, the look-up of the name included.

    The name is resolved once and the connection made to what it gave, so that no second look-up can lead
    elsewhere; the certificate and `Host` are still the name's. Redirects are answers like any other, proxies
    of the environment are not used. Raises Failed.
    """
    deadline = time.monotonic() + TOTAL_SECONDS
    addresses = resolve(target)
    try:
        with _connected(target, addresses, deadline) as connected:
            return _exchange(target, _Wire(connected, deadline), body, headers)
    except TimeoutError as error:
        raise Failed("timeout") from error
    except ssl.SSLError as error:
        raise Failed("tls", str(error)) from error
    except http.client.RemoteDisconnected as error:
        raise Failed("connection", str(error)) from error
    except http.client.HTTPException as error:
        raise Failed("protocol", str(error)) from error
    except OSError as error:
        raise Failed("connection", str(error)) from error


def _connected(target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
    """A connection to the first address that takes it, with TLS for the target's name."""
    raw = _first_that_answers(target, addresses, deadline)
    if not target.secure:
        return raw
    try:
        raw.settimeout(_left(deadline))
        return tls_context().wrap_socket(raw, server_hostname=target.host)
    except BaseException:
        raw.close()
        raise


def _first_that_answers(target: Target, addresses: Sequence[str], deadline: float) -> socket.socket:
    last: OSError | None = None
    for address in addresses[:MOST_ADDRESSES]:
        try:
            return socket.create_connection(
                (address, target.port), timeout=min(CONNECT_SECONDS, _left(deadline))
            )
        except OSError as error:
            last = error
    raise last or OSError(f"{target.host} has no address")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the time for the whole request is over")
    return left


def _exchange(target: Target, wire: "_Wire", body: bytes, headers: Mapping[str, str]) -> Answer:
    client = http.client.HTTPConnection(target.host, target.port)
    client.sock = wire
    client.request("POST", target.path, body, {"Host": target.host_header, "Connection": "close", **headers})
    response = client.getresponse()
    return Answer(response.status, response.getheader("Retry-After"))


class _Wire:
    """A connected socket as http.client uses one, that gives up at a deadline. Who connected it closes it."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self._socket = connected
        self._deadline = deadline

    def receive(self, buffer: memoryview) -> int:
        """Fill the buffer with what comes next; returns how many bytes."""
        self._socket.settimeout(_left(self._deadline))
        return self._socket.recv_into(buffer)

    def sendall(self, data: bytes) -> None:
        """Send all of it; the time is counted over the whole, not for each part."""
        rest = memoryview(data)
        while rest:
            self._socket.settimeout(_left(self._deadline))
            rest = rest[self._socket.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Head(self))

    def close(self) -> None:
        """Nothing: see above."""


class _Head(io.RawIOBase):
    """What comes over a wire, up to `MOST_BYTES`."""

    def __init__(self, wire: _Wire) -> None:
        self._wire = wire
        self._read = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        room = memoryview(buffer)[: max(MOST_BYTES - self._read, 0)]
        if not room:
            raise http.client.HTTPException(f"more than {MOST_BYTES} bytes before the end of the head")
        count = self._wire.receive(room)
        self._read += count
        return count
