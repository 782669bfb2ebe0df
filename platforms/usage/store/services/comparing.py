"""Comparison of the store with PostgreSQL: every day of every creator, counted by both."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from gigstream.core import sql
from gigstream.core.postgres.transactions import limit_minutes, long_snapshot
from platforms.models import ReceiptChain
from platforms.usage.calculations.periods import shift_month
from platforms.usage.selectors import attached_months
from platforms.usage.store.calculations import DayDifference, compare_days
from platforms.usage.store.enums import StoreMode
from platforms.usage.store.errors import UsageStoreDiffers, UsageStoreIncomplete
from platforms.usage.store.postgresql import PostgresqlStore
from platforms.usage.store.protocol import UsageStore, run_in
from platforms.usage.store.selectors import present_mode, second_store

MOST_MINUTES = 5
# Days with few events are counted together: the store reads a whole month for one as for all.
EVENTS_AT_ONCE = 1_000_000
_ALL = {"creator": 0, "platform": 0, "works": [0]}


@dataclass(frozen=True, slots=True)
class Survey:
    """A comparison of all days while events are recorded: the days of creators that were compared, the days
    that differed, and by platform the number of its last receipt before."""

    creator_days: int
    events: int
    days: Collection[date]
    ends: Mapping[UUID, int]


def survey_stores() -> Survey:
    """Compare all days of all creators in the months that are in the database. Days may differ for which
    events are recorded meanwhile. Raises UsageStoreUnset or UsageStoreUnavailable."""
    ours, theirs = PostgresqlStore(), second_store()
    creator_days = events = 0
    differing: set[date] = set()
    with long_snapshot():
        ends = dict(ReceiptChain.objects.values_list("platform_id", "last_number"))
        for month in attached_months():
            for first, last in _spans_of(month, (ours, theirs)):
                rows = run_in(ours, "recount_days", first=first, last=last, **_ALL)
                creator_days += len(rows)
                events += sum(row["events"] for row in rows)
                found = compare_days(rows, run_in(theirs, "recount_days", first=first, last=last, **_ALL))
                differing.update(one.day for one in found)
    return Survey(creator_days, events, differing, ends)


def _spans_of(month: date, stores: Sequence[UsageStore]) -> list[tuple[date, date]]:
    """Return the spans in which the days of the month are compared, each by its first and last day."""
    end = shift_month(month, 1) - timedelta(days=1)
    counts = Counter[date]()
    for store in stores:
        for row in run_in(store, "used_days", first=month, last=end):
            counts[row["day"]] += row["events"]
    spans: list[tuple[date, date]] = []
    size = 0
    for day in sorted(counts):
        size += counts[day]
        if spans and size <= EVENTS_AT_ONCE:
            spans[-1] = (spans[-1][0], day)
        else:
            spans.append((day, day))
            size = counts[day]
    return spans


def compare_again(survey: Survey) -> list[DayDifference]:
    """Compare the days that differed, and those that events have come for since, while nothing is recorded;
    return the differences. The caller holds the lock of the store."""
    limit_minutes(MOST_MINUTES)
    later = sql.run(
        "platforms/usage/store/touched_days",
        platforms=list(survey.ends),
        numbers=list(survey.ends.values()),
    )
    ours, theirs, found = PostgresqlStore(), second_store(), list[DayDifference]()
    for day in sorted({*survey.days, *(row["day"] for row in later)}):
        given = {"first": day, "last": day, **_ALL}
        found += compare_days(run_in(ours, "recount_days", **given), run_in(theirs, "recount_days", **given))
    return found


def require_equal(differences: Sequence[DayDifference]) -> None:
    """Raise UsageStoreDiffers, which names the first days, for any difference."""
    if differences:
        named = "; ".join(str(one) for one in differences[:5])
        raise UsageStoreDiffers(
            f"{len(differences)} days of creators differ, PostgreSQL before the store: {named}",
            days=len(differences),
        )


def require_stored(*, month: date, events: int) -> None:
    """Raise UsageStoreIncomplete unless the store has as many events of the month, where it is in use."""
    if present_mode() == StoreMode.POSTGRESQL:
        return
    last = shift_month(month, 1) - timedelta(days=1)
    found = sum(row["events"] for row in run_in(second_store(), "used_days", first=month, last=last))
    if found != events:
        raise UsageStoreIncomplete(
            f"the store has {found} events of {month:%Y-%m}, PostgreSQL {events}", month=f"{month:%Y-%m}"
        )
