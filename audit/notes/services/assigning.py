"""Assignments of objects to members of staff: one that is not done for each object, each change on record."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, models, transaction

from audit.log.context import current_actor
from audit.log.reasons import require_reason
from audit.log.services import Record, record_many, verb
from audit.notes.enums import AssignmentState
from audit.notes.errors import AssignedMeanwhile
from audit.notes.models import Assignment
from audit.notes.selectors import UNFINISHED, due_words, subject_of
from audit.notes.services.members import require_assignable
from audit.notices.services import notify
from audit.notices.vocabulary import ASSIGNED
from gigstream.core.clock import database_now
from gigstream.core.people.staff_names import actor_text, name_actor


@verb("assignment.assign", "assignment")
def assign(
    *,
    row: models.Model,
    assignee: User,
    reason: str,
    due_on: date | None = None,
    state: AssignmentState = AssignmentState.OPEN,
    now: datetime | None = None,
) -> Assignment:
    """Assign the object, which has no assignment that is not done, to a member of staff.

    Raises ReasonMissing, AssigneeRefused or AssignedMeanwhile.
    """
    reason = require_reason(reason)
    require_assignable(assignee, row)
    kind, key = subject_of(row)
    found = Assignment.objects.filter(UNFINISHED, subject_type=kind, subject_id=key).first()
    if found is not None:
        raise _assigned_meanwhile(found)
    now = now or database_now()
    new = Assignment(
        subject_type=kind,
        subject_id=key,
        assignee=actor_text(assignee),
        due_on=due_on,
        state=state,
        reason=reason,
        assigned_by=str(current_actor()),
        assigned_at=now,
        changed_at=now,
    )
    _save_new(new)
    after = {"assigned_to": new.assignee, "due_on": due_on, "state": state.label}
    record_many([Record("assignment.assign", kind, key, {}, after, {"reason": reason})], now=now)
    _notify_assignee(new)
    return new


@verb("assignment.reassign", "assignment")
def change_assignment(
    *,
    assignment_id: int,
    row: models.Model,
    seen_at: datetime | None,
    assignee: User,
    due_on: date | None,
    state: AssignmentState,
    reason: str,
    now: datetime | None = None,
) -> Assignment:
    """Change assignee, due date and state of the row's assignment, which must be as it was at `seen_at`, the
    time of its last change. What is the same stays; each difference is a line of the log.

    Raises ReasonMissing, AssigneeRefused or AssignedMeanwhile.
    """
    reason = require_reason(reason)
    kind, key = subject_of(row)
    one = Assignment.objects.locked().filter(pk=assignment_id, subject_type=kind, subject_id=key).first()
    if one is None or one.state == AssignmentState.DONE or one.changed_at != seen_at:
        raise _assigned_meanwhile(one)
    if actor_text(assignee) != one.assignee:
        require_assignable(assignee, row)
    now = max(now or database_now(), one.changed_at)
    changes = list(_changes(one, actor_text(assignee), due_on, state))
    if not changes:
        return one
    is_new = one.assignee != actor_text(assignee)
    one.assignee, one.due_on, one.state = actor_text(assignee), due_on, state
    one.reason, one.changed_at = reason, now
    one.save(update_fields=["assignee", "due_on", "state", "reason", "changed_at"])
    record_many(
        [Record(action, kind, key, old, new, {"reason": reason}) for action, old, new in changes], now=now
    )
    if is_new:
        _notify_assignee(one)
    return one


def _notify_assignee(one: Assignment) -> None:
    """Keep a notice for the new assignee. The reason stays out of it: it may name a worker."""
    notify(
        [one.assignee],
        ASSIGNED,
        subject_type=one.subject_type,
        subject_id=one.subject_id,
        words=f"{name_actor(str(current_actor()))} assigns this to you ({due_words(one)}).",
        cause=f"assignment {one.pk} {one.changed_at.isoformat()}",
        moment=one.changed_at,
    )


Change = tuple[str, dict[str, Any], dict[str, Any]]


def _changes(one: Assignment, assignee: str, due_on: date | None, state: AssignmentState) -> Iterator[Change]:
    """Yield the action, and the values before and after, of each difference."""
    if one.assignee != assignee:
        yield "assignment.reassign", {"assigned_to": one.assignee}, {"assigned_to": assignee}
    if one.due_on != due_on:
        yield "assignment.set_due", {"due_on": one.due_on}, {"due_on": due_on}
    if one.state != state:
        yield "assignment.set_state", {"state": AssignmentState(one.state).label}, {"state": state.label}


def _save_new(new: Assignment) -> None:
    """Insert the assignment. Raises AssignedMeanwhile where another transaction was faster."""
    try:
        with transaction.atomic():
            new.save(force_insert=True)
    except IntegrityError as error:
        if "assignment_open_once" not in str(error):
            raise
        raise _assigned_meanwhile(None) from error


def _assigned_meanwhile(found: Assignment | None) -> AssignedMeanwhile:
    """Return the refusal, with the assignment as it is now."""
    if found is None:
        return AssignedMeanwhile("nothing was changed: somebody else has changed the assignment meanwhile")
    return AssignedMeanwhile(
        f"nothing was changed: it is assigned to {name_actor(found.assignee)} now ({due_words(found)}),"
        f" changed {found.changed_at:%Y-%m-%d %H:%M:%S} UTC: {found.reason}"
    )
