"""Web servers as contenders: each a process, perhaps with children, that answers on a port of its own."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import psycopg

from tests.benchmarks.contenders import DRIZZLE, node
from tests.benchmarks.databases import ROOT, environment
from tests.support.servers.processes import CONFIGURED, NO_RATE_LIMIT

GIGSTREAM = "GigStream"
APPLICATION = "gigstream.wsgi:application"
PATIENCE_SECONDS = 60
Command = Callable[[int], Sequence[str | Path]]


class WebServer:
    """A server that answers on `port`; its sessions in PostgreSQL bear `name`."""

    def __init__(self, name: str, command: Command, url: str, **env: str) -> None:
        self.name = name
        self.port = _free_port()
        named = {"PGAPPNAME": name, "PORT": str(self.port), **NO_RATE_LIMIT, **env}
        self._process = subprocess.Popen(
            command(self.port), cwd=ROOT, env=environment(url) | named, stdout=subprocess.DEVNULL
        )
        self._wait()

    def _wait(self) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    self._process.kill()
                    raise RuntimeError(f"{self.name} does not answer") from None
                time.sleep(0.05)
            else:
                return

    def pids(self) -> list[int]:
        """Return the process and all that it has started."""
        found = [self._process.pid]
        for pid in found:
            found += [int(child) for child in _children(pid) if int(child) not in found]
        return found

    def backends(self, admin: psycopg.Connection) -> list[int]:
        """Return the process ids of its PostgreSQL backends."""
        asked = "SELECT pid FROM pg_stat_activity WHERE application_name = %s"
        return [pid for (pid,) in admin.execute(asked, [self.name])]

    def close(self) -> None:
        self._process.terminate()
        self._process.wait()


def _children(pid: int) -> list[str]:
    return [
        child for told in Path(f"/proc/{pid}/task").glob("*/children") for child in told.read_text().split()
    ]


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


def granian(processes: int, threads: int, application: str = APPLICATION) -> Command:
    """Granian, which speaks HTTP in Rust and calls the application from threads of its own."""
    words = ["--workers", str(processes), "--blocking-threads", str(threads), "--no-ws", application]
    return lambda port: _python("granian", "--interface", "wsgi", "--port", str(port), *words)


def gunicorn(processes: int, threads: int, application: str = APPLICATION) -> Command:
    """Start Gunicorn with threads, or with a single request at a time for each process."""
    words = ["--workers", str(processes), "--threads", str(threads), "--log-level", "error", application]
    return lambda port: _python("gunicorn", *CONFIGURED, "--bind", f"127.0.0.1:{port}", *words)


def _python(module: str, *words: str) -> list[str]:
    return [sys.executable, "-m", module, *words]


def hono() -> Command:
    """Hono and Drizzle in Node."""
    return lambda _: [node(), DRIZZLE / "api.mjs"]


def web(application: str = APPLICATION) -> Command:
    """Start the server as the application is deployed."""
    return gunicorn(2, 4, application)
