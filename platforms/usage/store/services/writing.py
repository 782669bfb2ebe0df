"""Events that wait, written to the store and counted back there."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Max

from platforms.models import UsageStoreBatch
from platforms.usage.store.calculations import columns_of, unpack_versions
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreIncomplete
from platforms.usage.store.protocol import COLUMNS, UsageStore, run_in
from platforms.usage.store.selectors import present_mode, second_store

# One insert takes small batches together and large ones alone, and one statement counts them back.
BATCHES_AT_ONCE = 100
EVENTS_AT_ONCE = 10_000


def write_usage_store() -> int:
    """Write the events that wait to the store; return how many. Those that it has counted back wait no
    longer. Written twice, an event stays one.

    Raises UsageStoreUnavailable, UsageStoreUnset, or UsageStoreIncomplete if the store has fewer events than
    it has taken: these go on waiting.
    """
    if present_mode() == StoreMode.POSTGRESQL:
        return 0
    newest = UsageStoreBatch.objects.aggregate(newest=Max("pk"))["newest"]
    store, written = None, 0
    # Batches that come meanwhile are for the next run, so that this one ends.
    while newest is not None and (keys := _next_batches(newest)):
        store = store or second_store()
        batches = UsageStoreBatch.objects.filter(pk__in=keys).order_by("pk")
        written += _write_batches(store, list(batches))
    return written


def _next_batches(newest: int) -> list[int]:
    """Return the keys of the first batches, up to this one, that one insert takes."""
    rows = UsageStoreBatch.objects.filter(pk__lte=newest).order_by("pk").values_list("pk", "events")
    keys, events = list[int](), 0
    for key, count in rows[:BATCHES_AT_ONCE]:
        events += count
        if keys and events > EVENTS_AT_ONCE:
            break
        keys.append(key)
    return keys


def _write_batches(store: UsageStore, waiting: Sequence[UsageStoreBatch]) -> int:
    parts = [unpack_versions(bytes(batch.content)) for batch in waiting]
    rows = [row for part in parts for row in part]
    store.insert(columns_of(rows, COLUMNS))
    versions = _newest_versions(store, rows)
    there, missing = [], []
    for batch, part in zip(waiting, parts, strict=True):
        count = sum(versions.get(row["number"], 0) >= row["version"] for row in part)
        if count == batch.events:
            there.append(batch)
        else:
            missing.append(f"receipt row {batch.receipt_id}: {count} of {batch.events}")
    UsageStoreBatch.unguarded.filter(pk__in=[batch.pk for batch in there]).delete()
    if missing:
        raise UsageStoreIncomplete(f"the store has fewer events than it has taken: {'; '.join(missing)}")
    return sum(batch.events for batch in there)


def _newest_versions(store: UsageStore, rows: Sequence[dict[str, Any]]) -> dict[int, int]:
    """Return the version that the store has of each of the events that are there, by its number."""
    days = [row["day"] for row in rows]
    found = run_in(
        store,
        "newest_versions",
        platforms=sorted({row["platform"] for row in rows}),
        works=sorted({row["work"] for row in rows}),
        first=min(days),
        last=max(days),
        numbers=sorted({row["number"] for row in rows}),
    )
    return {row["number"]: row["version"] for row in found}
