"""Telling the audit log, and the frame around every verb: one transaction, retried, its refusal kept."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import models
from psycopg.types.json import Jsonb

from audit.context import Actor, current_actor, current_grounds
from audit.enums import PERSONS
from gigstream.lib import sql
from gigstream.lib.db import afterwards, atomic_with_retry
from gigstream.lib.errors import Refusal

P = ParamSpec("P")
R = TypeVar("R")

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class Record:
    """One line for the audit log; values must be JSON and hold no personal data."""

    action: str
    resource_type: str
    resource_id: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def record(
    action: str,
    resource: models.Model,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> None:
    """Log one act on `resource` by the current actor, in the caller's transaction."""
    line = Record(
        action, resource._meta.model_name or "", str(resource.pk), before or {}, after or {}, metadata or {}
    )
    record_many([line], now=now)


def record_many(records: Iterable[Record], *, now: datetime | None = None) -> None:
    """Log many acts by the current actor with one statement: now, or at the end of the verb under way."""
    lines = [_as_json(line, current_actor(), now) for line in records]
    gathered = _gathered.get()
    if gathered is None:
        _write(lines)
    else:
        gathered += lines


def _write(lines: Sequence[dict[str, Any]]) -> None:
    if lines:
        sql.rows(sql.load(_SQL / "record.sql"), {"lines": Jsonb(lines)})


def _as_json(line: Record, actor: Actor, now: datetime | None) -> dict[str, Any]:
    return {
        "created_at": now.isoformat() if now else None,
        "actor_type": actor.type,
        "actor_id": actor.id,
        "ip_address": actor.ip_address,
        "user_agent": actor.user_agent[:256],
        "request_id": actor.request_id[:64],
        "action": line.action,
        "resource_type": line.resource_type,
        "resource_id": line.resource_id,
        "before": jsonable(line.before),
        "after": jsonable(line.after),
        "metadata": {**_grounds_of_line(), **jsonable(line.metadata)},
        "error": line.error,
    }


def _grounds_of_line() -> dict[str, str]:
    """Return the reason and the approval of the act under way, which a line's own metadata may replace."""
    grounds = current_grounds()
    return grounds.as_metadata() if grounds else {}


def jsonable(values: Any) -> Any:
    """The same values as JSON takes them: exact amounts, ids and times as text."""
    if isinstance(values, Mapping):
        return {str(name): jsonable(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [jsonable(value) for value in values]
    if values is None or isinstance(values, bool | int | str):
        return values
    if isinstance(values, datetime):
        return values.isoformat()
    return str(values)


# What the verb under way has recorded and will write as its last statement; None outside of verbs.
_gathered: ContextVar[list[dict[str, Any]] | None] = ContextVar("gathered", default=None)


def verb(action: str, resource_type: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Frame a service: all of it in one transaction, its audit lines written at the end, rerun after a lock
    conflict; when it refuses a person, nothing has changed but one line that says what was refused and why.

    The first keyword argument of the service is the id of the row acted on, of the kind `resource_type`.
    """

    def frame(service: Callable[P, R]) -> Callable[P, R]:
        run = atomic_with_retry(_gathering(service))

        @functools.wraps(service)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            outermost = _gathered.get() is None
            try:
                return run(*args, **kwargs)
            except Refusal as refusal:
                if outermost and current_actor().type in PERSONS:
                    afterwards(functools.partial(_record_refusal, action, resource_type, kwargs, refusal))
                raise

        return wrapper

    return frame


def _gathering(service: Callable[P, R]) -> Callable[P, R]:
    """What the service records is written when it has ended; inside another verb, when that one has. What it
    recorded before an error is forgotten, as what it did is undone."""

    @functools.wraps(service)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        outer = _gathered.get()
        lines: list[dict[str, Any]] = []
        token = _gathered.set(lines)
        try:
            result = service(*args, **kwargs)
        finally:
            _gathered.reset(token)
        if outer is None:
            _write(lines)
        else:
            outer += lines
        return result

    return wrapper


def record_refusals(
    action: str, resource_type: str, subject_id: UUID | int, refusals: Sequence[Refusal]
) -> None:
    """One line for each refusal of a person within a batch, as a verb that refuses leaves one. What was
    refused is on record even when the batch is undone."""
    if not refusals or current_actor().type not in PERSONS:
        return
    lines = [_refused(action, resource_type, str(subject_id), refusal) for refusal in refusals]
    afterwards(functools.partial(record_many, lines))


def _record_refusal(action: str, resource_type: str, arguments: Mapping[str, Any], refusal: Refusal) -> None:
    subject = next(iter(arguments.values()), None)
    # Only an id is kept: what else a verb begins with may be somebody's name or email.
    subject_id = str(subject) if isinstance(subject, UUID | int) else ""
    record_many([_refused(action, resource_type, subject_id, refusal)])


def _refused(action: str, resource_type: str, subject_id: str, refusal: Refusal) -> Record:
    told = {"code": refusal.code, **refusal.numbers}
    return Record(action, resource_type, subject_id, metadata=told, error=refusal.message)
