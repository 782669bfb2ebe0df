"""Events for platforms: recorded in the transaction of the fact, numbered at its end."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import connection

from audit.context import current_actor
from audit.jobs import ring
from gigstream.lib import sql
from gigstream.lib.api.rendering import dump
from gigstream.lib.db import at_the_end
from gigstream.lib.ids import new_id
from platforms.enums import EventType

_SQL = Path(__file__).resolve().parent.parent / "sql"


@dataclass(frozen=True, slots=True)
class Fact:
    """What one platform is to be told. `payload` is the text of a JSON object, and stays text."""

    platform_id: UUID
    type: EventType
    payload: str
    at: datetime

    @classmethod
    def of(cls, platform_id: UUID, type_: EventType, values: Mapping[str, Any], at: datetime) -> "Fact":
        """From values that the API can answer with, in the same words."""
        return cls(platform_id, type_, dump(values).decode(), at)


_watched: ContextVar[list[Fact] | None] = ContextVar("watched_facts", default=None)


def record_events(facts: Iterable[Fact]) -> None:
    """The platforms will have these events, in this order, when the caller's transaction commits.

    All events of a transaction are written by one statement at its very end: a platform's counter is shared
    by everything that happens to it, so nothing may be waited for while it is held.
    """
    if facts := list(facts):
        seen = _watched.get()
        if seen is not None:
            seen.extend(facts)
        at_the_end(_write, facts)


@contextmanager
def watching() -> Iterator[list[Fact]]:
    """What platforms are to be told of what happens inside."""
    seen: list[Fact] = []
    token = _watched.set(seen)
    try:
        yield seen
    finally:
        _watched.reset(token)


def _write(facts: list[Fact]) -> None:
    parameters: dict[str, Any] = {
        "ids": [new_id() for _ in facts],
        "platforms": [fact.platform_id for fact in facts],
        "types": [str(fact.type) for fact in facts],
        # One JSON array: texts in an array of the database would be escaped here and unescaped there.
        "payloads": f"[{','.join(fact.payload for fact in facts)}]",
        "times": [fact.at for fact in facts],
        "request_id": current_actor().request_id[:64],
    }
    with connection.cursor() as cursor:
        cursor.execute(sql.load(_SQL / "record_events.sql"), parameters)
    ring("deliver_webhooks")
