"""Emails about approvals: to who may decide, when something waits; to who asked, when it was decided."""

from collections.abc import Iterable
from datetime import datetime

from django.contrib.auth.models import User
from django.db.models import Q

from audit.approvals import MAY_DECIDE, kind_of
from audit.enums import Decision
from audit.models import Approval
from gigstream.lib import letters
from gigstream.lib.clock import database_now
from gigstream.lib.money import usdc
from gigstream.lib.staff import by_name

AT_ONCE = 100


def send_approval_notices(*, now: datetime | None = None) -> int:
    """Everybody concerned has an email about what waits and what was decided; returns how many approvals were
    told of. Of one whose email fails it is told again."""
    now = now or database_now()
    waiting = Approval.objects.filter(decision=None, approvers_told_at=None)
    decided = Approval.objects.filter(~Q(decision=Decision.WITHDRAWN), decision__isnull=False)
    told = 0
    for approval in waiting.order_by("requested_at")[:AT_ONCE]:
        told += _tell(approval, _deciders(approval), "approvers_told_at", now)
    for approval in decided.filter(requester_told_at=None).order_by("decided_at")[:AT_ONCE]:
        told += _tell(approval, _requester(approval), "requester_told_at", now)
    return told


def _tell(approval: Approval, members: Iterable[User], column: str, now: datetime) -> int:
    words = kind_of(approval).words
    state = approval.decision or "waits for a second person"
    addresses = [member.email for member in members if member.email]
    sent = [
        letters.send(f"{words}: {state}", _text(approval), address, about=f"approval {approval.pk}")
        for address in addresses
    ]
    if not all(sent):
        return 0
    setattr(approval, column, now)
    approval.save(update_fields=[column])
    return 1


def _text(approval: Approval) -> str:
    """No names of workers or platforms: only what leads to the page."""
    amount = "" if approval.amount is None else f"Amount: {usdc(approval.amount)}\n"
    decided = f"Decided by {by_name(approval.decided_by)}. {approval.error}\n" if approval.decision else ""
    return (
        f"{kind_of(approval).words}\n\nAsked for by {by_name(approval.requested_by)}.\n{amount}{decided}"
        f"It can be decided until {approval.expires_at:%Y-%m-%d %H:%M} UTC.\n\n"
        f"In the admin: Approvals, {approval.pk}\n"
    )


def _deciders(approval: Approval) -> list[User]:
    """Who may decide on it: staff with both permissions, but who asked for it."""
    permissions = (MAY_DECIDE, kind_of(approval).permission)
    staff = User.objects.filter(is_active=True, is_staff=True).order_by("pk")
    return [
        member
        for member in staff
        if f"staff:{member.pk}" != approval.requested_by and member.has_perms(permissions)
    ]


def _requester(approval: Approval) -> list[User]:
    kind, _, number = approval.requested_by.partition(":")
    if kind != "staff" or not number.isdigit():
        return []
    return list(User.objects.filter(pk=int(number), is_active=True, is_staff=True))
