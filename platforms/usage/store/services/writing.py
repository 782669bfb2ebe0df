"""Events that wait, written to the store and counted back there."""

from collections.abc import Sequence
from typing import Any

from platforms.models import UsageStoreBatch
from platforms.usage.store.calculations import columns_of, unpack_versions
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreIncomplete
from platforms.usage.store.protocol import COLUMNS, UsageStore, run_in
from platforms.usage.store.selectors import present_mode, second_store

# Batches that are written by one insert.
WRITTEN_AT_ONCE = 16


def write_usage_store() -> int:
    """Write the events that wait to the store; return how many. Those that it has counted back wait no
    longer. Written twice, an event stays one.

    Raises UsageStoreUnavailable, UsageStoreUnset, or UsageStoreIncomplete if the store has fewer events than
    it has taken: these go on waiting.
    """
    if present_mode() == StoreMode.POSTGRESQL:
        return 0
    store, written = second_store(), 0
    while waiting := list(UsageStoreBatch.objects.order_by("pk")[:WRITTEN_AT_ONCE]):
        written += _write_batches(store, waiting)
    return written


def _write_batches(store: UsageStore, waiting: Sequence[UsageStoreBatch]) -> int:
    parts = [unpack_versions(bytes(batch.content)) for batch in waiting]
    store.insert(columns_of([row for rows in parts for row in rows], COLUMNS))
    counts = [_count_back(store, rows) for rows in parts]
    there = [batch for batch, count in zip(waiting, counts, strict=True) if count == batch.events]
    UsageStoreBatch.unguarded.filter(pk__in=[batch.pk for batch in there]).delete()
    missing = [
        f"receipt row {batch.receipt_id}: {count} of {batch.events}"
        for batch, count in zip(waiting, counts, strict=True)
        if count != batch.events
    ]
    if missing:
        raise UsageStoreIncomplete(f"the store has fewer events than it has taken: {'; '.join(missing)}")
    return sum(batch.events for batch in there)


def _count_back(store: UsageStore, rows: Sequence[dict[str, Any]]) -> int:
    days = [row["day"] for row in rows]
    (found,) = run_in(
        store,
        "count_back",
        platform=rows[0]["platform"],
        works=sorted({row["work"] for row in rows}),
        first=min(days),
        last=max(days),
        numbers=[row["number"] for row in rows],
        version=rows[0]["version"],
    )
    return int(found["events"])
