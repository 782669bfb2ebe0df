"""Creators: workers with a profile on a platform, made under the worker's consent, verified and closed."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.addresses import normal_address, normal_contract
from gigstream.core.clock import database_now
from gigstream.core.people.names import normal_name
from gigstream.core.states import require_move
from platforms.catalogue.enums import CREATOR_MOVES, CreatorStatus
from platforms.catalogue.errors import CreatorClosed, CreatorExists, CreatorNotFound
from platforms.catalogue.services.closing import close_profiles
from platforms.invitations.services.consents import lock_consenting_worker
from platforms.models import CreatorProfile
from platforms.platforms.services.platforms import lock_active_platform
from platforms.signals import creators_verified
from platforms.tasks.errors import NOTHING_HERE


@verb("creator.create", "platform")
def create_creator(
    *,
    platform_id: UUID,
    worker_id: UUID,
    display_name: str,
    token_address: str = "",
    metrics_address: str = "",
    now: datetime | None = None,
) -> CreatorProfile:
    """Make a profile of a worker who has agreed to work for the platform; it is pending until the platform
    has verified it.

    Raises WorkerNotFound, WorkerDeleted, WorkerSuspended, CreatorExists, InvalidName, InvalidAddress,
    PlatformDeleted or PlatformSuspended.
    """
    now = now or database_now()
    worker = lock_consenting_worker(worker_id=worker_id, platform_id=platform_id, now=now)
    present = CreatorProfile.objects.filter(platform=platform_id, worker=worker).first()
    if present is not None:
        raise CreatorExists(
            f"the worker has the profile {present.pk} on this platform, which is {present.status}",
            creator_id=present.pk,
            status=present.status,
        )
    creator = CreatorProfile(
        platform=lock_active_platform(platform_id=platform_id),
        worker=worker,
        display_name=normal_name(display_name),
        token_address=normal_contract(token_address) if token_address else "",
        metrics_address=normal_address(metrics_address) if metrics_address else "",
        created_at=now,
    )
    creator.save(force_insert=True)
    audit.record("creator.create", creator, after={"platform": platform_id, "worker": worker_id}, now=now)
    return creator


@verb("creator.change", "creatorprofile")
def change_creator(
    *, creator_id: UUID, changes: Mapping[str, str], now: datetime | None = None
) -> CreatorProfile:
    """Change the name or an address; an empty address takes it away. Raises CreatorClosed, InvalidName or
    InvalidAddress."""
    creator = lock_open_creator(creator_id=creator_id)
    for name, value in changes.items():
        setattr(creator, name, _NORMAL[name](value) if value or name == "display_name" else "")
    creator.save(update_fields=[*changes, "updated_at"])
    # The names of the columns alone: the log outlives a creator who wants to be erased.
    audit.record("creator.change", creator, metadata={"fields": sorted(changes)}, now=now)
    return creator


_NORMAL = {"display_name": normal_name, "token_address": normal_contract, "metrics_address": normal_address}


@verb("creator.verify", "creatorprofile")
def verify_creator(*, creator_id: UUID, now: datetime | None = None) -> CreatorProfile:
    """Verify a pending creator: the platform vouches for who it is. Raises CreatorClosed or IllegalMove."""
    now = now or database_now()
    creator = lock_open_creator(creator_id=creator_id)
    require_move(
        CREATOR_MOVES,
        subject=f"creator {creator.reference}",
        before=creator.status,
        after=CreatorStatus.VERIFIED,
    )
    creator.status, creator.verified_at = CreatorStatus.VERIFIED, now
    creator.save(update_fields=["status", "verified_at", "updated_at"])
    audit.record("creator.verify", creator, now=now)
    creators_verified.send(sender=CreatorProfile, creators=[creator], now=now)
    return creator


@verb("creator.close", "creatorprofile")
def close_creator(*, creator_id: UUID, reason: str = "", now: datetime | None = None) -> CreatorProfile:
    """Close the creator for good and withdraw its works. What they were used for stays counted. Raises
    CreatorClosed."""
    creator = lock_open_creator(creator_id=creator_id, alone=True)
    close_profiles(creators=[creator], reason=reason, now=now or database_now())
    return creator


def lock_open_creator(
    *, creator_id: UUID, platform_id: UUID | None = None, alone: bool = False
) -> CreatorProfile:
    """Lock the creator, of that platform if one is given, and return it. Raises CreatorNotFound or
    CreatorClosed."""
    rows = CreatorProfile.objects.filter(pk=creator_id)
    own = rows if platform_id is None else rows.filter(platform=platform_id)
    creator = (own.locked_alone() if alone else own.locked()).first()
    if creator is None:
        raise CreatorNotFound(NOTHING_HERE)
    if creator.status == CreatorStatus.CLOSED:
        raise CreatorClosed(f"creator {creator.reference} is closed", creator_id=creator.pk)
    return creator


def lock_consenting_creator(*, creator_id: UUID, platform_id: UUID, now: datetime) -> CreatorProfile:
    """Lock the worker and the creator, and return the creator if the platform may give it works at `now`.

    Raises CreatorNotFound, CreatorClosed; WorkerNotFound without an open consent, WorkerDeleted or
    WorkerSuspended.
    """
    of_platform = CreatorProfile.objects.filter(platform=platform_id)
    worker_id = of_platform.filter(pk=creator_id).values_list("worker", flat=True).first()
    if worker_id is None:
        raise CreatorNotFound(NOTHING_HERE)
    if not of_platform.open().filter(pk=creator_id).exists():
        raise CreatorClosed(f"creator {creator_id} is closed", creator_id=creator_id)
    lock_consenting_worker(worker_id=worker_id, platform_id=platform_id, now=now)
    return lock_open_creator(creator_id=creator_id, platform_id=platform_id)
