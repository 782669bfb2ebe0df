"""Approvals: an action that a member of staff requests and another allows within 24 hours.

The apps above register the kinds of actions by the decorator `approval`. The payload is hashed when it is
requested, and executed in the transaction that approves it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib.auth.models import User
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, transaction

from audit.approvals.enums import ApprovalDecision
from audit.approvals.errors import DecidedAlready, NotPermitted, PayloadChanged, RequestedAlready, SamePerson
from audit.approvals.notices import notify_deciders, notify_requester
from audit.log import services as audit
from audit.log.context import SYSTEM, Actor, Grounds, because, current_actor
from audit.log.enums import ActorType
from audit.log.reasons import require_reason as require_reason
from audit.log.services import Record, jsonable, verb
from audit.models import DECIDED, Approval
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.people.staff_names import name_actor
from gigstream.core.unit import in_unit

OPEN_FOR = timedelta(hours=24)
EXPIRED_AT_ONCE = 500
MAY_DECIDE = "audit.approve_approval"

Lines = Sequence[tuple[str, str]]
Execute = Callable[[Approval], Mapping[str, Any]]
Describe = Callable[[Approval], Lines]
Explain = Callable[[Sequence[Approval]], Mapping[UUID, Lines]]
FindObstacles = Callable[[Sequence[Approval]], Mapping[UUID, str]]


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of action that needs a second person."""

    name: str
    label: str
    permission: str
    execute: Execute
    describe: Describe
    distinct_by: tuple[str, ...] = ()
    explain: Explain | None = None
    find_obstacles: FindObstacles | None = None


_kinds: dict[str, Kind] = {}


def approval(
    name: str,
    *,
    label: str,
    permission: str,
    describe: Describe,
    distinct_by: tuple[str, ...] = (),
    explain: Explain | None = None,
    find_obstacles: FindObstacles | None = None,
) -> Callable[[Execute], Execute]:
    """Register the decorated function as the execution of a kind of action, under a new name.

    It calls the service of the owning app and returns the ids of the rows made, by name. `permission` is
    Django's, required to request the action and, together with `MAY_DECIDE`, to decide on it. `describe`
    returns the request in words, line by line, from the request alone. `explain` returns more lines about
    several requests, and `find_obstacles` a sentence about each request that would be refused or change
    nothing if it were approved now; both read with a number of statements that does not grow. `distinct_by`
    names parameters, or "amount", by which two requests on one subject are for different actions; without any
    a subject has a single open request.
    """

    def register(execute: Execute) -> Execute:
        if name in _kinds:
            raise ValueError(f"there is already a kind {name}")
        _kinds[name] = Kind(name, label, permission, execute, describe, distinct_by, explain, find_obstacles)
        return execute

    return register


def all_kinds() -> Mapping[str, Kind]:
    """Return the registered kinds by their names."""
    return _kinds


def kind_of(row: Approval) -> Kind:
    """Return the registered kind of the requested action."""
    return _kinds[row.kind]


def permissions_to_decide(row: Approval) -> Sequence[str]:
    """Return the permissions that a decision on the request needs."""
    return MAY_DECIDE, kind_of(row).permission


def explain_all(rows: Sequence[Approval]) -> dict[UUID, list[tuple[str, str]]]:
    """Return the lines about each of the requests: those of its own, and those that its kind reads."""
    found = {row.pk: list(kind_of(row).describe(row)) for row in rows}
    for kind, own in _by_kind(rows).items():
        for key, lines in kind.explain(own).items() if kind.explain else ():
            found[key].extend(lines)
    return found


def obstacles_to(rows: Sequence[Approval]) -> dict[UUID, str]:
    """Return, for each open request that would be refused or change nothing if it were approved now, why."""
    found: dict[UUID, str] = {}
    for kind, own in _by_kind([row for row in rows if row.decision is None]).items():
        found |= kind.find_obstacles(own) if kind.find_obstacles else {}
    return found


def _by_kind(rows: Sequence[Approval]) -> dict[Kind, list[Approval]]:
    found: dict[Kind, list[Approval]] = {}
    for row in rows:
        found.setdefault(kind_of(row), []).append(row)
    return found


def hash_of(row: Approval) -> str:
    """Return SHA-256 of the action and its reason, as JSON with sorted keys."""
    payload = {
        "kind": row.kind,
        "subject": [row.subject_type, row.subject_id],
        "parameters": row.parameters,
        "amount": None if row.amount is None else f"{row.amount:.6f}",
        "reason": row.reason,
    }
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _act_key(kind: Kind, row: Approval) -> str:
    """Return a hash that differs for different actions of a kind on a subject; the reason is no part."""
    parts = {"amount": f"{row.amount or 0:.6f}", **row.parameters}
    text = json.dumps([parts[name] for name in kind.distinct_by], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() if kind.distinct_by else ""


def require_may_request(kind: str) -> None:
    """Raise NotPermitted unless the actor may request actions of this kind."""
    _require_may(_kinds[kind].permission)


@verb("approval.request", "approval")
def request(
    *,
    kind: str,
    subject: tuple[str, str],
    parameters: Mapping[str, Any],
    reason: str,
    amount: Decimal | None = None,
    now: datetime | None = None,
) -> Approval:
    """Request an action of a registered kind from a second person. `subject` is its type and id.

    Raises ReasonMissing, NotPermitted, or RequestedAlready while the same action on the same subject waits.
    """
    registered = _kinds[kind]
    now = now or database_now()
    require_may_request(kind)
    row = Approval(
        kind=kind,
        subject_type=subject[0],
        subject_id=subject[1],
        parameters=jsonable(parameters),
        amount=amount,
        reason=require_reason(reason),
        requested_by=str(current_actor()),
        requested_at=now,
        expires_at=now + OPEN_FOR,
    )
    row.payload_hash = hash_of(row)
    row.act_key = _act_key(registered, row)
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError as error:
        if "approval_requested_once" not in str(error):
            raise
        raise RequestedAlready(
            f"{registered.label} was requested for this already and waits for a second person"
        ) from error
    _record_lines("approval.request", row, now)
    notify_deciders(row, label=registered.label, permissions=permissions_to_decide(row), now=now)
    return row


def _record_lines(action: str, row: Approval, now: datetime, error: str = "") -> None:
    """Write a line about the approval, and another about its subject, so that each has it in its history."""
    metadata = {"kind": row.kind, "amount": row.amount, "payload_hash": row.payload_hash}
    after = {"decision": row.decision} if row.decision else {}
    why = {"reason": row.decision_reason or row.reason}
    about = {"approval": row.pk, "kind": row.kind, **why}
    audit.record_many(
        [
            Record(action, "approval", str(row.pk), after=after, metadata={**metadata, **why}, error=error),
            Record(action, row.subject_type, row.subject_id, metadata=about, error=error),
        ],
        now=now,
    )


def _find_member(actor: Actor) -> User | None:
    """Return the member of staff who acts, None once they are not."""
    if actor.type != ActorType.STAFF or not actor.id.isdigit():
        return None
    return User.objects.filter(pk=int(actor.id), is_active=True, is_staff=True).first()


def _require_may(*permissions: str, system: bool = True) -> None:
    """Raise NotPermitted unless the actor is a member of staff with these permissions, or, with `system`, an
    operator of the machine."""
    actor = current_actor()
    if system and actor.type == ActorType.SYSTEM and actor.id:
        return
    member = _find_member(actor)
    if member is None or not member.has_perms(permissions):
        raise NotPermitted(f"{actor} may not: wanted {', '.join(permissions)}")


@verb("approval.approve", "approval")
def approve(*, approval_id: UUID, reason: str = "", now: datetime | None = None) -> Approval:
    """Execute the requested action by the service that owns it. When that refuses, nothing was done: the
    approval is used up, keeps the refusal, and the action must be requested anew.

    Raises SamePerson, also for superusers, NotPermitted, DecidedAlready or PayloadChanged.
    """
    row, now = _lock_open(approval_id, now)
    _require_may_decide(row)
    if hash_of(row) != row.payload_hash:
        raise PayloadChanged(f"{row} is not as it was requested", payload_hash=row.payload_hash)
    _set_decision(row, ApprovalDecision.APPROVED, reason, now)
    try:
        row.outcome = jsonable(_execute_approved(row))
        row.executed_at = now
    except (Refusal, ObjectDoesNotExist) as error:
        row.error = str(error) or type(error).__name__
    row.save(update_fields=DECIDED)
    _record_decision("approval.approve", row, now)
    return row


@in_unit
def _execute_approved(row: Approval) -> Mapping[str, Any]:
    """Execute the action in a savepoint of its own, which is undone when the action refuses."""
    with because(Grounds(row.reason, str(row.pk), row.requested_by)):
        return kind_of(row).execute(row)


@verb("approval.refuse", "approval")
def refuse(*, approval_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """Refuse a request. Raises ReasonMissing, SamePerson for the requester, who may withdraw it, NotPermitted
    or DecidedAlready."""
    row, now = _lock_open(approval_id, now)
    _require_may_decide(row)
    return _close_request(row, ApprovalDecision.REFUSED, require_reason(reason), now)


@verb("approval.withdraw", "approval")
def withdraw(*, approval_id: UUID, reason: str = "", now: datetime | None = None) -> Approval:
    """Withdraw an own request. Raises NotPermitted for anybody but the requester, or DecidedAlready."""
    row, now = _lock_open(approval_id, now)
    if row.requested_by != str(current_actor()):
        raise NotPermitted(f"{name_actor(row.requested_by)} requested it: others approve or refuse it")
    return _close_request(row, ApprovalDecision.WITHDRAWN, reason, now)


def _lock_open(approval_id: UUID, now: datetime | None) -> tuple[Approval, datetime]:
    """Lock an approval; return it and the time. Raises DecidedAlready unless it still waits."""
    row = Approval.objects.locked().get(pk=approval_id)
    now = now or database_now()
    if row.decision:
        raise DecidedAlready(
            f"{row} was {row.decision} by {name_actor(row.decided_by)} at {row.decided_at:%Y-%m-%d %H:%M}",
            decision=row.decision,
        )
    if now >= row.expires_at:
        raise DecidedAlready(
            f"{row} could be decided until {row.expires_at:%Y-%m-%d %H:%M}",
            expires_at=row.expires_at,
        )
    return row, now


def _require_may_decide(row: Approval) -> None:
    if row.requested_by == str(current_actor()):
        raise SamePerson(f"{name_actor(row.requested_by)} requested it: another person decides")
    _require_may(*permissions_to_decide(row), system=False)


def _set_decision(row: Approval, decision: ApprovalDecision, reason: str, now: datetime) -> None:
    row.decision, row.decision_reason = decision, reason.strip()
    row.decided_by, row.decided_at = str(current_actor()), now


def _record_decision(action: str, row: Approval, now: datetime) -> None:
    _record_lines(action, row, now, error=row.error)
    notify_requester(row, label=kind_of(row).label, now=now)


_ACTIONS = {
    ApprovalDecision.REFUSED: "approval.refuse",
    ApprovalDecision.WITHDRAWN: "approval.withdraw",
}


def _close_request(row: Approval, decision: ApprovalDecision, reason: str, now: datetime) -> Approval:
    _set_decision(row, decision, reason, now)
    row.save(update_fields=DECIDED)
    _record_decision(_ACTIONS[decision], row, now)
    return row


@in_unit
def expire_approvals(*, now: datetime | None = None) -> int:
    """Close requests that nobody decided within their time; return how many."""
    now = now or database_now()
    late = Approval.objects.locked().filter(decision=None, expires_at__lte=now)[:EXPIRED_AT_ONCE]
    for row in late:
        row.decided_by = str(SYSTEM)
        row.decision, row.decided_at = ApprovalDecision.EXPIRED, now
        row.save(update_fields=DECIDED)
        _record_decision("approval.expire", row, now)
    return len(late)
