"""The place of raw events, and their sums when they are counted again."""

from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Q

from platforms.models import CreatorProfile, UsageStoreSwitch, Work
from platforms.usage.store.clickhouse import ClickHouseStore
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreUnset
from platforms.usage.store.postgresql import PostgresqlStore
from platforms.usage.store.protocol import UsageStore, run_in


def present_mode() -> StoreMode:
    """Return the place of raw events."""
    newest = UsageStoreSwitch.objects.order_by("-pk").values_list("mode", flat=True).first()
    return StoreMode(newest or StoreMode.POSTGRESQL)


def second_store() -> UsageStore:
    """Return the store beside PostgreSQL. Raises UsageStoreUnset."""
    if not settings.USAGE_STORE_URL:
        raise UsageStoreUnset("USAGE_STORE_URL names no store of raw events")
    return ClickHouseStore(settings.USAGE_STORE_URL)


def store_to_read() -> UsageStore:
    """Return the store from which raw events are read."""
    return second_store() if present_mode() == StoreMode.CLICKHOUSE else PostgresqlStore()


def recount_creator(creator: CreatorProfile, *, first: date, last: date) -> list[dict[str, Any]]:
    """Return the sums of the creator's days from `first` to `last`, counted again from the raw events: for
    each day with events the sums of `CreatorDay`, but for followers. `events` are all of the day, the sums
    those that count. Raises UsageStoreUnset or UsageStoreUnavailable."""
    works = Work.objects.filter(Q(creator=creator) | Q(moves__from_creator=creator))
    return run_in(
        store_to_read(),
        "recount_days",
        first=first,
        last=last,
        creator=creator.number,
        platform=creator.platform.number,
        works=sorted(set(works.values_list("number", flat=True))) or [0],
    )
