"""Letters about approvals: to the possible deciders of a request, and to its requester once it is decided."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from audit.approvals.enums import ApprovalDecision
from audit.approvals.services import MAY_DECIDE, kind_of, mark_notified
from audit.models import Approval
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from gigstream.core.people.names import isolate_name
from gigstream.core.people.staff_names import actor_text, find_member, members_who_may, name_actor
from gigstream.core.unit import in_unit
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)

AT_ONCE = 100
JOB = "send_approval_notices"


def send_approval_notices(*, now: datetime | None = None) -> int:
    """Send letters about requests that wait and about decisions; return how many were sent."""
    now = now or database_now()
    _enqueue_letters(now)
    return send_due_letters(WAITING, DECIDED, now=now)


@in_unit
def _enqueue_letters(now: datetime) -> None:
    """Enqueue a letter for each person concerned, once per approval."""
    waiting = Approval.objects.filter(decision=None, approvers_notified_at=None)
    decided = Approval.objects.filter(~Q(decision=ApprovalDecision.WITHDRAWN), decision__isnull=False)
    for approval in waiting.order_by("requested_at")[:AT_ONCE]:
        _enqueue_for(WAITING, approval, _find_deciders(approval), "approvers_notified_at", now)
    for approval in decided.filter(requester_notified_at=None).order_by("decided_at")[:AT_ONCE]:
        _enqueue_for(DECIDED, approval, _find_requester(approval), "requester_notified_at", now)


def _enqueue_for(
    kind: LetterKind, approval: Approval, members: Iterable[User], column: str, now: datetime
) -> None:
    for member in members:
        enqueue_letter(kind, approval.pk, recipient=actor_text(member), now=now)
    mark_notified(approval, column, now=now)


def _write_waiting(letter: Letter, now: datetime) -> Message | None:
    approval = Approval.objects.get(pk=letter.subject_id)
    return _compose_message(letter, approval) if approval.decision is None else None


def _write_decided(letter: Letter, now: datetime) -> Message | None:
    return _compose_message(letter, Approval.objects.get(pk=letter.subject_id))


def _compose_message(letter: Letter, approval: Approval) -> Message | None:
    member = find_member(letter.recipient)
    if member is None or not member.email:
        return None
    state = approval.decision or "waits for a second person"
    return Message(member.email, f"{kind_of(approval).label}: {state}", _compose_text(approval))


def _compose_text(approval: Approval) -> str:
    """Return the letter's text: without names of workers or platforms, but with the way to the page."""
    amount = "" if approval.amount is None else f"Amount: {usdc(approval.amount)}\n"
    names = (approval.requested_by, approval.decided_by)
    requested_by, decided_by = (isolate_name(name_actor(name)) for name in names)
    decided = f"Decided by {decided_by}. {approval.error}\n" if approval.decision else ""
    return (
        f"{kind_of(approval).label}\n\nRequested by {requested_by}.\n{amount}{decided}"
        f"It can be decided until {approval.expires_at:%Y-%m-%d %H:%M} UTC.\n\n"
        f"In the admin: Approvals, {approval.pk}\n"
    )


def _find_deciders(approval: Approval) -> list[User]:
    """Return the staff with both permissions, without the requester."""
    permissions = (MAY_DECIDE, kind_of(approval).permission)
    members = members_who_may(*permissions)
    return [member for member in members if actor_text(member) != approval.requested_by]


def _find_requester(approval: Approval) -> list[User]:
    member = find_member(approval.requested_by)
    return [] if member is None else [member]


WAITING = register_letter_kind(LetterKind("approval_waits", JOB, _write_waiting))
DECIDED = register_letter_kind(LetterKind("approval_decided", JOB, _write_decided))
