"""Calendars and streaks as they are read."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from reputation.models import CheckIn, Outage, StreakPause, StreakZone
from reputation.streaks.calculations import (
    Calendar,
    Excuses,
    Streak,
    ZoneFrom,
    dates_of_month,
    follow_streak,
    missed_dates,
)
from reputation.streaks.enums import DateState
from workers.models import Worker


@dataclass(frozen=True, slots=True)
class History:
    """A worker's streak with all that it follows from, at an instant whose date is `today`."""

    today: date
    excuses: Excuses
    claimed: frozenset[date]
    streak: Streak

    @property
    def calendar(self) -> Calendar:
        return self.excuses.calendar

    @property
    def is_alive(self) -> bool:
        """Whether the streak goes on when the present date is claimed, or has been."""
        missed = missed_dates(self.streak.last, self.today, self.excuses.is_excused)
        return self.streak.days > 0 and self.streak.outlives(missed)

    @property
    def days(self) -> int:
        """Length of the streak, 0 once it is broken."""
        return self.streak.days if self.is_alive else 0

    def states_of(self, month: date) -> Iterator[tuple[date, DateState]]:
        """Yield the dates of a month with their states."""
        for day in dates_of_month(month):
            yield day, self._state_of(day)

    def _state_of(self, day: date) -> DateState:
        states = (
            (day in self.claimed, DateState.CLAIMED),
            (not self.calendar.exists(day), DateState.LEFT_OUT),
            (self.excuses.is_paused(day), DateState.PAUSED),
            (day == self.today, DateState.OPEN),
            (day > self.today, DateState.AHEAD),
            (day in self.streak.frozen, DateState.FROZEN),
            (self.excuses.had_outage(day), DateState.OUTAGE),
        )
        return next((state for holds, state in states if holds), DateState.MISSED)


def read_calendar(worker: Worker) -> Calendar:
    """Return the worker's calendar; of the profile's time zone alone before their first check-in."""
    rows = StreakZone.objects.filter(worker=worker).order_by("first_date")
    zones = [ZoneFrom(zone, first) for zone, first in rows.values_list("time_zone", "first_date")]
    return Calendar(zones or [ZoneFrom(worker.time_zone, date.min)])


def read_history(worker: Worker, *, at: datetime) -> History:
    """Return the worker's streak with all that it follows from."""
    calendar = read_calendar(worker)
    pauses = StreakPause.objects.filter(worker=worker).values_list("starts_on", "ends_on")
    outages = Outage.objects.order_by("starts_at").values_list("starts_at", "ends_at")
    excuses = Excuses(calendar, list(pauses), list(outages))
    rows = CheckIn.objects.filter(worker=worker, claimed_at__isnull=False).order_by("local_date")
    claimed = list(rows.values_list("local_date", flat=True))
    streak = follow_streak(claimed, is_excused=excuses.is_excused)
    return History(calendar.date_at(at), excuses, frozenset(claimed), streak)
