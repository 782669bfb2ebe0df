"""Verification of all usage that is in the database: receipts against events, sums against a recount."""

from collections.abc import Iterator
from typing import Any

from django.db.models import F

from gigstream.core import sql
from gigstream.core.postgres.transactions import long_snapshot
from platforms.models import Platform, UsageBatch, UsageReceipt
from platforms.usage.calculations.merkle import merkle_root
from platforms.usage.calculations.verification import faults_of_chain, keys_of
from platforms.usage.selectors import events_of_batch, keys_as_jwks, leaves_of, work_ids_of
from platforms.usage.services.locks import archived_among

_COLUMNS = (
    "number",
    "kind",
    "count",
    "root",
    "totals",
    "received_at",
    "previous_hash",
    "hash",
    "signature",
    "platform_id",
)
_RECOUNTS = ("differing_work_days", "differing_listeners", "differing_sums")


def find_usage_faults(*, recount: bool = True) -> list[str]:
    """Return all that is wrong with the receipts of all platforms and, if asked, with the sums of all days
    that are in the database: nothing is sampled. It reads one instant."""
    with long_snapshot():
        found = [fault for platform in Platform.objects.order_by("pk") for fault in _faults_of(platform)]
        if recount:
            for name in _RECOUNTS:
                found += [row["fault"] for row in sql.run(f"platforms/usage/{name}")]
        return found


def _faults_of(platform: Platform) -> Iterator[str]:
    receipts = UsageReceipt.objects.filter(platform=platform).order_by("number")
    rows = receipts.values(*_COLUMNS, kid=F("key__name")).iterator(chunk_size=2_000)
    name = f"platform {platform.pk}"
    yield from (
        f"{name}: {fault}" for fault in faults_of_chain(map(_with_key, rows), keys_of(keys_as_jwks()))
    )
    for batch in UsageBatch.objects.filter(platform=platform).select_related("receipt").order_by("pk"):
        yield from (f"{name}: {fault}" for fault in _faults_of_batch(batch))


def _with_key(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "key_id": row["kid"]}


def _faults_of_batch(batch: UsageBatch) -> list[str]:
    if archived_among({batch.first_day, batch.last_day}):
        return []
    events = events_of_batch(batch)
    if len(events) != batch.receipt.count:
        return [f"batch {batch.pk} has {len(events)} events, its receipt {batch.receipt.count}"]
    root = merkle_root(leaves_of(events, work_ids_of(events))).hex()
    return [] if root == batch.receipt.root else [f"batch {batch.pk} has another root than its receipt"]
