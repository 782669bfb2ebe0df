"""The server that is measured, and databases of the benchmarks' own on it; nobody else's are touched."""

import io
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import redis
from django.conf import settings
from django.core.management import call_command
from django.db import connection

from gigstream import embedded
from tests.support.servers.broker import numbered

ROOT = Path(__file__).resolve().parents[2]
# Redis databases for the nudges and the cache, away from the demo's and the tests'.
BROKER, CACHE = 14, 15
EMPTY = "empty"
# As in production: no statement is remembered, and only warnings are logged.
QUIET = {"DEBUG": "false", "LOG_LEVEL": "WARNING"}
SAID_OF_THE_SERVER = (
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "data_checksums",
    "shared_buffers",
    "max_wal_size",
    "jit",
)


class Server:
    """The embedded PostgreSQL, or the server that DATABASE_URL names. Leaves no database behind."""

    def __init__(self, prefix: str) -> None:
        self._url = os.environ.get("DATABASE_URL") or embedded.database_url()
        self._prefix = prefix
        self._made: list[str] = []
        self.admin = psycopg.connect(self._url, autocommit=True)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        for name in self._made:
            self._drop(name)
        self.admin.close()
        _delete_nudges()

    def url(self, name: str) -> str:
        return urlsplit(self._url)._replace(path=f"/{self._prefix}_{name}").geturl()

    def create(self, name: str, *, like: str | None = None) -> str:
        """Create an empty database, or a copy of another that nobody is connected to; return its URL."""
        self._drop(name)
        self._made.append(name)
        copied = f" TEMPLATE {self._prefix}_{like}" if like else ""
        self.admin.execute(f"CREATE DATABASE {self._prefix}_{name}{copied}")
        return self.url(name)

    def create_migrated(self, name: str) -> str:
        """Create a database with GigStream's tables and no rows."""
        if EMPTY not in self._made:
            manage("migrate", url=self.create(EMPTY))
        return self.create(name, like=EMPTY)

    def _drop(self, name: str) -> None:
        drop = f"DROP DATABASE IF EXISTS {self._prefix}_{name} WITH (FORCE)"
        try:
            self.admin.execute(drop)
        except psycopg.errors.InsufficientPrivilege:
            # Autovacuum is at work there, as a superuser.
            self._as_superuser(self._url, drop)

    def checkpoint(self) -> None:
        """Flush all earlier writes, so that no measurement pays for another's."""
        self._as_superuser(self._url, "CHECKPOINT")

    def count_statements(self, name: str) -> None:
        """Let `statements` count the statements of that database and its copies, where the server can."""
        self._as_superuser(self.url(name), "CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    def _as_superuser(self, url: str, statement: str) -> None:
        """Run it as the present user or, on the embedded server, as `postgres`. Elsewhere it may be left
        out."""
        try:
            with psycopg.connect(url, autocommit=True) as session:
                session.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            if not os.environ.get("DATABASE_URL"):
                with psycopg.connect(url, user="postgres", autocommit=True) as superuser:
                    superuser.execute(statement)

    def statements(self, name: str) -> int | None:
        """Return the number of statements that the database has had, beginnings and ends of transactions
        included. None where the server does not count them."""
        counted = """
            SELECT sum(calls)::bigint FROM pg_stat_statements
            WHERE toplevel AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())
        """
        try:
            with psycopg.connect(self.url(name)) as session:
                return session.execute(counted).fetchone()[0]
        except psycopg.errors.Error:
            return None

    def count_rows(self, name: str, tables: Sequence[str]) -> dict[str, int]:
        """Return the number of rows in each of these tables of that database."""
        with psycopg.connect(self.url(name)) as session:
            return {table: session.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}

    def version(self) -> str:
        return self.admin.execute("SHOW server_version").fetchone()[0].split()[0]

    def settings(self) -> dict[str, str]:
        """Return the settings that decide how fast and how safely it writes."""
        return {name: self.admin.execute(f"SHOW {name}").fetchone()[0] for name in SAID_OF_THE_SERVER}


def environment(url: str) -> dict[str, str]:
    """Return the environment in which a GigStream process works on that database as it would in
    production, undisturbed."""
    given = os.environ.get("REDIS_URL")
    return os.environ | {
        "DATABASE_URL": url,
        "REDIS_URL": numbered(given, BROKER) if given else embedded.broker_url(db=BROKER),
        "CACHE_URL": numbered(given, CACHE) if given else embedded.cache_url(db=CACHE),
        "DJANGO_SETTINGS_MODULE": "gigstream.settings",
        **QUIET,
    }


def _delete_nudges() -> None:
    """Delete the messages of the releases: no worker will take them."""
    given = os.environ.get("REDIS_URL")
    url = numbered(given, BROKER) if given else embedded.cache_url(db=BROKER)
    with redis.Redis.from_url(url) as broker:
        broker.delete(*(queue.name for queue in settings.CELERY_TASK_QUEUES))


def manage(command: str, *arguments: str, url: str) -> None:
    """Run a management command on that database, in this process."""
    with on_database(url):
        call_command(command, *arguments, stdout=io.StringIO())


@contextmanager
def on_database(url: str) -> Iterator[None]:
    """Have this process work on that database for as long as the block lasts."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = urlsplit(url).path[1:]
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
