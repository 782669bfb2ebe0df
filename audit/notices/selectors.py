"""Notices as their reader sees them, and the ways that a member of staff has chosen."""

from collections.abc import Mapping

from django.contrib.auth.models import User
from django.db.models import QuerySet

from audit.models import Notice, NoticePreference
from audit.notices.enums import NoticeWay
from audit.notices.kind_registry import all_notice_kinds
from gigstream.core.people.staff_names import actor_text

# More than these are not counted: the exact number helps nobody.
MOST_COUNTED = 100


def visible_types(member: User) -> set[str]:
    """Return the types of rows that the member may view, as notices name them."""
    codenames = (permission.partition(".")[2] for permission in member.get_all_permissions())
    return {name.removeprefix("view_") for name in codenames if name.startswith("view_")}


def notices_of(member: User) -> QuerySet[Notice]:
    """Return the member's notices about rows that they may view now, newest first."""
    own = Notice.objects.filter(recipient=actor_text(member), subject_type__in=visible_types(member))
    return own.order_by("-id")


def count_unread(member: User) -> int:
    """Return how many notices the member has not read, at most `MOST_COUNTED`."""
    return notices_of(member).filter(read_at=None).order_by()[:MOST_COUNTED].count()


def ways_of(member: User) -> Mapping[str, NoticeWay]:
    """Return the way in which the member gets each kind of notice: the chosen way, or that of their roles."""
    roles = list(member.groups.values_list("name", flat=True))
    chosen = dict(NoticePreference.objects.filter(member=actor_text(member)).values_list("kind", "way"))
    return {
        name: NoticeWay(chosen[name]) if name in chosen else kind.default_way(roles)
        for name, kind in all_notice_kinds().items()
    }
