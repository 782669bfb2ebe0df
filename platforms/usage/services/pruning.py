"""Deletion of who played what, once nothing follows from it any more: the counts of different listeners
stay."""

from collections.abc import Collection, Iterator, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db.models.functions import TruncQuarter

from audit.log import services as audit
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from platforms.models import CorrectedEvent, CreatorDay, Platform, PlatformDay, WorkDay
from platforms.usage import finality
from platforms.usage.calculations.periods import last_unreported, quarter_of
from platforms.usage.services.locks import hold_usage

# A run ends with the day that makes them this many; the rest follows with the next run.
MOST_ROWS: Final = 10_000_000
# Works or creators whose rows are looked for at once.
_NUMBERS_AT_ONCE: Final = 1_000


def prune_listener_days(*, now: datetime | None = None) -> int:
    """Declare the listeners of days final that no report and no period can change any more, and delete who
    played what on them, in batches of a transaction each; return how many rows were deleted.

    A day is first declared final, as a whole, and only then loses its rows: from that moment on nobody reads
    them, so a run can be broken off anywhere, and the next one goes on.
    """
    now = now or database_now()
    for platform_id, first, last in _quarters_to_end(now):
        _end_listeners(platform_id=platform_id, first=first, last=last, now=now)
    waiting = PlatformDay.objects.filter(listeners_final_at__isnull=False, listeners_pruned_at=None)
    deleted = 0
    for number in list(waiting.order_by("day", "platform").values_list("pk", flat=True)):
        deleted += _prune_day(PlatformDay.objects.select_related("platform").get(pk=number), now)
        if deleted >= MOST_ROWS:
            break
    return deleted


def _quarters_to_end(now: datetime) -> list[tuple[UUID, date, date]]:
    """Return the platforms and quarters with days that are to be declared final: no day of the quarter is
    reported any more, so that the whole of it could be distributed for 35 days."""
    through = last_unreported(now)
    days = PlatformDay.objects.filter(listeners_pruned_at=None, listeners_final_at=None, day__lte=through)
    found = days.values_list("platform__pk", TruncQuarter("day")).distinct()
    quarters = [(platform_id, *quarter_of(day)) for platform_id, day in found]
    return sorted(one for one in quarters if one[2] <= through)


@in_unit
def _end_listeners(*, platform_id: UUID, first: date, last: date, now: datetime) -> int:
    """Declare the listeners of the platform's days final, unless something that may follow from them is not;
    return how many days these were."""
    platform = Platform.objects.get(pk=platform_id)
    hold_usage(platform)
    if not finality.lock_final(platform_id, first=first, last=last, now=now):
        return 0
    days = PlatformDay.unguarded.filter(platform=platform, day__range=(first, last), listeners_final_at=None)
    count = days.update(listeners_final_at=now)
    if count:
        audit.record(
            "usage.prune", platform, after={"days": count}, metadata={"first": first, "last": last}, now=now
        )
    return count


def _prune_day(row: PlatformDay, now: datetime) -> int:
    """Delete who played what on a day whose listeners are final; return how many rows were deleted."""
    own = {"creator__platform": row.platform, "day": row.day}
    works = (
        WorkDay.objects.filter(**own)
        .order_by("work__number")
        .values_list("work__number", flat=True)
        .distinct()
    )
    creators = (
        CreatorDay.objects.filter(**own).values_list("creator__number", flat=True).order_by("creator__number")
    )
    deleted = 0
    for part in _parts(list(works)):
        deleted += _delete_rows("prune_works", day=row.day, numbers=part)
    for part in _parts(list(creators)):
        deleted += _delete_rows("prune_creators", day=row.day, numbers=part)
    # The platform's own rows last: by them its listeners stay known until each is noted as known.
    deleted += _delete_rows("prune_platform", day=row.day, platform=row.platform.number)
    _note_pruned(row, now)
    return deleted


@in_unit
def _note_pruned(row: PlatformDay, now: datetime) -> None:
    PlatformDay.unguarded.filter(pk=row.pk).update(listeners_pruned_at=now)


def _parts(numbers: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(numbers), _NUMBERS_AT_ONCE):
        yield numbers[start : start + _NUMBERS_AT_ONCE]


def _delete_rows(name: str, **values: object) -> int:
    size = settings.DAILY_BATCH_SIZE
    return repeat_batch(lambda: _delete_some(name, {**values, "most": size}), size=size)


@in_unit
def _delete_some(name: str, values: dict[str, object]) -> int:
    (row,) = sql.run(f"platforms/usage/{name}", **values)
    return int(row["deleted"])


def note_known_listeners(*, corrected: Sequence[CorrectedEvent], days: Collection[date]) -> None:
    """Note as known the listeners of corrected events that count on these days, whose listeners are final:
    no row of a day shows it."""
    if not days:
        return
    events = [(one.event_number, one.occurred_at) for one in corrected]
    events += [
        (one.replacement_number, one.replaced_at)
        for one in corrected
        if one.replacement_number is not None and one.replaced_at is not None
    ]
    sql.run(
        "platforms/usage/note_known",
        numbers=[number for number, _ in events],
        times=[at for _, at in events],
        days=sorted(days),
    )
