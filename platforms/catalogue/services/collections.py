"""Collections: works in an order, of a creator or a listener."""

from collections.abc import Collection as Group
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.people.names import normal_name
from platforms.catalogue.errors import (
    CollectionOwnerMissing,
    InvalidPositions,
    WorkNotFound,
    WorkWithdrawn,
)
from platforms.catalogue.services.creators import lock_open_creator
from platforms.catalogue.services.listeners import lock_listener, require_listener_id
from platforms.models import Collection, Work
from platforms.tasks.errors import NOTHING_HERE


@dataclass(frozen=True, slots=True)
class Place:
    """A work at its position in a collection."""

    work_id: UUID
    position: int


@verb("collection.create", "platform")
def create_collection(
    *,
    platform_id: UUID,
    title: str,
    creator_id: UUID | None = None,
    listener: str | None = None,
    works: Sequence[Place] = (),
    now: datetime | None = None,
) -> Collection:
    """Make a collection of a creator, or of the platform's listener of this id.

    Raises CollectionOwnerMissing, CreatorNotFound, CreatorClosed, InvalidListenerId, InvalidName,
    InvalidPositions, WorkNotFound or WorkWithdrawn.
    """
    if (creator_id is None) == (listener is None):
        raise CollectionOwnerMissing("a collection belongs either to a creator or to a listener")
    now = now or database_now()
    collection = Collection(platform_id=platform_id, title=normal_name(title), created_at=now)
    if creator_id is not None:
        collection.creator = lock_open_creator(creator_id=creator_id, platform_id=platform_id)
    if listener is not None:
        require_listener_id(external_id=listener)
        collection.listener_id = lock_listener(platform_id=platform_id, external_id=listener, now=now)
    collection.save(force_insert=True)
    _place_works(collection, works)
    audit.record("collection.create", collection, after={"works": len(works)}, now=now)
    return collection


@verb("collection.change", "collection")
def change_collection(
    *,
    collection_id: UUID,
    title: str | None = None,
    works: Sequence[Place] | None = None,
    now: datetime | None = None,
) -> Collection:
    """Change the title of a collection, or put these works in the place of those in it. A withdrawn work may
    stay where it was. Raises InvalidName, InvalidPositions, WorkNotFound or WorkWithdrawn."""
    collection = Collection.objects.locked().get(pk=collection_id)
    if title is not None:
        collection.title = normal_name(title)
    collection.save(update_fields=["title", "updated_at"])
    if works is not None:
        _place_works(collection, works)
    audit.record(
        "collection.change", collection, after={} if works is None else {"works": len(works)}, now=now
    )
    return collection


@verb("collection.delete", "collection")
def delete_collection(*, collection_id: UUID, now: datetime | None = None) -> None:
    """Delete the collection. Its works stay."""
    collection = Collection.objects.locked().get(pk=collection_id)
    audit.record("collection.delete", collection, now=now)
    collection.delete()


def _place_works(collection: Collection, places: Sequence[Place]) -> None:
    """Make these the works of the collection, by one statement that may exchange places."""
    _require_positions(places)
    ids = [place.work_id for place in places]
    _require_works(collection, ids)
    sql.run(
        "platforms/catalogue/place_works",
        collection=collection.pk,
        works=ids,
        positions=[place.position for place in places],
    )


def _require_positions(places: Sequence[Place]) -> None:
    """Raise InvalidPositions unless the positions are 1 to n and each work stands once."""
    positions = sorted(place.position for place in places)
    wrong = next((given for wanted, given in enumerate(positions, 1) if given != wanted), None)
    if wrong is not None:
        raise InvalidPositions(
            f"the positions of {len(places)} works are 1 to {len(places)}, each once, not {wrong}",
            works=len(places),
            position=wrong,
        )
    if len({place.work_id for place in places}) < len(places):
        raise InvalidPositions("a work stands in a collection once", works=len(places))


def _require_works(collection: Collection, ids: Group[UUID]) -> None:
    """Raise WorkNotFound or WorkWithdrawn unless each is a work of the platform that may stand here."""
    found = Work.objects.filter(platform=collection.platform_id, pk__in=ids)
    withdrawn = dict(found.values_list("pk", "withdrawn_at"))
    if len(withdrawn) < len(ids):
        raise WorkNotFound(NOTHING_HERE)
    present = set(collection.places.values_list("work", flat=True))
    for work_id, withdrawn_at in sorted(withdrawn.items()):
        if withdrawn_at is not None and work_id not in present:
            raise WorkWithdrawn(f"work {work_id} was withdrawn", work_id=work_id)
