"""Notices to members of staff: kept by the transaction of their cause, read, chosen, and swept."""

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta

from django.contrib.auth.models import Group, User
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import CharField, F, OuterRef, Q, Subquery, Value
from django.db.models.functions import Cast, Concat, Greatest

from audit.log.context import current_actor
from audit.log.services import Record, record_many, verb
from audit.models import Notice, NoticePreference
from audit.notices.enums import NoticeWay
from audit.notices.errors import UnknownNoticeWay
from audit.notices.kind_registry import NoticeKind, all_notice_kinds
from audit.notices.selectors import notices_of
from gigstream.core.clock import database_now
from gigstream.core.people.staff_names import actor_text, holding
from gigstream.core.postgres.transactions import delete_some
from gigstream.core.unit import in_unit

# Emails of the day go out at this hour, UTC.
DIGEST_AT = time(6)
READ_KEPT = timedelta(days=60)
UNREAD_KEPT = timedelta(days=365)


@in_unit
def notify(
    recipients: Iterable[str],
    kind: NoticeKind,
    *,
    subject_type: str,
    subject_id: object,
    words: str,
    cause: str = "",
    address: str = "",
    moment: datetime | None = None,
) -> int:
    """Keep a notice about a row for members of staff, each named as in "staff:4"; return for how many.

    `words` hold no personal data of workers or platforms. Again for the same `cause`, nothing is added.
    Left out are the present actor, accounts that may not log in, who may not view rows of this type, and who
    has chosen not to be notified.
    """
    moment = moment or database_now()
    notices = [
        Notice(
            created_at=moment,
            recipient=actor_text(reader),
            kind=kind.name,
            subject_type=subject_type,
            subject_id=str(subject_id),
            cause=cause,
            words=words,
            address=address,
            way=way,
            letter_due_at=_letter_due_at(way, moment),
        )
        for reader, way in _find_readers(recipients, kind, subject_type)
        if way != NoticeWay.NOTHING
    ]
    Notice.objects.bulk_create(notices, ignore_conflicts=True)
    return len(notices)


def _find_readers(
    recipients: Iterable[str], kind: NoticeKind, subject_type: str
) -> list[tuple[User, NoticeWay]]:
    """Return those among the recipients who may get a notice about rows of this type, each with their way,
    by a single statement."""
    keys = {name.partition(":")[2] for name in recipients if name != str(current_actor())}
    chosen = NoticePreference.objects.filter(
        member=Concat(Value("staff:"), Cast(OuterRef("pk"), CharField())), kind=kind.name
    )
    roles = Group.objects.filter(user=OuterRef("pk")).order_by("name")
    found = (
        User.objects.filter(pk__in=[int(key) for key in keys if key.isdigit()], is_active=True, is_staff=True)
        .filter(holding(f"view_{subject_type}"))
        .annotate(chosen=Subquery(chosen.values("way")[:1]), roles=ArraySubquery(roles.values("name")))
        .order_by("pk")
    )
    return [
        (member, NoticeWay(member.chosen) if member.chosen else kind.default_way(member.roles))
        for member in found
    ]


def _letter_due_at(way: NoticeWay, moment: datetime) -> datetime | None:
    """Return when a letter about what happened at `moment` may go out: at once, or with the next digest."""
    if way == NoticeWay.EMAIL:
        return moment
    if way != NoticeWay.DIGEST:
        return None
    today = datetime.combine(moment.date(), DIGEST_AT, moment.tzinfo)
    return today if moment < today else today + timedelta(days=1)


@in_unit
def end_notices(kind: NoticeKind, *, subject_type: str, subject_id: object, now: datetime) -> int:
    """Mark the notices of this kind about a row as read by all, as it waits no more; return how many."""
    about = Notice.objects.filter(
        kind=kind.name, subject_type=subject_type, subject_id=str(subject_id), read_at=None
    )
    return about.update(read_at=Greatest(Value(now), F("created_at")))


@in_unit
def read_notices(member: User, *, among: Q | None = None, now: datetime | None = None) -> int:
    """Mark the member's notices as read, or those that `among` selects; return how many were not."""
    unread = notices_of(member).filter(among or Q(), read_at=None).order_by()
    return unread.update(read_at=Greatest(Value(now or database_now()), F("created_at")))


@verb("notice.choose", "user")
def choose_ways(*, member_id: int, ways: Mapping[str, str], now: datetime | None = None) -> None:
    """Have notices of these kinds reach the member in the chosen ways from now on. Raises
    UnknownNoticeWay."""
    now = now or database_now()
    unknown = sorted(set(ways) - set(all_notice_kinds())) + sorted(set(ways.values()) - set(NoticeWay.values))
    if unknown:
        raise UnknownNoticeWay(f"notices have no kind or way {', '.join(unknown)}")
    member = f"staff:{member_id}"
    before = dict(NoticePreference.objects.filter(member=member, kind__in=ways).values_list("kind", "way"))
    changed = {kind: way for kind, way in ways.items() if before.get(kind) != way}
    NoticePreference.objects.bulk_create(
        [NoticePreference(member=member, kind=kind, way=way, chosen_at=now) for kind, way in changed.items()],
        update_conflicts=True,
        unique_fields=["member", "kind"],
        update_fields=["way", "chosen_at"],
    )
    if changed:
        old = {kind: before.get(kind) for kind in changed}
        record_many([Record("notice.choose", "user", str(member_id), before=old, after=changed)], now=now)


@in_unit
def sweep_notices(*, now: datetime | None = None) -> int:
    """Delete read notices after 60 days and others after a year, some at a time; return how many."""
    now = now or database_now()
    old = Q(read_at__isnull=False, created_at__lte=now - READ_KEPT) | Q(created_at__lte=now - UNREAD_KEPT)
    return delete_some(Notice.objects.filter(old))


@in_unit
def take_due_letters(*, way: NoticeWay, now: datetime, limit: int) -> list[Notice]:
    """Return notices of this way whose letter is due, marked so that no other run takes them."""
    due = Notice.objects.filter(way=way, letter_due_at__lte=now, lettered_at=None).order_by("letter_due_at")
    found = list(due.locked()[:limit])
    Notice.objects.filter(pk__in=[notice.pk for notice in found]).update(lettered_at=now)
    return found
