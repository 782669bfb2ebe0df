"""A ClickHouse in a process of its own, that can be away and come back."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

from tests.support.repository import ROOT


class ClickHouse:
    """A server on a folder, always at the same port once it has one."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._port = folder, 0
        self._process: subprocess.Popen[str] | None = None
        self.start()

    @property
    def url(self) -> str:
        return f"clickhouse://default:@127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "tests.support.servers.clickhouse_server"),
                *(str(self._folder), str(self._port)),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        self._port = int(self._process.stdout.readline())

    def stop(self) -> None:
        """End the server; what it has answered stays on its folder."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=60)
            self._process = None

    def lose_rows(self, inserts: int) -> None:
        """Have so many inserts lose their last row, though they are answered as any other."""
        self._post(f"/control?losses={inserts}", b"")

    def run(self, statement: str) -> str:
        """Run a statement past the client; return its answer in tabs."""
        return self._post("/", statement.encode())

    def _post(self, path: str, body: bytes) -> str:
        request = Request(f"http://127.0.0.1:{self._port}{path}", data=body, method="POST")
        with urlopen(request, timeout=120) as answer:  # noqa: S310
            return answer.read().decode()


@contextmanager
def run_clickhouse(folder: Path) -> Iterator[ClickHouse]:
    """Run a server with no table, for as long as the block lasts."""
    server = ClickHouse(folder)
    try:
        yield server
    finally:
        server.stop()
