"""Letters about approvals: to who may decide, when something waits; to who asked, when it was decided."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from audit import letters
from audit.approvals import MAY_DECIDE, kind_of
from audit.enums import Decision
from audit.letters import LetterKind, Message
from audit.models import Approval, Letter
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.money import usdc
from gigstream.lib.names import isolated
from gigstream.lib.staff import by_name, find_member, members_who_may, party_of

AT_ONCE = 100
JOB = "send_approval_notices"


def send_approval_notices(*, now: datetime | None = None) -> int:
    """Send everybody concerned a letter about what waits and what was decided; return how many were sent."""
    now = now or database_now()
    _enqueue(now)
    return letters.send_due(WAITING, DECIDED, now=now)


@atomic_with_retry
def _enqueue(now: datetime) -> None:
    """Make a letter for each person concerned, once per approval."""
    waiting = Approval.objects.filter(decision=None, approvers_told_at=None)
    decided = Approval.objects.filter(~Q(decision=Decision.WITHDRAWN), decision__isnull=False)
    for approval in waiting.order_by("requested_at")[:AT_ONCE]:
        _address(WAITING, approval, _deciders(approval), "approvers_told_at", now)
    for approval in decided.filter(requester_told_at=None).order_by("decided_at")[:AT_ONCE]:
        _address(DECIDED, approval, _requester(approval), "requester_told_at", now)


def _address(
    kind: LetterKind, approval: Approval, members: Iterable[User], column: str, now: datetime
) -> None:
    for member in members:
        letters.enqueue(kind, approval.pk, recipient=party_of(member), now=now)
    setattr(approval, column, now)
    approval.save(update_fields=[column])


def _write_waiting(letter: Letter, now: datetime) -> Message | None:
    approval = Approval.objects.get(pk=letter.subject_id)
    return _message(letter, approval) if approval.decision is None else None


def _write_decided(letter: Letter, now: datetime) -> Message | None:
    return _message(letter, Approval.objects.get(pk=letter.subject_id))


def _message(letter: Letter, approval: Approval) -> Message | None:
    member = find_member(letter.recipient)
    if member is None or not member.email:
        return None
    state = approval.decision or "waits for a second person"
    return Message(member.email, f"{kind_of(approval).words}: {state}", _text(approval))


def _text(approval: Approval) -> str:
    """No names of workers or platforms: only what leads to the page."""
    amount = "" if approval.amount is None else f"Amount: {usdc(approval.amount)}\n"
    asked_by, decided_by = (isolated(by_name(one)) for one in (approval.requested_by, approval.decided_by))
    decided = f"Decided by {decided_by}. {approval.error}\n" if approval.decision else ""
    return (
        f"{kind_of(approval).words}\n\nAsked for by {asked_by}.\n{amount}{decided}"
        f"It can be decided until {approval.expires_at:%Y-%m-%d %H:%M} UTC.\n\n"
        f"In the admin: Approvals, {approval.pk}\n"
    )


def _deciders(approval: Approval) -> list[User]:
    """Who may decide on it: staff with both permissions, but who asked for it."""
    permissions = (MAY_DECIDE, kind_of(approval).permission)
    return [one for one in members_who_may(*permissions) if party_of(one) != approval.requested_by]


def _requester(approval: Approval) -> list[User]:
    member = find_member(approval.requested_by)
    return [] if member is None else [member]


WAITING = letters.register(LetterKind("approval_waits", JOB, _write_waiting))
DECIDED = letters.register(LetterKind("approval_decided", JOB, _write_decided))
