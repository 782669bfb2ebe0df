"""State of the simulator, in memory and in a journal that survives a crash of the machine."""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

Body = dict[str, Any]
# A table, a key and its new value; None deletes it.
Change = tuple[str, str, Any]
FACTS, ANSWERS, CIPHERTEXTS, OBJECTS = "facts", "answers", "ciphertexts", "objects:"


class Store:
    """Store of objects by kind and id in order of creation, of answers by key, and of used ciphertexts."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = RLock()
        self._tables: dict[str, dict[str, Any]] = {}
        self._due: dict[str, dict[str, float]] = {}
        self._depth = 0
        self._changes: list[Change] = []
        self._undo: list[Callable[[], None]] = []
        self._journal = path.open("a+b")
        self._begin_again()

    def _begin_again(self) -> None:
        """Load the journal; an unfinished last line is dropped."""
        self._journal.seek(0)
        end = 0
        for line in self._journal:
            if not line.endswith(b"\n"):
                break
            end += len(line)
            for table, key, value in json.loads(line):
                self._set(table, key, value)
        self._journal.truncate(end)
        self._undo.clear()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Write the changes of the block together or not at all, for a single caller at a time."""
        with self._lock:
            self._depth += 1
            try:
                yield
            except BaseException:
                if self._depth == 1:
                    self._take_back()
                raise
            else:
                if self._depth == 1:
                    self._keep()
            finally:
                self._depth -= 1

    def _keep(self) -> None:
        if self._changes:
            self._journal.write(json.dumps(self._changes).encode() + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
        self._changes, self._undo = [], []

    def _take_back(self) -> None:
        for undo in reversed(self._undo):
            undo()
        self._changes, self._undo = [], []

    def _write(self, table: str, key: str, value: Any) -> None:
        with self.transaction():
            before = self._tables.get(table, {}).get(key)
            self._undo.append(lambda: self._set(table, key, before))
            self._changes.append((table, key, value))
            self._set(table, key, value)

    def _set(self, table: str, key: str, value: Any) -> None:
        rows, due = self._tables.setdefault(table, {}), self._due.setdefault(table, {})
        due.pop(key, None)
        if value is None:
            rows.pop(key, None)
            return
        rows[key] = value
        if table.startswith(OBJECTS) and value[0] is not None:
            due[key] = value[0]

    def _read(self, table: str, key: str) -> Any:
        with self._lock:
            return self._tables.get(table, {}).get(key)

    def fact(self, name: str) -> str | None:
        return self._read(FACTS, name)

    def set_fact(self, name: str, value: str) -> None:
        self._write(FACTS, name, value)

    def put(self, kind: str, body: Body, *, due: float | None = None) -> None:
        """Store a new or changed object, which keeps its place in the order; it is processed at `due`."""
        self._write(OBJECTS + kind, body["id"], [due, json.dumps(body)])

    def get(self, kind: str, wanted: str) -> Body | None:
        found = self._read(OBJECTS + kind, wanted)
        return json.loads(found[1]) if found else None

    def all(self, kind: str) -> list[Body]:
        """Return the objects of a kind, oldest first."""
        with self._lock:
            texts = [text for _, text in self._tables.get(OBJECTS + kind, {}).values()]
        return [json.loads(text) for text in texts]

    def due(self, kind: str, by: float) -> list[Body]:
        """Return the objects that are due by a time, in the order of their last change."""
        with self._lock:
            rows, due = self._tables.get(OBJECTS + kind, {}), self._due.get(OBJECTS + kind, {})
            texts = [rows[key][1] for key, at in due.items() if at <= by]
        return [json.loads(text) for text in texts]

    def drop(self, kind: str, wanted: str) -> bool:
        with self.transaction():
            there = self._read(OBJECTS + kind, wanted) is not None
            if there:
                self._write(OBJECTS + kind, wanted, None)
        return there

    def answer(self, key: str) -> tuple[str, int, Body] | None:
        """Return the request that used the key, with status and body of its answer."""
        found = self._read(ANSWERS, key)
        return (found[0], found[1], json.loads(found[2])) if found else None

    def remember(self, key: str, request: str, status: int, body: Mapping[str, Any]) -> None:
        self._write(ANSWERS, key, [request, status, json.dumps(body)])

    def first_use(self, digest: str) -> bool:
        """Whether a ciphertext with this digest is new; remember it."""
        with self.transaction():
            first = self._read(CIPHERTEXTS, digest) is None
            if first:
                self._write(CIPHERTEXTS, digest, True)
        return first

    def forget_everything(self) -> None:
        """Delete all state but the facts, which hold the keys."""
        with self.transaction():
            for table, rows in self._tables.items():
                for key in [] if table == FACTS else list(rows):
                    self._write(table, key, None)
