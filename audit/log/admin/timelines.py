"""Lines of the audit log in the timelines of all rows."""

import functools
from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet

from audit.log.action_registry import action_text
from audit.log.admin.changes import change_pairs, change_text, personal_lines, reason_of
from audit.log.admin.filters import MACHINES
from audit.log.enums import PERSONS, ActorType
from audit.models import AuditLog
from audit.personal_changes.selectors import changes_of_lines
from gigstream.adminkit import (
    Kinds,
    Moment,
    Names,
    RowSource,
    TimelineKind,
    add_to_timeline,
    admin_url,
    of_subjects,
    timeline_subjects,
)

_BY_STAFF = Q(actor_type=ActorType.STAFF)
_BY_USERS = Q(actor_type__in=sorted(PERSONS - {ActorType.STAFF}))
_BY_MACHINES = Q(actor_type__in=sorted(MACHINES))
# Actions that a timeline has from rows of their own; a refusal stands in the log alone.
_with_rows = {
    "approval.request",
    "approval.approve",
    "approval.refuse",
    "approval.withdraw",
    "approval.expire",
}


def leave_out_lines(*actions: str) -> None:
    """Leave the lines of these actions out of timelines, which have the rows that they made."""
    _with_rows.update(actions)


def _lines_about(row: models.Model) -> QuerySet[AuditLog]:
    """Return the lines about the row and those that its timeline follows."""
    lines = AuditLog.objects.filter(of_subjects(timeline_subjects(row), "resource_type", "resource_id"))
    if row._meta.model_name == "approval":
        return lines
    return lines.exclude(action__in=sorted(_with_rows), success=True)


def _read_personal_values(lines: Sequence[Any]) -> None:
    changes = changes_of_lines(lines)
    for line in lines:
        line.__dict__["_personal"] = changes.get(line.pk, ())


def _moment_of(line: AuditLog) -> Moment:
    kind = TimelineKind.STAFF if line.actor_type == ActorType.STAFF else TimelineKind.STATUS
    return Moment(
        at=line.created_at,
        kind=kind,
        text=action_text(line.action) + ("" if line.success else ": refused"),
        by=f"{line.actor_type}:{line.actor_id}",
        requested_by=line.metadata.get("requested_by", ""),
        why=line.error_message or reason_of(line) or str(line.metadata.get("error") or ""),
        change=functools.partial(_change_of, line),
        named=change_pairs(line.changes_before, line.changes_after),
        url=admin_url(line),
        is_bad=not line.success,
    )


def _change_of(line: AuditLog, names: Names) -> str:
    """Return the values before and after, personal ones for staff who may see them."""
    personal: Sequence[Any] = line.__dict__.get("_personal", ())
    if not personal:
        return change_text(line.changes_before, line.changes_after, names)
    return ", ".join(f"{words}: {values}" for words, values in personal_lines(personal))


def _log_source(kinds: Kinds) -> RowSource:
    return RowSource(
        name="log",
        model=AuditLog,
        rows=_lines_about,
        moment=_moment_of,
        prepare=_read_personal_values,
        kinds=kinds,
    )


def log_of_many_lines() -> RowSource:
    """Return the source of the lines about a row that machines work on all day: theirs are a kind of their
    own, which is left out at first."""
    return _log_source(
        {
            TimelineKind.STATUS: _BY_USERS,
            TimelineKind.STAFF: _BY_STAFF,
            TimelineKind.MACHINES: _BY_MACHINES,
        }
    )


add_to_timeline(
    models.Model,
    _log_source({TimelineKind.STATUS: _BY_USERS | _BY_MACHINES, TimelineKind.STAFF: _BY_STAFF}),
)
