"""Lines of the audit log, and the frame of each service: a transaction, rerun, its refusal recorded."""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, TypeVar
from uuid import UUID

from django.db import models
from psycopg.types.json import Jsonb

from audit.log.action_registry import require_action
from audit.log.context import Actor, current_actor, current_grounds
from audit.log.enums import PERSONS
from gigstream.core import sql
from gigstream.core.errors import Refusal
from gigstream.core.unit import Channel, after, collect, in_unit, is_within

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Record:
    """A line for the audit log; its values are JSON and hold no personal data."""

    action: str
    resource_type: str
    resource_id: str = ""
    before: Mapping[str, Any] = field(default_factory=dict)
    after: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    error: str = ""


def _no_values(_: Any) -> Mapping[str, Any]:
    return {}


def record(
    action: str,
    resource: models.Model,
    *,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    metadata: Mapping[str, Any] | None = None,
    now: datetime | None = None,
) -> None:
    """Log an action on `resource` by the present actor, in the caller's transaction."""
    line = Record(
        action, resource._meta.model_name or "", str(resource.pk), before or {}, after or {}, metadata or {}
    )
    record_many([line], now=now)


Values = Callable[[Any], Mapping[str, Any]]


def record_each(
    action: str,
    rows: Iterable[models.Model],
    *,
    before: Values = _no_values,
    after: Values = _no_values,
    metadata: Values = _no_values,
    now: datetime | None = None,
) -> None:
    """Log an action on each of the rows, with the values that the functions find in a row."""
    lines = (
        Record(action, row._meta.model_name or "", str(row.pk), before(row), after(row), metadata(row))
        for row in rows
    )
    record_many(lines, now=now)


def record_many(records: Iterable[Record], *, now: datetime | None = None) -> None:
    """Log actions of the present actor by a single statement: now, or at the end of the unit under way.

    Raises UnregisteredAction.
    """
    lines = list(records)
    for action in {line.action for line in lines}:
        require_action(action)
    collect(_LINES, [_as_json(line, current_actor(), now) for line in lines])


def _write_lines(lines: list[dict[str, Any]]) -> None:
    sql.run("audit/log/record", lines=Jsonb(lines))


_LINES = Channel("audit lines", _write_lines, order=1)


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
    """Return the reason and approval of the action under way, which a line's own metadata may replace."""
    grounds = current_grounds()
    return grounds.as_metadata() if grounds else {}


def jsonable(values: Any) -> Any:
    """Return the values as JSON takes them: exact amounts, ids and times as text."""
    if isinstance(values, Mapping):
        return {str(name): jsonable(value) for name, value in values.items()}
    if isinstance(values, list | tuple):
        return [jsonable(value) for value in values]
    if values is None or isinstance(values, bool | int | str):
        return values
    if isinstance(values, datetime):
        return values.isoformat()
    return str(values)


def verb(action: str, resource_type: str) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Frame a service as a unit of work; when it refuses a person, nothing has changed but a line with the
    refusal and its reason.

    The first keyword argument of the service is the id of the row acted on, of the kind `resource_type`.
    """

    def frame(service: Callable[P, R]) -> Callable[P, R]:
        run = in_unit(service, label=action)

        @functools.wraps(service)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            require_action(action)
            try:
                return run(*args, **kwargs)
            except Refusal as refusal:
                # Of verbs within verbs the outermost was refused.
                if not is_within(label=True) and current_actor().type in PERSONS:
                    after(functools.partial(_record_refusal, action, resource_type, kwargs, refusal))
                raise

        return wrapper

    return frame


def record_refusals(
    action: str, resource_type: str, subject_id: UUID | int, refusals: Sequence[Refusal]
) -> None:
    """Log the refusals of a person within a batch, as a verb does, even when the batch is undone."""
    if not refusals or current_actor().type not in PERSONS:
        return
    lines = [_refusal_line(action, resource_type, str(subject_id), refusal) for refusal in refusals]
    after(functools.partial(record_many, lines))


def _record_refusal(action: str, resource_type: str, arguments: Mapping[str, Any], refusal: Refusal) -> None:
    subject = next(iter(arguments.values()), None)
    # Only an id is kept: another first argument may be a name or an email.
    subject_id = str(subject) if isinstance(subject, UUID | int) else ""
    record_many([_refusal_line(action, resource_type, subject_id, refusal)])


def _refusal_line(action: str, resource_type: str, subject_id: str, refusal: Refusal) -> Record:
    metadata = {"code": refusal.code, **refusal.numbers}
    return Record(action, resource_type, subject_id, metadata=metadata, error=refusal.message)
