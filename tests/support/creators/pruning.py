"""Given: days whose listeners are final, as who played what on them was deleted."""

from datetime import UTC, date, datetime
from typing import Any

from platforms import services as platforms
from platforms.models import (
    CreatorDay,
    CreatorListenerDay,
    PlatformDay,
    PlatformListenerDay,
    UsageCorrection,
    Work,
    WorkDay,
    WorkListenerDay,
)
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.royalties import play
from tests.support.creators.usage import usage_faults
from tests.support.factories import NOW

DAY = NOW.date()
# The first day on which no day of the quarter is reported any more.
LATE = datetime(2026, 5, 6, 12, tzinfo=UTC)
_LISTENERS: tuple[Any, ...] = (WorkListenerDay, CreatorListenerDay, PlatformListenerDay)
_DAYS: tuple[Any, ...] = (WorkDay, CreatorDay, PlatformDay)


def old_song(**given: Any) -> Work:
    """Return a work that was published long ago."""
    return work(published_on=date(2025, 1, 1), **{"of": creator(), **given})


def pruned_song() -> Work:
    """Return a work that ann has played twice and bob once on a day whose listeners are final."""
    song = old_song()
    play(song, "ann", times=2)
    play(song, "bob")
    prune()
    return song


def prune(now: datetime = LATE) -> int:
    """Run the job; return how many rows it has deleted."""
    return platforms.prune_listener_days(now=now)


def count_rows() -> tuple[int, ...]:
    """Return how many rows there are of listeners of works, of creators, and of platforms."""
    return tuple(model.objects.count() for model in _LISTENERS)


def counts(day: date = DAY) -> tuple[int, int]:
    """Return plays and listeners of the day, which are the same for the only work, creator and platform."""
    found = {model.objects.values_list("plays", "listeners").get(day=day) for model in _DAYS}
    (same,) = found
    return same


def backfill(song: Work, *items: Any, now: datetime = LATE) -> UsageCorrection:
    """Report these events late, all of which are new, and return the correction."""
    correction, result = platforms.backfill_usage(
        platform_id=song.platform_id, items=list(items), reason="an outage", now=now
    )
    if correction is None or result.refused:
        raise AssertionError(f"not all are new: {result.refused} {result.replayed}")
    return correction


def require_whole() -> None:
    """Raise AssertionError unless all usage is as a recount says, and every invariant holds."""
    found = usage_faults(), violated()
    if found != ([], {}):
        raise AssertionError(found)
