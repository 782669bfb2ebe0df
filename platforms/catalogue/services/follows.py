"""Listeners who follow creators."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from platforms.catalogue.enums import CreatorStatus
from platforms.catalogue.errors import AlreadyFollowing, CreatorClosed, CreatorNotFound, NotFollowing
from platforms.catalogue.services.listeners import find_listeners, lock_listener, require_listener_id
from platforms.models import CreatorProfile, Follow
from platforms.signals import follows_begun, follows_ended
from platforms.tasks.errors import NOTHING_HERE


@verb("follow.begin", "platform")
def follow_creator(
    *, platform_id: UUID, creator_id: UUID, listener: str, now: datetime | None = None
) -> Follow:
    """Have the platform's listener of this id follow the creator.

    Raises InvalidListenerId, CreatorNotFound, CreatorClosed or AlreadyFollowing.
    """
    require_listener_id(external_id=listener)
    now = now or database_now()
    _require_open(platform_id, creator_id)
    listener_id = lock_listener(platform_id=platform_id, external_id=listener, now=now)
    try:
        with transaction.atomic():
            follow = Follow.unguarded.create(listener_id=listener_id, creator_id=creator_id, since=now)
    except IntegrityError as error:
        if "follow_one_open_per_pair" not in str(error):
            raise
        raise AlreadyFollowing(f"the listener follows creator {creator_id} already") from error
    audit.record("follow.begin", follow, after={"creator": creator_id}, now=now)
    follows_begun.send(sender=Follow, follows=[follow], now=now)
    return follow


def _require_open(platform_id: UUID, creator_id: UUID) -> None:
    """Raise CreatorNotFound or CreatorClosed unless listeners of the platform can follow the creator; from
    here on that stays so until the transaction ends. Any number of listeners begin at the same time."""
    rows = sql.run("platforms/catalogue/rely_on_creator", creator=creator_id, platform=platform_id)
    if not rows:
        raise CreatorNotFound(NOTHING_HERE)
    if rows[0]["status"] == CreatorStatus.CLOSED:
        raise CreatorClosed(f"creator {creator_id} is closed", creator_id=creator_id)


@verb("follow.end", "platform")
def unfollow_creator(
    *, platform_id: UUID, creator_id: UUID, listener: str, now: datetime | None = None
) -> Follow:
    """End the listener's following of the creator, who may be closed. Raises InvalidListenerId,
    CreatorNotFound or NotFollowing."""
    require_listener_id(external_id=listener)
    now = now or database_now()
    if not CreatorProfile.objects.filter(pk=creator_id, platform=platform_id).exists():
        raise CreatorNotFound(NOTHING_HERE)
    ids = find_listeners(platform_id=platform_id, external_id=listener)
    follow = Follow.objects.open().filter(listener__in=ids, creator=creator_id).locked().first()
    if follow is None:
        raise NotFollowing(f"the listener does not follow creator {creator_id}")
    end_follows(follows=[follow], now=now)
    audit.record("follow.end", follow, after={"creator": creator_id}, now=now)
    return follow


def end_follows(*, follows: list[Follow], now: datetime) -> None:
    """End these follows, which are open and locked."""
    for follow in follows:
        follow.until = max(now, follow.since)
    Follow.unguarded.bulk_update(follows, ["until"])
    if follows:
        follows_ended.send(sender=Follow, follows=follows, now=now)
