"""Letters to staff about disputes that wait: pay stands still until they decide (domain.md, section 4)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from audit import letters
from audit.letters import LetterKind, Message
from audit.models import Letter
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.staff import find_member, members_who_may, party_of
from platforms.models import Dispute

MAY_RESOLVE = "platforms.resolve_dispute"
JOB = "send_dispute_reminders"
AT_ONCE = 100


def reminder_age() -> timedelta:
    """Return the age from which staff are reminded of an open dispute."""
    return timedelta(days=settings.DISPUTE_REMINDER_DAYS)


def alarm_age() -> timedelta:
    """Return the age from which an open dispute is an alarm."""
    return timedelta(days=settings.DISPUTE_ALARM_DAYS)


def send_dispute_reminders(*, now: datetime | None = None) -> int:
    """Send everybody who may resolve disputes one letter about each that has come to the age of a reminder,
    and one when it has come to that of an alarm; return how many were sent."""
    now = now or database_now()
    _enqueue(now)
    return letters.send_due(REMINDER, ALARM, now=now)


@atomic_with_retry
def _enqueue(now: datetime) -> None:
    """Make the letters, once per dispute and age. One that was noticed too late for a reminder is an alarm.
    While nobody may resolve disputes, it waits for the first who may."""
    readers = members_who_may(MAY_RESOLVE)
    if not readers:
        return
    is_open = Dispute.objects.filter(resolved_at=None)
    overdue = is_open.filter(filed_at__lte=now - alarm_age(), alarmed_at=None)
    for dispute in overdue.locked()[:AT_ONCE]:
        dispute.reminded_at, dispute.alarmed_at = dispute.reminded_at or now, now
        _address(ALARM, dispute, readers, now)
    waiting = is_open.filter(filed_at__lte=now - reminder_age(), reminded_at=None)
    for dispute in waiting.locked()[:AT_ONCE]:
        dispute.reminded_at = now
        _address(REMINDER, dispute, readers, now)


def _address(kind: LetterKind, dispute: Dispute, readers: list[User], now: datetime) -> None:
    dispute.save(update_fields=["reminded_at", "alarmed_at"])
    for member in readers:
        letters.enqueue(kind, dispute.pk, recipient=party_of(member), now=now)


def _write(letter: Letter, now: datetime) -> Message | None:
    """Return the letter, unless the dispute was resolved meanwhile or its reader may not resolve it any more.
    No names of workers or platforms: only what leads to the page."""
    dispute = Dispute.objects.filter(pk=letter.subject_id, resolved_at=None).first()
    member = find_member(letter.recipient)
    if dispute is None or member is None or not member.email or not member.has_perm(MAY_RESOLVE):
        return None
    days = (now - dispute.filed_at).days
    overdue = letter.kind == ALARM.name
    subject = f"{'Overdue: a' if overdue else 'A'} dispute has waited for {days} days"
    return Message(member.email, subject, _text(dispute, overdue=overdue))


def _text(dispute: Dispute, *, overdue: bool) -> str:
    until = "" if overdue else f"From {alarm_age().days} days on it is overdue.\n\n"
    return (
        f"Filed at {dispute.filed_at:%Y-%m-%d %H:%M} UTC by the {dispute.side},"
        f" severity {dispute.severity} of 5.\n\n"
        f"Pay for the task stands still until staff decide how what is held is split.\n\n{until}"
        f"In the admin: Disputes, {dispute.pk}\n"
    )


REMINDER = letters.register(LetterKind("dispute_waits", JOB, _write))
ALARM = letters.register(LetterKind("dispute_overdue", JOB, _write))
