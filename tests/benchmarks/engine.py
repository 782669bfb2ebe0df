"""GigStream's own release engine, as a process of its own: the work of a Celery worker."""

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from psycopg.pq import TransactionStatus

from gigstream.core import sql
from payments.streams.calculations import SHARDS
from payments.streams.services import release
from tests.benchmarks import plans
from tests.benchmarks.books import check_books


class Recorder:
    """Remembers every statement that Django sends, to be written down afterwards as a script for psql."""

    def __init__(self) -> None:
        self._sent: list[tuple[bool, str, Any]] = []

    def __call__(
        self, execute: Callable[..., Any], text: str, parameters: Any, many: bool, context: Any
    ) -> Any:
        session = context["connection"].connection
        begins = session.info.transaction_status == TransactionStatus.IDLE and not session.autocommit
        self._sent.append((begins, text, parameters))
        return execute(text, parameters, many, context)

    def forget(self) -> None:
        """Begin anew."""
        self._sent.clear()

    def write(self, script: Path) -> None:
        """Write the statements with their values in them, each transaction begun and committed where it
        was."""
        cursor = psycopg.ClientCursor(connection.connection)
        with script.open("w", encoding="utf-8") as out:
            opened = False
            for begins, text, parameters in self._sent:
                if begins:
                    out.write("COMMIT;\nBEGIN;\n" if opened else "BEGIN;\n")
                    opened = True
                out.write(cursor.mogrify(text, parameters) + ";\n")
            if opened:
                out.write("COMMIT;\n")


def run(now: str, worker_index: int, worker_count: int) -> dict[str, Any]:
    """Release the streams of this worker's shards that are due at `now`."""
    count = release.release_due_streams(
        now=datetime.fromisoformat(now), worker_index=worker_index, worker_count=worker_count
    )
    return {"count": count}


recorder = Recorder()


def record(now: str) -> dict[str, Any]:
    """Release all shards, with every statement remembered."""
    recorder.forget()
    with connection.execute_wrapper(recorder):
        return run(now, 0, 1)


def write(script: str) -> dict[str, Any]:
    """Write the remembered statements as a script."""
    recorder.write(Path(script))
    return {}


def pick(now: str) -> dict[str, Any]:
    """Measure how long finding and locking a batch of every shard takes, in seconds; release nothing."""
    at, text = datetime.fromisoformat(now), sql.text("payments/streams/pick_due")
    seconds, found = 0.0, 0
    for shard in range(SHARDS):
        with plans.undone():
            began = time.perf_counter()
            values = {"shard": shard, "now": at, "limit": settings.RELEASE_BATCH_SIZE, "stream": None}
            row = sql.rows(text, values)[0]
            seconds += time.perf_counter() - began
            found += row["picked"]
    return {"seconds": seconds, "count": found}


def explain(now: str) -> dict[str, list[str]]:
    """Return the plans behind a batch."""
    at = datetime.fromisoformat(now)
    return plans.explain(lambda: release.release_batch(0, at, settings.RELEASE_BATCH_SIZE))


COMMANDS = {
    "check_books": check_books,
    "run": run,
    "record": record,
    "write": write,
    "pick": pick,
    "explain": explain,
}
