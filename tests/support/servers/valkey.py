"""A Valkey of a test's own, which may be stopped, hung and killed."""

import contextlib
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from redis import Redis, RedisError

from gigstream.embedded import home, valkey

START_SECONDS = 30


class OwnValkey:
    """A server on a Unix socket, or on a TCP port of this machine, that keeps its data over its deaths."""

    def __init__(self, folder: Path, *, tcp: bool = False) -> None:
        self._folder = folder
        self._port = _free_port() if tcp else 0
        self._socket = folder / "valkey.sock"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def broker_url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0" if self._port else f"redis+socket://{self._socket}"

    @property
    def cache_url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/1" if self._port else f"unix://{self._socket}?db=1"

    def start(self) -> None:
        """Start the server and return once it answers."""
        command = [
            str(home.find_program(valkey.PACKAGE, "_binaries/*/valkey-server")),
            *("--port", str(self._port), "--bind", "127.0.0.1", "--dir", str(self._folder)),
            *("--unixsocket", str(self._socket), "--appendonly", "yes", "--save", ""),
        ]
        with (self._folder / "valkey.log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            assert time.monotonic() < deadline, (self._folder / "valkey.log").read_text()
            time.sleep(0.02)

    def hang(self) -> None:
        """Stop the server's process: connections stay, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def go_on(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        """Kill the server and return once it is gone."""
        if self._process is not None:
            self._signal(signal.SIGKILL)
            self._process.wait(timeout=START_SECONDS)
            self._process = None

    def client(self) -> Redis:
        return Redis.from_url(self.cache_url, socket_timeout=5)

    def _answers(self) -> bool:
        with contextlib.suppress(RedisError, OSError):
            return bool(self.client().ping())
        return False

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)


@contextmanager
def own_valkey(*, tcp: bool = False) -> Iterator[OwnValkey]:
    """Run a server for as long as the block lasts."""
    # Not below pytest's folder, whose path is too long for a socket.
    with tempfile.TemporaryDirectory(prefix="gs-", dir="/tmp") as folder:
        server = OwnValkey(Path(folder), tcp=tcp)
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]
