"""Periods of leaderboards: ISO weeks and months in UTC, and all time."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_MONTH = re.compile(r"(\d{4})-(\d{2})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Period:
    """A period by its name, from its start to its end (excluded); all time has neither."""

    name: str
    starts_at: datetime | None = None
    ends_at: datetime | None = None


ALL_TIME = Period("all")


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard: of a platform or, without its id, of the house."""

    platform_id: UUID | None
    period: Period


def week_of(at: datetime) -> Period:
    """Return the ISO week (ISO 8601, from Monday) that the instant lies in."""
    day = at.astimezone(UTC).date()
    year, week, weekday = day.isocalendar()
    monday = day - timedelta(days=weekday - 1)
    return Period(f"{year:04}-W{week:02}", _midnight(monday), _midnight(monday + timedelta(days=7)))


def month_of(at: datetime) -> Period:
    first = at.astimezone(UTC).date().replace(day=1)
    following = (first + timedelta(days=31)).replace(day=1)
    return Period(f"{first:%Y-%m}", _midnight(first), _midnight(following))


def periods_of(at: datetime) -> tuple[Period, Period, Period]:
    """Return the periods that an entry of this instant counts to."""
    return week_of(at), month_of(at), ALL_TIME


def find_period(name: str, *, now: datetime) -> Period | None:
    """Return the period of this name; "week" and "month" are those of `now`. None where there is none."""
    present = {"all": ALL_TIME, "week": week_of(now), "month": month_of(now)}
    if name in present:
        return present[name]
    try:
        if found := _WEEK.fullmatch(name):
            return week_of(_midnight(date.fromisocalendar(int(found[1]), int(found[2]), 1)))
        if found := _MONTH.fullmatch(name):
            return month_of(_midnight(date(int(found[1]), int(found[2]), 1)))
    except (ValueError, OverflowError):
        return None
    return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
