"""Comparison of creators' numbers with those that the chain shows."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from audit.log import services as audit
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.remote_calls.errors import ServiceUnavailable
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import make_call
from payments.models import ChainOperation, CreatorSync, OperationCreator
from payments.oracle.calculations import pack_numbers
from payments.oracle.enums import OperationKind, OperationStatus
from payments.oracle.selectors.shares import find_distribution, shares_root
from payments.oracle.services.providers import SERVICE, Oracle, configured_oracle
from payments.oracle.services.reading import Verdict, creators_of, read_back, read_numbers

logger = logging.getLogger(__name__)

BATCH = 200


@dataclass(frozen=True, slots=True)
class Comparison:
    """Result of a reconciliation: the creators, and the records of tokens and distributions, that were
    compared, and the ids of those that differ. `is_complete` is false when the chain did not answer for all
    of them."""

    creators: int
    records: int
    differing_creators: Sequence[UUID]
    differing_records: Sequence[UUID]
    is_complete: bool

    @property
    def differences(self) -> int:
        return len(self.differing_creators) + len(self.differing_records)


def reconcile_oracle(
    *, platform_id: UUID | None = None, now: datetime | None = None, oracle: Oracle | None = None
) -> Comparison:
    """Read the numbers of all creators that were written, and all records, from the chain, and compare them
    with ours, and roots with the shares. Creators that differ are written again by the next run; a record
    that differs is for staff."""
    oracle, at = oracle or configured_oracle(), now or database_now()
    creators, differing, complete = _compare_creators(oracle, platform_id, at)
    records, others, all_records = _compare_records(oracle, platform_id)
    if others:
        logger.error("the chain shows other records of %s", ", ".join(map(str, others)))
        _note_records(others, at)
    return Comparison(creators, records, differing, others, complete and all_records)


def _compare_creators(
    oracle: Oracle, platform_id: UUID | None, now: datetime
) -> tuple[int, list[UUID], bool]:
    compared, differing, last = 0, list[UUID](), None
    while True:
        page = _synced_page(platform_id, last)
        if not page:
            return compared, differing, True
        last = page[-1].pk
        for sent in _by_operation(page):
            shown = _read_page(oracle, sent, now)
            if shown is None:
                return compared, differing, False
            compared += len(sent)
            wrong = [
                row.creator_id
                for row, value in zip(sent, shown, strict=True)
                if value != pack_numbers(row.numbers)
            ]
            differing += _note_differing(wrong, [row.creator_id for row in sent], now)


def _synced_page(platform_id: UUID | None, last: UUID | None) -> list[CreatorSync]:
    """Return the next creators whose numbers the chain should show and nothing is writing."""
    rows = CreatorSync.objects.filter(confirmed_by__isnull=False, operation=None)
    if platform_id is not None:
        rows = rows.filter(confirmed_by__platform=platform_id)
    if last is not None:
        rows = rows.filter(pk__gt=last)
    return list(rows.order_by("pk")[:BATCH])


def _by_operation(page: Sequence[CreatorSync]) -> list[list[OperationCreator]]:
    """Return what was written of these creators, by the operation that has written it; those who have left
    are not compared any more."""
    pairs = {(sync.confirmed_by_id, sync.creator_id) for sync in page}
    rows = OperationCreator.objects.filter(
        operation__in={operation for operation, _ in pairs}, creator__in={creator for _, creator in pairs}
    ).select_related("operation")
    grouped: dict[UUID, list[OperationCreator]] = {}
    for row in rows.order_by("operation_id", "position"):
        if (row.operation_id, row.creator_id) in pairs and row.address:
            grouped.setdefault(row.operation_id, []).append(row)
    return list(grouped.values())


def _read_page(oracle: Oracle, sent: Sequence[OperationCreator], now: datetime) -> list[int] | None:
    """Return the packed numbers that the chain shows, None while it does not answer."""
    if not breaker.permitted_calls(SERVICE, 1, now):
        return None
    addresses = [row.address for row in sent]
    outcome = make_call(lambda: read_numbers(oracle, sent[0].operation, addresses))
    breaker.note_outcomes(SERVICE, [outcome.error_class], now)
    if outcome.error is not None:
        logger.warning("the chain cannot be compared: %s", outcome.message)
    return outcome.answer


@in_unit
def _note_differing(differing: Sequence[UUID], compared: Sequence[UUID], now: datetime) -> list[UUID]:
    """Note who differs and who does not any more; return those that differ and that nothing has written
    since."""
    syncs = list(CreatorSync.objects.locked().filter(creator__in=compared, operation=None))
    wrong, found = set(differing), []
    for sync in syncs:
        if sync.creator_id in wrong:
            found.append(sync)
        sync.differs_at = (sync.differs_at or now) if sync.creator_id in wrong else None
    CreatorSync.unguarded.bulk_update(syncs, ["differs_at"])
    new = [sync for sync in found if sync.differs_at == now]
    if new:
        logger.error("the chain shows other numbers of %s creators", len(new))
        audit.record_each("oracle.differ", new, after=lambda row: {"creator": row.creator_id}, now=now)
    return [sync.creator_id for sync in found]


def _compare_records(oracle: Oracle, platform_id: UUID | None) -> tuple[int, list[UUID], bool]:
    """Compare the tokens and distributions that were recorded."""
    rows = ChainOperation.objects.filter(status=OperationStatus.CONFIRMED).exclude(
        kind=OperationKind.UPDATE_METRICS
    )
    if platform_id is not None:
        rows = rows.filter(platform=platform_id)
    compared, differing = 0, list[UUID]()
    for row in rows.order_by("pk").iterator(chunk_size=BATCH):
        creators = creators_of(row)
        if row.kind == OperationKind.CREATE_TOKEN and not creators[0].address:
            continue
        try:
            showing = read_back(oracle, row, creators)
        except ServiceUnavailable as error:
            logger.warning("the chain cannot be compared: %s", error)
            return compared, differing, False
        compared += 1
        is_shown = showing.verdict == Verdict.EQUAL and showing.token == row.details.get("token", "")
        if not is_shown or not _is_of_its_shares(row):
            differing.append(row.pk)
    return compared, differing, True


def _is_of_its_shares(record: ChainOperation) -> bool:
    """Whether the root that was written is still that of the distribution's shares, and the total its own."""
    if record.kind != OperationKind.DISTRIBUTE or "secret" not in record.details:
        return True
    found = find_distribution(record)
    if found is None or f"{found.amount:.6f}" != record.details["total"]:
        return False
    return shares_root(found.pk, record.details["secret"]) == record.details["root"]


@in_unit
def _note_records(ids: Sequence[UUID], now: datetime) -> None:
    rows = ChainOperation.objects.filter(pk__in=ids)
    audit.record_each("oracle.differ", rows, after=lambda row: {"key": row.key}, now=now)
