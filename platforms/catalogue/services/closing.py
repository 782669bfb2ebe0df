"""The closing of creators, by their platform or because a worker or platform leaves."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from audit.log import services as audit
from gigstream.api.idempotency import delete_responses
from platforms.catalogue.enums import CreatorStatus
from platforms.catalogue.services.listener_keys import forget_listeners_of_platform
from platforms.models import CreatorProfile, Platform, Work
from platforms.signals import creators_closed
from workers.models import Worker

# The address at which platforms make creators; the stored answers repeat the name and the addresses.
CREATORS_PATH = "/api/v1/creators"


def close_profiles(*, creators: Sequence[CreatorProfile], reason: str = "", now: datetime) -> None:
    """Close these creators, whose rows are locked and open, and withdraw their works."""
    for creator in creators:
        before, creator.status, creator.closed_at = creator.status, CreatorStatus.CLOSED, now
        creator.save(update_fields=["status", "closed_at", "updated_at"])
        withdrawn = _withdraw_works(creator.pk, now)
        audit.record(
            "creator.close",
            creator,
            before={"status": before},
            after={"status": creator.status},
            metadata={"works": withdrawn, **({"reason": reason} if reason else {})},
            now=now,
        )
    if creators:
        creators_closed.send(sender=CreatorProfile, creators=list(creators), now=now)


def _withdraw_works(creator_id: UUID, now: datetime) -> int:
    """Withdraw the open works of a creator; return how many."""
    ids = list(Work.objects.open().filter(creator=creator_id).locked().values_list("pk", flat=True))
    return Work.unguarded.filter(pk__in=ids).update(withdrawn_at=now, updated_at=timezone.now())


def close_creators_of_worker(*, worker: Worker, now: datetime) -> None:
    """Close the profiles of a worker who leaves, whose row is locked; names and addresses go from each of
    them, and from the stored answers to the platforms."""
    creators = list(CreatorProfile.objects.filter(worker=worker).locked_alone())
    close_profiles(creators=[one for one in creators if one.status != CreatorStatus.CLOSED], now=now)
    for creator in creators:
        creator.display_name = creator.token_address = creator.metrics_address = ""
        creator.save(update_fields=["display_name", "token_address", "metrics_address", "updated_at"])
        caller = f"platform:{creator.platform_id}"
        delete_responses(caller=caller, path=CREATORS_PATH, naming=str(creator.pk))
        delete_responses(caller=caller, below=f"{CREATORS_PATH}/{creator.pk}")


def close_catalogue(*, platform: Platform, now: datetime) -> None:
    """Close all creators of a platform that leaves, and make its listeners unknown."""
    creators = list(CreatorProfile.objects.open().filter(platform=platform).locked_alone())
    close_profiles(creators=creators, now=now)
    forget_listeners_of_platform(platform_id=platform.pk, now=now)
