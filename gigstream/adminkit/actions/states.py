"""The state of a row when a page was drawn, and its history since."""

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q

from audit.log.action_registry import action_text
from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.adminkit.subjects import keys_by_type, subjects_of
from gigstream.core.people.staff_names import staff_name

# The newest lines of a row that a page tells.
MOST_LINES = 5
_OTHERS: dict[str, str] = {
    ActorType.SYSTEM: "the system",
    ActorType.WORKER: "the worker",
    ActorType.PLATFORM: "the platform",
}


def state_of(row: models.Model, watches: Sequence[str] = ()) -> str:
    """Return a short hash of the columns that decisions about the row depend on: its choices, its switches,
    whether each of its times has come, and the columns in `watches`."""
    deferred = row.get_deferred_fields()
    values = [
        [field.name, _value(row, field)]
        for field in row._meta.concrete_fields
        if field.attname not in deferred and (field.name in watches or _decides(field))
    ]
    return hashlib.sha256(json.dumps(values).encode()).hexdigest()[:16]


def _decides(field: Any) -> bool:
    is_time = isinstance(field, models.DateTimeField) and field.null
    return bool(field.choices) or isinstance(field, models.BooleanField) or is_time


def _value(row: models.Model, field: Any) -> object:
    value = getattr(row, field.attname)
    return value is None if isinstance(field, models.DateTimeField) else str(value)


def lines_since(rows: Sequence[models.Model], since: datetime | None) -> dict[Any, list[str]]:
    """Return the lines of the audit log about each row after `since`, or its newest without a time, by one
    statement: action, time, person and reason."""
    if not rows:
        return {}
    about = Q()
    for kind, keys in keys_by_type(rows).items():
        about |= Q(resource_type=kind, resource_id__in=keys)
    lines = AuditLog.objects.filter(about, success=True)
    if since is not None:
        lines = lines.filter(created_at__gt=since)
    newest = list(lines.order_by("-created_at", "-id")[: MOST_LINES * len(rows)])
    most = 1 if since is None else MOST_LINES
    return {row.pk: _of_row(row, newest, most) for row in rows}


def _of_row(row: models.Model, lines: Sequence[AuditLog], most: int) -> list[str]:
    own = set(subjects_of(row))
    found = [_in_words(line) for line in lines if (line.resource_type, line.resource_id) in own]
    return found[:most][::-1]


def _in_words(line: AuditLog) -> str:
    reason = line.metadata.get("reason") or line.changes_after.get("reason") or ""
    who = (
        staff_name(line.actor_id) if line.actor_type == ActorType.STAFF else _OTHERS.get(line.actor_type, "")
    )
    text = (
        f"{action_text(line.action)} on {line.created_at:%Y-%m-%d at %H:%M} UTC by {who or line.actor_type}"
    )
    return f"{text}: {reason}" if reason else text
