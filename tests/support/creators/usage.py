"""Given: usage, reported and corrected through the services."""

import itertools
from datetime import datetime
from typing import Any

from platforms import services as platforms
from platforms.models import CreatorDay, Platform, PlatformDay, UsageCorrection, Work, WorkDay
from platforms.services import EventRef, UsageResult
from platforms.usage.calculations.periods import months_to_have
from platforms.usage.services.verifying import find_usage_faults
from tests.support.factories import NOW as AT

_numbers = itertools.count(1)
SUMS = ("plays", "listeners", "likes", "comments", "shares", "seconds", "purchases", "sales", "tips")


def have_months(now: datetime = AT) -> None:
    """Make the months that may be reported at this time."""
    platforms.make_months(months_to_have(now.date()))


def event(of: Work, kind: str = "play", *, at: datetime = AT, **more: Any) -> dict[str, Any]:
    """Return an event as a platform reports it, under an id that nobody has used."""
    measures: dict[str, Any] = {"seconds": 200} if kind == "play" else {}
    if kind in ("purchase", "tip"):
        measures = {"amount": "2.50"}
    return {
        "id": f"event-{next(_numbers)}",
        "work": of.external_id,
        "kind": kind,
        "listener": "ann",
        "occurred_at": at.isoformat(),
        **measures,
        **more,
    }


def report(platform: Platform, *events: Any, now: datetime = AT) -> UsageResult:
    """Report these events as a batch."""
    return platforms.report_usage(platform_id=platform.pk, items=list(events), now=now)


def accepted(platform: Platform, *events: dict[str, Any], now: datetime = AT) -> list[EventRef]:
    """Report these events, all of which are accepted, and return their numbers and times."""
    result = report(platform, *events, now=now)
    if result.refused or result.replayed:
        raise AssertionError(f"not all are new: {result.refused} {result.replayed}")
    numbers = [result.accepted[position] for position in range(len(events))]
    return [
        EventRef(number, datetime.fromisoformat(one["occurred_at"]))
        for number, one in zip(numbers, events, strict=True)
    ]


def reasons(result: UsageResult) -> dict[int, str]:
    """Return the reasons of the refusals by position."""
    return {position: str(one.reason) for position, one in sorted(result.refused.items())}


def void(platform: Platform, *refs: EventRef, now: datetime = AT) -> UsageCorrection:
    return platforms.void_usage(platform_id=platform.pk, events=refs, reason="counted twice", now=now)


def sums_of(row: Any) -> dict[str, Any]:
    """Return the sums of a day that are not 0."""
    return {name: getattr(row, name) for name in SUMS if getattr(row, name)}


def day_rows() -> dict[str, list[Any]]:
    """Return all rows of days and listeners but for their numbers, to be compared."""
    rows: dict[str, list[Any]] = {}
    for model, key in (
        (WorkDay, ("work", "day", "creator")),
        (CreatorDay, ("creator", "day", "followers_gained", "followers_lost")),
        (PlatformDay, ("platform", "day", "followers_gained", "followers_lost")),
    ):
        found = model._default_manager.order_by(*key[:3]).values_list("id", *key, *SUMS)
        rows[model.__name__] = list(found)
    return rows


def usage_faults() -> list[str]:
    """Return all that is wrong with usage, by a recount of everything."""
    return find_usage_faults()
