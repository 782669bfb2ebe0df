"""Notices about items that are overdue in a queue: to who has taken the item, else to the queue's desk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast

from audit.claims.services import open_claims
from audit.models import Notice
from audit.notices.services import notify
from gigstream.console.notices.vocabulary import OVERDUE
from gigstream.console.queues import QUEUES, Queue
from gigstream.core.people.staff_names import actor_text
from gigstream.core.unit import in_unit

# A queue with more of them needs more than notices; the rest follows with the next runs.
MOST_AT_ONCE = 20


@in_unit
def notify_of_overdue(*, now: datetime) -> int:
    """Notify of each item that is overdue, once; return the number of notices."""
    staff = User.objects.filter(is_active=True, is_staff=True).prefetch_related("groups").order_by("pk")
    members = list(staff)
    return sum(_notify_of_queue(queue, members, now) for queue in QUEUES)


def _notify_of_queue(queue: Queue, members: Sequence[User], now: datetime) -> int:
    rows = _newly_overdue(queue, now)
    if not rows:
        return 0
    claims = open_claims(queue.subject_type)
    desk = {actor_text(member): _own_keys(queue, member, rows, now) for member in members}
    kept = 0
    for row in rows:
        held = claims.get(str(row.pk))
        at_desk = [name for name, keys in desk.items() if row.pk in keys]
        kept += notify(
            [f"staff:{held.claimed_by}"] if held else at_desk,
            OVERDUE,
            subject_type=queue.subject_type,
            subject_id=row.pk,
            words=f"{queue.title}: waits since {getattr(row, queue.since):%Y-%m-%d %H:%M} UTC.",
            cause=queue.slug,
            moment=now,
        )
    return kept


def _newly_overdue(queue: Queue, now: datetime) -> list[Any]:
    """Return items of which nobody was notified yet, those that wait longest first."""
    noticed = Notice.objects.filter(
        kind=OVERDUE.name,
        cause=queue.slug,
        subject_type=queue.subject_type,
        subject_id=Cast(OuterRef("pk"), CharField()),
    )
    overdue = queue.rows(now).filter(~Exists(noticed), **{f"{queue.since}__lte": now - queue.overdue_after()})
    return list(overdue.order_by(queue.since, "pk")[:MOST_AT_ONCE])


def _own_keys(queue: Queue, member: User, rows: Sequence[Any], now: datetime) -> set[Any]:
    """Return the keys of the items that the member may work on."""
    if not queue.may_be_worked_by(member):
        return set()
    own = queue.rows_for(member, now).filter(pk__in=[row.pk for row in rows])
    return set(own.values_list("pk", flat=True))
