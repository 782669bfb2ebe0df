"""Probes of a server by connecting to its socket, because a pid file outlives its process."""

import enum
import socket
import struct
from pathlib import Path

ANSWER_SECONDS = 2.0


class State(enum.Enum):
    """State of a server: UP serves; STARTING listens but does not serve (yet, or any more); DOWN does not
    listen."""

    UP = "up"
    STARTING = "starting"
    DOWN = "down"


def probe_socket(address: Path, question: bytes, farewell: bytes = b"") -> bytes | None:
    """Send bytes to a Unix socket and return the first bytes of the answer.

    Returns None without a listener, b"" without an answer.
    """
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(address))
        except TimeoutError:
            return b""
        except OSError:
            return None
        return _exchange_bytes(line, question, farewell)


def _exchange_bytes(line: socket.socket, question: bytes, farewell: bytes) -> bytes:
    try:
        line.sendall(question)
        answer = line.recv(1024)
        line.sendall(farewell)
    except OSError:
        return b""
    return answer


def listener_pid(address: Path) -> int | None:
    """Return the process id of the listener at a Unix socket; None without a listener or if unknown."""
    option = getattr(socket, "SO_PEERCRED", None)
    if option is None:
        return None
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(address))
            credentials = line.getsockopt(socket.SOL_SOCKET, option, struct.calcsize("3i"))
        except OSError:
            return None
    return int(struct.unpack("3i", credentials)[0]) or None
