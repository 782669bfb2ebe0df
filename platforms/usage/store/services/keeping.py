"""Versions of events, kept until they are written to the store: in the transaction that recorded them."""

from collections.abc import Sequence
from datetime import datetime

from django.conf import settings

from gigstream.core import sql
from gigstream.core.postgres.transactions import share_lock
from platforms.models import UsageReceipt, UsageStoreBatch
from platforms.usage.store.calculations import pack_versions
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.selectors import present_mode

# Shared by who records events, held by who switches their place.
STORE_LOCK = "usage store"


def keep_for_store(
    *, receipt: UsageReceipt, numbers: Sequence[int], times: Sequence[datetime] | Sequence[str]
) -> None:
    """Keep these events, as they are now, in the version of the receipt. Nothing is kept, and nothing looked
    up, where PostgreSQL alone holds them."""
    if not settings.USAGE_STORE_URL:
        return
    share_lock(STORE_LOCK)
    if present_mode() == StoreMode.POSTGRESQL:
        return
    rows = sql.run(
        "platforms/usage/store/versions_of_events",
        numbers=sql.array_literal(list(numbers)),
        times=sql.array_literal(list(times)),
        version=receipt.number,
    )
    UsageStoreBatch(receipt=receipt, events=len(rows), content=pack_versions(rows)).save(force_insert=True)
