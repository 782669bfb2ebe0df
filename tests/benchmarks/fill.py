"""Databases full of streams that are due together, made in bulk so that their books hold."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from payments.ledger.services.accounts import RANGE
from payments.streams.calculations import SHARDS

HERE = Path(__file__).parent
INTERVAL = timedelta(minutes=1)
DAY_SECONDS = 86_400
IDLE_SECONDS = 30 * DAY_SECONDS

# The n-th row of a kind, in key order of n as UUIDv7 is; temporary, so that it goes with the session.
MADE_ID = """
    CREATE OR REPLACE FUNCTION pg_temp.made_id(kind text, n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
    RETURN (
        lpad(to_hex(1700000000000 + n), 12, '0') || '7' || substr(md5(kind || n), 1, 3)
        || '8' || substr(md5(kind || n), 4, 15))::uuid
"""
HOT_TABLES = ("streams", "accounts", "ledger_entries", "audit_logs")


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many streams over so many workers and platforms, begun two hours ago."""

    streams: int
    workers: int
    platforms: int
    start_at: datetime

    @classmethod
    def of(cls, streams: int, workers: int, platforms: int) -> "Crowd":
        start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=2)
        return cls(streams, workers, platforms, start)

    def due_at(self, number: int) -> datetime:
        """Return when every stream's release of that number is due: moving on by an interval makes all due
        again."""
        return self.start_at + INTERVAL * (number + 1)


def fill(url: str, crowd: Crowd) -> None:
    """Fill the freshly migrated database with the crowd and its due streams."""
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        _run(connection, "people.sql", workers=crowd.workers, platforms=crowd.platforms, range=RANGE)
        _add_streams(connection, crowd, 1, crowd.streams, interval=INTERVAL.seconds, duration=DAY_SECONDS)
    _settle(url)


def add_idle(url: str, crowd: Crowd, count: int) -> None:
    """So many more active streams, none of them due for a month."""
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        first = crowd.streams + 1
        _add_streams(
            connection, crowd, first, crowd.streams + count, interval=IDLE_SECONDS, duration=IDLE_SECONDS
        )
    _settle(url)


def fill_people(url: str, *, workers: int, platforms: int) -> None:
    """Fill the freshly migrated database with workers and platforms that have done nothing."""
    run_file(url, "people.sql", workers=workers, platforms=platforms, range=RANGE)


def run_file(url: str, name: str, **parameters: Any) -> None:
    """Run an SQL file of this folder, then take statistics."""
    with psycopg.connect(url, cursor_factory=psycopg.ClientCursor) as connection:
        _run(connection, name, **parameters)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")


def _add_streams(
    connection: psycopg.Connection, crowd: Crowd, first: int, last: int, *, interval: int, duration: int
) -> None:
    _run(
        connection,
        "streams.sql",
        first=first,
        last=last,
        workers=crowd.workers,
        platforms=crowd.platforms,
        start_at=crowd.start_at,
        interval=interval,
        duration=duration,
        shards=SHARDS,
    )


def _run(connection: psycopg.Connection, name: str, **parameters: Any) -> None:
    connection.execute(MADE_ID)
    connection.execute((HERE / name).read_text(encoding="utf-8"), parameters)


def _settle(url: str) -> None:
    """Statistics are fresh, and autovacuum leaves the tables of the release to the pause between rounds."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE")
        for table in HOT_TABLES:
            connection.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
