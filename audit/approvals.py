"""Maker and checker: what one member of staff asks for, another lets happen, within 24 hours.

The apps above register the kinds of acts. What is approved is what is executed: the payload is hashed when it
is asked for, and executed in the transaction that approves it.
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

from audit import services as audit
from audit.context import SYSTEM, Actor, Grounds, because, current_actor
from audit.enums import ActorType, Decision
from audit.errors import (
    AskedAlready,
    DecidedAlready,
    NotPermitted,
    PayloadChanged,
    SamePerson,
)
from audit.models import DECIDED, Approval
from audit.reasons import require_reason as require_reason
from audit.services import Record, jsonable, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import Refusal
from gigstream.lib.staff import by_name

OPEN_FOR = timedelta(hours=24)
EXPIRED_AT_ONCE = 500
MAY_DECIDE = "audit.approve_approval"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of act that needs a second person.

    `permission` is Django's, of who may ask for it and, together with `MAY_DECIDE`, decide on it.
    `execute` calls the service of the owning app and says what it made; `tell` puts what is asked for into
    words, line by line. `distinct_by` names parameters, or "amount", by which two requests on one subject are
    for different acts; without any there is one open request of the kind for a subject.
    """

    name: str
    words: str
    permission: str
    execute: Callable[[Approval], Mapping[str, Any]]
    tell: Callable[[Approval], Sequence[tuple[str, str]]]
    distinct_by: tuple[str, ...] = ()


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> Kind:
    """Add a kind; its name must be new."""
    if kind.name in _kinds:
        raise ValueError(f"there is already a kind {kind.name}")
    _kinds[kind.name] = kind
    return kind


def kind_of(approval: Approval) -> Kind:
    """The registered kind of what is asked for."""
    return _kinds[approval.kind]


def hash_of(approval: Approval) -> str:
    """SHA-256 of what is to be done and why, as JSON in one order."""
    payload = {
        "kind": approval.kind,
        "subject": [approval.subject_type, approval.subject_id],
        "parameters": approval.parameters,
        "amount": None if approval.amount is None else f"{approval.amount:.6f}",
        "reason": approval.reason,
    }
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _act_key(kind: Kind, approval: Approval) -> str:
    """Return what tells this act from others of its kind on its subject; the reason is not part of it."""
    parts = {"amount": f"{approval.amount or 0:.6f}", **approval.parameters}
    text = json.dumps([parts[name] for name in kind.distinct_by], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest() if kind.distinct_by else ""


@verb("approval.request", "approval")
def request(
    *,
    kind: Kind,
    subject: tuple[str, str],
    parameters: Mapping[str, Any],
    reason: str,
    amount: Decimal | None = None,
    now: datetime | None = None,
) -> Approval:
    """The act waits for a second person. `subject` is the type and id of what it is about.

    Raises ReasonMissing, NotPermitted, or AskedAlready while the same act on the same subject waits.
    """
    now = now or database_now()
    _require_may(kind.permission)
    approval = Approval(
        kind=kind.name,
        subject_type=subject[0],
        subject_id=subject[1],
        parameters=jsonable(parameters),
        amount=amount,
        reason=require_reason(reason),
        requested_by=str(current_actor()),
        requested_at=now,
        expires_at=now + OPEN_FOR,
    )
    approval.payload_hash = hash_of(approval)
    approval.act_key = _act_key(kind, approval)
    try:
        with transaction.atomic():
            approval.save(force_insert=True)
    except IntegrityError as error:
        if "approval_asked_once" not in str(error):
            raise
        raise AskedAlready(
            f"{kind.words} was requested for this already and waits for a second person"
        ) from error
    _record("approval.request", approval, now)
    return approval


def _record(action: str, approval: Approval, now: datetime, error: str = "") -> None:
    """One line about the approval, and one about its subject, so that the trail of either tells it."""
    told = {"kind": approval.kind, "amount": approval.amount, "payload_hash": approval.payload_hash}
    after = {"decision": approval.decision} if approval.decision else {}
    why = {"reason": approval.decision_reason or approval.reason}
    about = {"approval": approval.pk, "kind": approval.kind, **why}
    audit.record_many(
        [
            Record(action, "approval", str(approval.pk), after=after, metadata={**told, **why}, error=error),
            Record(action, approval.subject_type, approval.subject_id, metadata=about, error=error),
        ],
        now=now,
    )


def _member(actor: Actor) -> User | None:
    """The member of staff who acts, while they are one."""
    if actor.type != ActorType.STAFF or not actor.id.isdigit():
        return None
    return User.objects.filter(pk=int(actor.id), is_active=True, is_staff=True).first()


def _require_may(*permissions: str, system: bool = True) -> None:
    """Raise NotPermitted unless the actor is a member of staff with these permissions, or, where that is
    enough, who operates the machine."""
    actor = current_actor()
    if system and actor.type == ActorType.SYSTEM and actor.id:
        return
    member = _member(actor)
    if member is None or not member.has_perms(permissions):
        raise NotPermitted(f"{actor} may not: wanted {', '.join(permissions)}")


@verb("approval.approve", "approval")
def approve(*, approval_id: UUID, reason: str = "", now: datetime | None = None) -> Approval:
    """What was asked for is done, by the service that owns it. When that refuses, the approval is used up and
    keeps the refusal: nothing was done, and it must be asked for anew.

    Raises SamePerson, also for who may do everything, NotPermitted, DecidedAlready or PayloadChanged.
    """
    approval, now = _open(approval_id, now)
    kind = kind_of(approval)
    _require_may_decide(approval)
    if hash_of(approval) != approval.payload_hash:
        raise PayloadChanged(f"{approval} is not what was asked for", payload_hash=approval.payload_hash)
    _decide(approval, Decision.APPROVED, reason, now)
    try:
        approval.outcome = jsonable(_execute(kind, approval))
        approval.executed_at = now
    except (Refusal, ObjectDoesNotExist) as error:
        approval.error = str(error) or type(error).__name__
    approval.save(update_fields=DECIDED)
    _record("approval.approve", approval, now, error=approval.error)
    return approval


@atomic_with_retry
def _execute(kind: Kind, approval: Approval) -> Mapping[str, Any]:
    """The act, in a savepoint of its own: what it did is undone when it refuses."""
    grounds = Grounds(approval.reason, str(approval.pk), approval.requested_by)
    with because(grounds):
        return kind.execute(approval)


@verb("approval.refuse", "approval")
def refuse(*, approval_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """What was asked for is not done. Raises ReasonMissing, SamePerson (who asked for it withdraws it),
    NotPermitted or DecidedAlready."""
    approval, now = _open(approval_id, now)
    _require_may_decide(approval)
    return _close(approval, Decision.REFUSED, require_reason(reason), now)


@verb("approval.withdraw", "approval")
def withdraw(*, approval_id: UUID, reason: str = "", now: datetime | None = None) -> Approval:
    """Who asked for it wants it no more. Raises NotPermitted for anybody else, or DecidedAlready."""
    approval, now = _open(approval_id, now)
    if approval.requested_by != str(current_actor()):
        raise NotPermitted(f"{by_name(approval.requested_by)} asked for it: others approve or refuse it")
    return _close(approval, Decision.WITHDRAWN, reason, now)


def _open(approval_id: UUID, now: datetime | None) -> tuple[Approval, datetime]:
    """The approval, locked, and the time. Raises DecidedAlready unless it still waits."""
    approval = Approval.objects.locked().get(pk=approval_id)
    now = now or database_now()
    if approval.decision:
        raise DecidedAlready(
            f"{approval} was {approval.decision} by {by_name(approval.decided_by)}"
            f" at {approval.decided_at:%Y-%m-%d %H:%M}",
            decision=approval.decision,
        )
    if now >= approval.expires_at:
        raise DecidedAlready(
            f"{approval} could be decided until {approval.expires_at:%Y-%m-%d %H:%M}",
            expires_at=approval.expires_at,
        )
    return approval, now


def _require_may_decide(approval: Approval) -> None:
    if approval.requested_by == str(current_actor()):
        raise SamePerson(f"{by_name(approval.requested_by)} asked for it: another one decides")
    _require_may(MAY_DECIDE, kind_of(approval).permission, system=False)


def _decide(approval: Approval, decision: Decision, reason: str, now: datetime) -> None:
    """The decision, in memory."""
    approval.decision, approval.decision_reason = decision, reason.strip()
    approval.decided_by, approval.decided_at = str(current_actor()), now


def _close(approval: Approval, decision: Decision, reason: str, now: datetime) -> Approval:
    _decide(approval, decision, reason, now)
    approval.save(update_fields=DECIDED)
    _record(f"approval.{_VERBS[decision]}", approval, now)
    return approval


_VERBS = {Decision.REFUSED: "refuse", Decision.WITHDRAWN: "withdraw", Decision.EXPIRED: "expire"}


@atomic_with_retry
def expire(*, now: datetime | None = None) -> int:
    """What nobody has decided within its time can be approved no more; returns how many expired."""
    now = now or database_now()
    late = Approval.objects.locked().filter(decision=None, expires_at__lte=now)[:EXPIRED_AT_ONCE]
    for approval in late:
        approval.decided_by = str(SYSTEM)
        approval.decision, approval.decided_at = Decision.EXPIRED, now
        approval.save(update_fields=DECIDED)
        _record("approval.expire", approval, now)
    return len(late)
