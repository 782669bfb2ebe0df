"""Is anybody there? Asked by connecting, since a pid file outlives its process."""

import enum
import socket
import struct
from pathlib import Path

ANSWER_SECONDS = 2.0


class State(enum.Enum):
    """UP answers and serves; STARTING listens but does not serve (yet, or any more); DOWN does not listen."""

    UP = "up"
    STARTING = "starting"
    DOWN = "down"


def ask(address: Path, question: bytes, farewell: bytes = b"") -> bytes | None:
    """The first bytes answered at a Unix socket: None when nobody listens, b"" when nobody answers."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(ANSWER_SECONDS)
        try:
            line.connect(str(address))
        except TimeoutError:
            return b""
        except OSError:
            return None
        return _exchange(line, question, farewell)


def _exchange(line: socket.socket, question: bytes, farewell: bytes) -> bytes:
    try:
        line.sendall(question)
        answer = line.recv(1024)
        line.sendall(farewell)
    except OSError:
        return b""
    return answer


def listener_pid(address: Path) -> int | None:
    """Process id of whoever listens at a Unix socket; None when nobody does or the system cannot say."""
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
