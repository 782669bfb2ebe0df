"""Synchronisation of creators' numbers: of those who have an address and whose numbers have moved since the
chain was last seen to show them, up to two hundred in an operation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.utils.crypto import salted_hmac

from audit.log import services as audit
from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.unit import in_unit
from payments.models import ChainOperation, CreatorSync, OperationCreator
from payments.oracle.calculations import NO_NUMBERS, CreatorNumbers, are_equal, pack_numbers
from payments.oracle.enums import OperationKind
from payments.oracle.errors import NumbersTooLarge
from payments.oracle.registry import NumbersSource, registry
from payments.oracle.services.providers import Oracle, configured_oracle
from platforms.catalogue.enums import CreatorStatus
from platforms.catalogue.querysets import CreatorQuerySet
from platforms.models import CreatorProfile

MOST_CREATORS = 200
# Creators whose numbers are read from the source at once.
PAGE = 200
SHARED = "another creator of the platform has the same address"
# New numbers by the creator's id.
Moved = dict[UUID, CreatorNumbers]


def sync_metrics(
    *, platform_id: UUID | None = None, now: datetime | None = None, oracle: Oracle | None = None
) -> int:
    """Make the operations that write the moved numbers of creators, of all platforms or of one; return how
    many creators are in them.

    A creator is in one open operation at most, however many runs there are at the same time.
    """
    oracle = oracle or configured_oracle()
    if registry.source is None or not oracle.contract:
        return 0
    at = now or database_now()
    return sum(
        _write_operation(platform, moved, oracle, at)
        for platform, moved in _moved_batches(registry.source, platform_id)
    )


def _moved_batches(source: NumbersSource, platform_id: UUID | None) -> Iterator[tuple[UUID, Moved]]:
    """Yield the new numbers of creators whose numbers have moved, platform by platform, as many as an
    operation holds."""
    creators = _writable()
    if platform_id is not None:
        creators = creators.filter(platform=platform_id)
    for platform in list(creators.order_by("platform").values_list("platform", flat=True).distinct()):
        waiting: Moved = {}
        for page in _pages_of_creators(creators.filter(platform=platform)):
            waiting |= _moved(page, source.numbers_of([creator.pk for creator in page]))
            while len(waiting) > MOST_CREATORS:
                full = dict(islice(waiting.items(), MOST_CREATORS))
                yield platform, full
                waiting = {id_: numbers for id_, numbers in waiting.items() if id_ not in full}
        if waiting:
            yield platform, waiting


def _pages_of_creators(creators: CreatorQuerySet) -> Iterator[list[CreatorProfile]]:
    """Yield the creators in the order of their numbers."""
    last = 0
    while page := list(creators.filter(number__gt=last).order_by("number")[:PAGE]):
        yield page
        last = page[-1].number


def _writable() -> CreatorQuerySet:
    """Return the creators whose numbers are written: the verified ones with an address."""
    return CreatorProfile.objects.filter(status=CreatorStatus.VERIFIED).exclude(metrics_address="")


def _moved(creators: Sequence[CreatorProfile], numbers: Mapping[UUID, CreatorNumbers]) -> Moved:
    """Return the new numbers of the creators whose numbers the chain does not show, and that no operation is
    writing."""
    syncs = {sync.creator_id: sync for sync in CreatorSync.objects.filter(creator__in=creators)}
    found = {one: numbers.get(one.pk, NO_NUMBERS) for one in creators}
    return {one.pk: new for one, new in found.items() if _is_due(one, syncs.get(one.pk), new)}


def _is_due(creator: CreatorProfile, sync: CreatorSync | None, numbers: CreatorNumbers) -> bool:
    if sync is None or (sync.synced_at is None and sync.operation_id is None):
        return not are_equal(numbers, NO_NUMBERS)
    if sync.operation_id is not None:
        return False
    if sync.differs_at is not None or not are_equal(numbers, sync.numbers):
        return True
    return sync.address_hash != hash_address(creator)


def hash_address(creator: CreatorProfile) -> str:
    """Return the keyed hash of a creator's address, which differs for each platform."""
    text = f"{creator.platform_id}\n{creator.metrics_address.lower()}"
    return salted_hmac("gigstream.oracle.addresses", text, algorithm="sha256").hexdigest()


@in_unit
def _write_operation(platform_id: UUID, numbers: Moved, oracle: Oracle, now: datetime) -> int:
    """Make one operation of those creators that are still due once their rows are locked; return how many."""
    present = list(_writable().filter(pk__in=list(numbers)).locked())
    CreatorSync.unguarded.bulk_create(
        [CreatorSync(creator=one, created_at=now, updated_at=now) for one in present], ignore_conflicts=True
    )
    syncs = {row.creator_id: row for row in CreatorSync.objects.locked().filter(creator__in=present)}
    chosen = _choose(present, syncs, numbers)
    if chosen:
        operation = new_operation(
            OperationKind.UPDATE_METRICS, platform_id, oracle, creator_count=len(chosen), now=now
        )
        operation.save(force_insert=True)
        OperationCreator.unguarded.bulk_create(
            OperationCreator(
                operation=operation,
                creator=creator,
                position=position,
                address=creator.metrics_address.lower(),
                **asdict(numbers[creator.pk]),
            )
            for position, creator in enumerate(chosen)
        )
        for creator in chosen:
            syncs[creator.pk].operation = operation
        audit.record("oracle.create", operation, after={"creators": len(chosen)}, now=now)
    for row in syncs.values():
        row.updated_at = now
    CreatorSync.unguarded.bulk_update(syncs.values(), ["operation", "address_hash", "left_out", "updated_at"])
    return len(chosen)


def _choose(
    creators: Sequence[CreatorProfile],
    syncs: Mapping[UUID, CreatorSync],
    numbers: Moved,
) -> list[CreatorProfile]:
    """Return the creators to write; note (in memory) why others are left out. The first creator of a platform
    with an address keeps it."""
    hashes = {creator.pk: hash_address(creator) for creator in creators}
    known = CreatorSync.objects.filter(address_hash__in=hashes.values())
    taken: dict[str | None, UUID] = dict(known.values_list("address_hash", "creator"))
    chosen: list[CreatorProfile] = []
    for creator in creators:
        sync, wanted = syncs[creator.pk], numbers[creator.pk]
        if not _is_due(creator, sync, wanted):
            continue
        if taken.setdefault(hashes[creator.pk], creator.pk) != creator.pk:
            sync.left_out = SHARED
            if sync.address_hash != hashes[creator.pk]:
                sync.address_hash = None
            continue
        try:
            pack_numbers(wanted)
        except NumbersTooLarge as error:
            sync.left_out = str(error)[:120]
            continue
        sync.address_hash, sync.left_out = hashes[creator.pk], ""
        chosen.append(creator)
    return chosen


def new_operation(
    kind: OperationKind,
    platform_id: UUID,
    oracle: Oracle,
    *,
    key: str = "",
    creator_count: int = 0,
    details: Mapping[str, object] | None = None,
    now: datetime,
) -> ChainOperation:
    """Return a new operation (in memory) that is due at once; without a key it is named by its own id."""
    id_ = new_id()
    return ChainOperation(
        id=id_,
        kind=kind,
        key=key or f"metrics:{id_}",
        platform_id=platform_id,
        creator_count=creator_count,
        details=dict(details or {}),
        contract=oracle.contract,
        provider=oracle.provider.name,
        created_at=now,
        next_attempt_at=now,
    )
