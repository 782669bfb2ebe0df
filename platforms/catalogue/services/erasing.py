"""The erasure of a listener, at the request of the platform."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from platforms.catalogue.errors import ListenerNotFound
from platforms.catalogue.services.follows import end_follows
from platforms.catalogue.services.listeners import find_listeners, require_listener_id
from platforms.models import Collection, Follow, Listener
from platforms.tasks.errors import NOTHING_HERE


@dataclass(frozen=True, slots=True)
class Erasure:
    """An erasure of a listener: how many follows it ended and collections it deleted."""

    erased_at: datetime
    follows: int
    collections: int


@verb("listener.erase", "platform")
def erase_listener(*, platform_id: UUID, listener: str, now: datetime | None = None) -> Erasure:
    """Forget who the platform's listener of this id was: the digest goes, follows end, collections of the
    listener are deleted. What was used stays counted. The same id is somebody new from then on.

    Raises InvalidListenerId, or ListenerNotFound.
    """
    require_listener_id(external_id=listener)
    now = now or database_now()
    ids = find_listeners(platform_id=platform_id, external_id=listener)
    rows = list(Listener.objects.filter(pk__in=ids, digest__isnull=False).locked())
    if not rows:
        raise ListenerNotFound(NOTHING_HERE)
    Listener.unguarded.filter(pk__in=[row.pk for row in rows]).update(key=None, digest=None)
    follows = list(Follow.objects.open().filter(listener__in=rows).locked())
    end_follows(follows=follows, now=now)
    lists = Collection.objects.filter(listener__in=rows).locked()
    deleted = len(lists)
    Collection.objects.filter(pk__in=[one.pk for one in lists]).delete()
    audit.record_each("listener.erase", rows, metadata=lambda row: {"platform": row.platform_id}, now=now)
    return Erasure(now, len(follows), deleted)
