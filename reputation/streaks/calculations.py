"""Dates of a worker's calendar, and the streaks that they make, pure."""

from bisect import bisect_left
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
# A date that was claimed is not shorter than this when the time zone changes.
SHORTEST_DATE = timedelta(hours=20)
ZONE_HOLDS = timedelta(days=30)
BONUS_DAYS, BONUS_EVERY = (7, 14, 30), 30
FREEZE_EVERY, MOST_FREEZES = 7, 2
LONGEST_PAUSE_DAYS, PAUSE_AHEAD_DAYS = 14, 365


def start_of_date(day: date, zone: str) -> datetime:
    """Return the first instant, in UTC, at which it is this date or later in the time zone.

    Midnight where there is one, else the end of the gap that it lies in: on a date that begins with the
    change to summer time, and on a date that does not exist.
    """
    midnight = datetime.combine(day, time(), ZoneInfo(zone))
    # In a gap the first is at or after the change of the clock, the second at or before it.
    latest, earliest = midnight.astimezone(UTC), midnight.replace(fold=1).astimezone(UTC)
    seconds = int((latest - earliest).total_seconds())
    if seconds <= 0:
        return latest
    return earliest + timedelta(
        seconds=bisect_left(
            range(seconds),
            True,
            key=lambda passed: _date_on_clock(earliest + timedelta(seconds=passed), zone) >= day,
        )
    )


def _date_on_clock(instant: datetime, zone: str) -> date:
    return instant.astimezone(ZoneInfo(zone)).date()


def date_at(instant: datetime, zone: str) -> date:
    """Return the date in the time zone. It never goes back, also where a clock goes back over midnight."""
    day = _date_on_clock(instant, zone)
    return day + DAY if start_of_date(day + DAY, zone) <= instant else day


@dataclass(frozen=True, slots=True)
class ZoneFrom:
    """A time zone, and the first date that is of it."""

    zone: str
    first: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """The dates of a worker, by the time zones that they were in, the earliest first. Dates before the first
    zone's are of that zone."""

    zones: Sequence[ZoneFrom]

    def zone_on(self, day: date) -> str:
        """Return the time zone of the date."""
        return next((part.zone for part in reversed(self.zones) if part.first <= day), self.zones[0].zone)

    def starts_at(self, day: date) -> datetime:
        """Return the instant at which the date begins."""
        return start_of_date(day, self.zone_on(day))

    def exists(self, day: date) -> bool:
        """Whether the date lasts any time: a date that a zone or a change of zones leaves out does not."""
        return self.starts_at(day) < self.starts_at(day + DAY)

    def date_at(self, instant: datetime) -> date:
        """Return the date at the instant. The date before a change of zones lasts until the new zone's
        first begins."""
        current, following = self.zones[0], None
        for part, after in pairwise([*self.zones, None]):
            if part is None or (part is not self.zones[0] and start_of_date(part.first, part.zone) > instant):
                break
            current, following = part, after
        day = date_at(instant, current.zone)
        if current is not self.zones[0]:
            day = max(day, current.first)
        return day if following is None else min(day, following.first - DAY)


def first_date_of_zone(calendar: Calendar, zone: str, *, last_claimed: date | None, at: datetime) -> date:
    """Return the first date that is of the new time zone.

    It is the next date that begins in the zone at least 20 hours after the last claimed date began. The
    present date comes before it, and lasts as long as in the old zone unless it is claimed. Dates follow each
    other: none is left out and none comes twice.
    """
    present = calendar.date_at(at)
    earliest = at if last_claimed == present else calendar.starts_at(present + DAY)
    if last_claimed is not None:
        earliest = max(earliest, calendar.starts_at(last_claimed) + SHORTEST_DATE)
    first = present + DAY
    while start_of_date(first, zone) < earliest or start_of_date(first, zone) <= at:
        first += DAY
    return first


@dataclass(frozen=True, slots=True)
class Streak:
    """Dates claimed one after another, up to `last`. `frozen` are the dates that freezes were
    used for."""

    started_on: date | None = None
    last: date | None = None
    days: int = 0
    freezes: int = 0
    frozen: frozenset[date] = field(default=frozenset())

    def claimed(self, day: date, missed: Sequence[date]) -> "Streak":
        """Return the streak with a further date, after these missed dates. Freezes stay when a streak
        ends."""
        goes_on = self.days > 0 and self.outlives(missed)
        days = self.days + 1 if goes_on else 1
        used = frozenset(missed if goes_on else ())
        earned = 1 if days % FREEZE_EVERY == 0 else 0
        return replace(
            self,
            started_on=self.started_on if goes_on else day,
            last=day,
            days=days,
            freezes=min(self.freezes - len(used) + earned, MOST_FREEZES),
            frozen=self.frozen | used,
        )

    def outlives(self, missed: Sequence[date]) -> bool:
        """Whether the streak goes on after these missed dates: none, or a single date with a freeze."""
        return not missed or (len(missed) == 1 and self.freezes > 0)


IsExcused = Callable[[date], bool]


def follow_streak(claimed: Iterable[date], *, is_excused: IsExcused) -> Streak:
    """Return the streak after these dates, which are in ascending order. Excused dates neither break a streak
    nor count."""
    streak = Streak()
    for day in claimed:
        streak = streak.claimed(day, missed_dates(streak.last, day, is_excused))
    return streak


def missed_dates(last: date | None, day: date, is_excused: IsExcused) -> list[date]:
    """Return the dates between two claimed dates that were missed, at most two of them."""
    if last is None:
        return []
    between = (last + DAY * number for number in range(1, (day - last).days))
    return list(islice((passed for passed in between if not is_excused(passed)), 2))


def is_bonus_day(days: int) -> bool:
    """Whether a streak of this length brings a bonus: of 7, 14, 30 days, then of each 30 more."""
    return days in BONUS_DAYS or (days > BONUS_DAYS[-1] and days % BONUS_EVERY == 0)


def bonuses_between(before: int, days: int) -> list[int]:
    """Return the lengths with a bonus that a streak has reached since it had `before` days."""
    return [length for length in range(before + 1, days + 1) if is_bonus_day(length)]


def next_bonus(days: int) -> int:
    """Return the length at which the next bonus is due."""
    return next(length for length in range(days + 1, days + BONUS_EVERY + 1) if is_bonus_day(length))


def earns_bonus(days: int, rewarded: Collection[int]) -> bool:
    """Whether a quest that rewards these lengths gives a bonus for a streak of `days`. One that rewards 30
    rewards each 30 more as well."""
    return days in rewarded or (days > BONUS_DAYS[-1] and BONUS_EVERY in rewarded and days % BONUS_EVERY == 0)


@dataclass(frozen=True, slots=True)
class Excuses:
    """Excuses of dates: pauses by their first and last date, outages by their begin and end."""

    calendar: Calendar
    pauses: Sequence[tuple[date, date]] = ()
    outages: Sequence[tuple[datetime, datetime]] = ()

    def is_excused(self, day: date) -> bool:
        """Whether the date neither breaks a streak nor counts."""
        return self.is_paused(day) or not self.calendar.exists(day) or self.had_outage(day)

    def is_paused(self, day: date) -> bool:
        return any(first <= day <= last for first, last in self.pauses)

    def had_outage(self, day: date) -> bool:
        """Whether an outage lay in the date, wholly or in part."""
        if not self.outages:
            return False
        begin, end = self.calendar.starts_at(day), self.calendar.starts_at(day + DAY)
        return any(starts_at < end and ends_at > begin for starts_at, ends_at in self.outages)


def dates_of_month(month: date) -> Iterator[date]:
    """Yield the dates of the month that begins on this date."""
    day = month
    while day.month == month.month:
        yield day
        day += DAY
