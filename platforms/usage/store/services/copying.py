"""Events from before the store was there, copied into it."""

from collections.abc import Iterator
from datetime import date
from typing import Any

from gigstream.core import sql
from platforms.usage.selectors import attached_months
from platforms.usage.store.calculations import columns_of
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreUnset
from platforms.usage.store.protocol import COLUMNS
from platforms.usage.store.selectors import present_mode, second_store

COPIED_AT_ONCE = 20_000


def copy_usage() -> int:
    """Copy all events that are in the database into the store; return how many. It can be broken off and
    begun again: an event that is there stays as it is.

    Raises UsageStoreUnset unless both are written: an event that is recorded meanwhile would be missed.
    """
    if present_mode() == StoreMode.POSTGRESQL:
        raise UsageStoreUnset("raw events are in PostgreSQL alone: switch to shadow first")
    store, copied = second_store(), 0
    for month in attached_months():
        for rows in _parts_of(month):
            store.insert(columns_of(rows, COLUMNS))
            copied += len(rows)
    return copied


def _parts_of(month: date) -> Iterator[list[dict[str, Any]]]:
    after = 0
    while rows := sql.run(
        "platforms/usage/store/versions_of_month", month=month, after=after, most=COPIED_AT_ONCE
    ):
        yield rows
        after = rows[-1]["number"]
