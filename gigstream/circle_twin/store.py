"""What the twin remembers, in one SQLite file: it outlives the twin and everything around it."""

import json
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

_TABLES = """
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS objects (
    position INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    created REAL NOT NULL,
    open INTEGER NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (kind, id)
);
CREATE INDEX IF NOT EXISTS objects_open ON objects (kind, position) WHERE open = 1;
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS ciphertexts (digest TEXT PRIMARY KEY);
"""

Body = dict[str, Any]


class Store:
    """Objects of a kind by id, in the order in which they came; answers by key; ciphertexts once seen."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.executescript(_TABLES)
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All that is written in the block is kept together, or nothing; one caller at a time."""
        with self._lock:
            if not self._depth:
                self._database.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._database.execute("ROLLBACK")
                raise
            else:
                if self._depth == 1:
                    self._database.execute("COMMIT")
            finally:
                self._depth -= 1

    def fact(self, name: str) -> str | None:
        with self._lock:
            row = self._database.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def set_fact(self, name: str, value: str) -> None:
        with self._lock:
            self._database.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def put(self, kind: str, body: Body, *, created: float, is_open: bool = False) -> None:
        """Keep the object, new or changed; it stays where it first came."""
        with self._lock:
            self._database.execute(
                "INSERT INTO objects (kind, id, created, open, body) VALUES (?, ?, ?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET open = excluded.open, body = excluded.body",
                (kind, body["id"], created, is_open, json.dumps(body)),
            )

    def get(self, kind: str, wanted: str) -> Body | None:
        with self._lock:
            row = self._database.execute(
                "SELECT body FROM objects WHERE kind = ? AND id = ?", (kind, wanted)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def all(self, kind: str, *, only_open: bool = False) -> list[Body]:
        """Every object of the kind, oldest first."""
        condition = " AND open = 1" if only_open else ""
        statement = f"SELECT body FROM objects WHERE kind = ?{condition} ORDER BY position"  # noqa: S608 - no value in it
        with self._lock:
            return [json.loads(row[0]) for row in self._database.execute(statement, (kind,))]

    def drop(self, kind: str, wanted: str) -> bool:
        with self._lock:
            done = self._database.execute("DELETE FROM objects WHERE kind = ? AND id = ?", (kind, wanted))
        return done.rowcount == 1

    def answer(self, key: str) -> tuple[str, int, Body] | None:
        """The request that used the key, and what it was answered."""
        with self._lock:
            row = self._database.execute(
                "SELECT request, status, body FROM answers WHERE key = ?", (key,)
            ).fetchone()
        return (row[0], row[1], json.loads(row[2])) if row else None

    def remember(self, key: str, request: str, status: int, body: Mapping[str, Any]) -> None:
        with self._lock:
            self._database.execute(
                "INSERT INTO answers VALUES (?, ?, ?, ?)", (key, request, status, json.dumps(body))
            )

    def first_use(self, digest: str) -> bool:
        """Whether a ciphertext with this digest has never come before; from now on it has."""
        with self._lock:
            done = self._database.execute("INSERT OR IGNORE INTO ciphertexts VALUES (?)", (digest,))
        return done.rowcount == 1

    def forget_everything(self) -> None:
        """As on the first day, but for the facts."""
        with self.transaction():
            for table in ("objects", "answers", "ciphertexts"):
                self._database.execute(f"DELETE FROM {table}")  # noqa: S608 - names from the line above
