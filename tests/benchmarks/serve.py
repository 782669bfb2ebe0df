"""The other end of a contender: `python -m tests.benchmarks.serve MODULE` serves that module's COMMANDS."""

import importlib
import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

import django
from django.db import connection


def backend() -> dict[str, int]:
    """Return the process id of this process's PostgreSQL backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return {"pid": cursor.fetchone()[0]}


def serve(commands: Mapping[str, Callable[..., dict[str, Any]]]) -> None:
    """Read a command with its arguments from each line; answer each by a line."""
    for line in sys.stdin:
        asked = json.loads(line)
        answer = commands[asked.pop("do")](**asked)
        sys.stdout.write(f"{json.dumps(answer)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    django.setup()
    serve({"backend": backend, **importlib.import_module(sys.argv[1]).COMMANDS})
