"""Synchronisation of creators' numbers: of those who have an address and whose numbers have moved since the
chain was last seen to show them, up to two hundred in an operation."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.unit import in_unit
from payments.models import ChainOperation, CreatorSync, OperationCreator
from payments.oracle.calculations import NO_NUMBERS, CreatorNumbers, are_equal, pack_numbers
from payments.oracle.enums import OperationKind
from payments.oracle.errors import NumbersTooLarge
from payments.oracle.registry import registry
from payments.oracle.services.providers import Oracle, configured_oracle
from platforms.catalogue.enums import CreatorStatus
from platforms.models import CreatorProfile

MOST_CREATORS = 200
# Creators whose numbers are read from the source at once.
PAGE = 1000
SHARED = "another creator of the platform has the same address"


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
    written = 0
    for platform, creators in _pages_of_creators(platform_id):
        numbers = registry.source.numbers_of([creator.pk for creator in creators])
        moved = _moved(creators, numbers)
        for start in range(0, len(moved), MOST_CREATORS):
            written += _write_operation(platform, moved[start : start + MOST_CREATORS], numbers, oracle, at)
    return written


def _pages_of_creators(platform_id: UUID | None) -> Iterator[tuple[UUID, list[CreatorProfile]]]:
    """Yield the verified creators with an address, platform by platform."""
    creators = CreatorProfile.objects.filter(status=CreatorStatus.VERIFIED).exclude(metrics_address="")
    if platform_id is not None:
        creators = creators.filter(platform=platform_id)
    platforms = list(creators.order_by("platform").values_list("platform", flat=True).distinct())
    for platform in platforms:
        last: int | None = None
        while True:
            page = creators.filter(platform=platform).order_by("number")
            if last is not None:
                page = page.filter(number__gt=last)
            found = list(page[:PAGE])
            if found:
                yield platform, found
                last = found[-1].number
            if len(found) < PAGE:
                break


def _moved(creators: Sequence[CreatorProfile], numbers: Mapping[UUID, CreatorNumbers]) -> list[CreatorProfile]:
    """Return the creators whose numbers the chain does not show, and that no operation is writing."""
    syncs = {sync.creator_id: sync for sync in CreatorSync.objects.filter(creator__in=creators)}
    return [one for one in creators if _is_due(syncs.get(one.pk), numbers.get(one.pk, NO_NUMBERS))]


def _is_due(sync: CreatorSync | None, numbers: CreatorNumbers) -> bool:
    if sync is None:
        return not are_equal(numbers, NO_NUMBERS)
    if sync.operation_id is not None:
        return False
    return sync.differs_at is not None or not are_equal(numbers, sync.numbers)


@in_unit
def _write_operation(
    platform_id: UUID,
    creators: Sequence[CreatorProfile],
    numbers: Mapping[UUID, CreatorNumbers],
    oracle: Oracle,
    now: datetime,
) -> int:
    """Make one operation of those creators that are still due once their rows are locked; return how many."""
    CreatorSync.unguarded.bulk_create(
        [CreatorSync(id=new_id(), creator=one, created_at=now, updated_at=now) for one in creators],
        ignore_conflicts=True,
    )
    syncs = {row.creator_id: row for row in CreatorSync.objects.locked().filter(creator__in=creators)}
    chosen, left_out = _choose(creators, syncs, numbers)
    for creator, why in left_out.items():
        if syncs[creator].left_out != why:
            CreatorSync.unguarded.filter(pk=syncs[creator].pk).update(left_out=why, updated_at=now)
    if not chosen:
        return 0
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
            **_columns(numbers.get(creator.pk, NO_NUMBERS)),
        )
        for position, creator in enumerate(chosen)
    )
    CreatorSync.unguarded.filter(creator__in=chosen).update(operation=operation, left_out="", updated_at=now)
    audit.record("oracle.create", operation, after={"creators": len(chosen)}, now=now)
    return len(chosen)


def _choose(
    creators: Sequence[CreatorProfile],
    syncs: Mapping[UUID, CreatorSync],
    numbers: Mapping[UUID, CreatorNumbers],
) -> tuple[list[CreatorProfile], dict[UUID, str]]:
    """Return the creators to write, and why others are left out."""
    chosen: list[CreatorProfile] = []
    left_out: dict[UUID, str] = {}
    taken = _addresses_taken(creators)
    for creator in creators:
        wanted = numbers.get(creator.pk, NO_NUMBERS)
        if not _is_due(syncs[creator.pk], wanted):
            continue
        address = creator.metrics_address.lower()
        if taken.setdefault(address, creator.pk) != creator.pk:
            left_out[creator.pk] = SHARED
            continue
        try:
            pack_numbers(wanted)
        except NumbersTooLarge as error:
            left_out[creator.pk] = str(error)
            continue
        chosen.append(creator)
    return chosen, left_out


def _addresses_taken(creators: Sequence[CreatorProfile]) -> dict[str, UUID]:
    """Return the addresses that the platform's creators have on the chain, each with its creator: the first
    to be written keeps it."""
    written = OperationCreator.objects.filter(
        operation__platform=creators[0].platform_id, creator__status=CreatorStatus.VERIFIED
    )
    newest = written.order_by("creator_id", "-operation__created_at", "-pk").distinct("creator_id")
    taken: dict[str, UUID] = {}
    for row in newest.select_related("creator"):
        if row.address and row.address == row.creator.metrics_address.lower():
            taken.setdefault(row.address, row.creator_id)
    return taken


def _columns(numbers: CreatorNumbers) -> dict[str, object]:
    return {name: getattr(numbers, name) for name in ("plays", "followers", "likes", "listeners", "revenue")}


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
