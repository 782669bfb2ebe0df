"""Letters to staff about waiting disputes: pay stands still until they decide (domain.md, section 4)."""

from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth.models import User

from gigstream.core.clock import database_now
from gigstream.core.people.staff_names import actor_text, find_member, members_who_may
from gigstream.core.unit import in_unit
from gigstream.letters.models import Letter
from gigstream.letters.services import (
    LetterKind,
    Message,
    enqueue_letter,
    register_letter_kind,
    send_due_letters,
)
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
    """Send everybody who may resolve disputes a letter about each dispute at the age of a reminder, and
    another at the age of an alarm; return how many were sent."""
    now = now or database_now()
    _enqueue_letters(now)
    return send_due_letters(REMINDER, ALARM, now=now)


@in_unit
def _enqueue_letters(now: datetime) -> None:
    """Make the letters, once per dispute and age. A dispute noticed too late for a reminder is an alarm.
    While nobody may resolve disputes, no letter is made."""
    readers = members_who_may(MAY_RESOLVE)
    if not readers:
        return
    is_open = Dispute.objects.filter(resolved_at=None)
    overdue = is_open.filter(filed_at__lte=now - alarm_age(), alarmed_at=None)
    for dispute in overdue.locked()[:AT_ONCE]:
        dispute.reminded_at, dispute.alarmed_at = dispute.reminded_at or now, now
        _notify_readers(ALARM, dispute, readers, now)
    waiting = is_open.filter(filed_at__lte=now - reminder_age(), reminded_at=None)
    for dispute in waiting.locked()[:AT_ONCE]:
        dispute.reminded_at = now
        _notify_readers(REMINDER, dispute, readers, now)


def _notify_readers(kind: LetterKind, dispute: Dispute, readers: list[User], now: datetime) -> None:
    dispute.save(update_fields=["reminded_at", "alarmed_at"])
    for member in readers:
        enqueue_letter(kind, dispute.pk, recipient=actor_text(member), now=now)


def _write_letter(letter: Letter, now: datetime) -> Message | None:
    """Return the letter, or None if the dispute was resolved meanwhile or its reader may not resolve it any
    more. It has no names of workers or platforms, only the way to the page."""
    dispute = Dispute.objects.filter(pk=letter.subject_id, resolved_at=None).first()
    member = find_member(letter.recipient)
    if dispute is None or member is None or not member.email or not member.has_perm(MAY_RESOLVE):
        return None
    days = (now - dispute.filed_at).days
    overdue = letter.kind == ALARM.name
    subject = f"{'Overdue: a' if overdue else 'A'} dispute has waited for {days} days"
    return Message(member.email, subject, _letter_text(dispute, overdue=overdue))


def _letter_text(dispute: Dispute, *, overdue: bool) -> str:
    until = "" if overdue else f"From {alarm_age().days} days on it is overdue.\n\n"
    return (
        f"Filed at {dispute.filed_at:%Y-%m-%d %H:%M} UTC by the {dispute.side},"
        f" severity {dispute.severity} of 5.\n\n"
        f"Pay for the task stands still until staff decide how the held amount is split.\n\n{until}"
        f"In the admin: Disputes, {dispute.pk}\n"
    )


REMINDER = register_letter_kind(LetterKind("dispute_waits", JOB, _write_letter))
ALARM = register_letter_kind(LetterKind("dispute_overdue", JOB, _write_letter))
