"""Months and days of usage, in UTC."""

from datetime import UTC, date, datetime, timedelta

from platforms.usage.calculations.batches import OLDEST

MONTHS_AHEAD = 3
MONTHS_BEHIND = 2
MONTHS_KEPT = 14
# Until then late reports of a day are awaited before rules of artificial use are applied to it.
SETTLES_AFTER = timedelta(hours=6)
# Plays that such a rule has found are paid then, unless a person has decided.
HELD_AT_MOST = timedelta(days=30)


def day_of(at: datetime) -> date:
    """Return the UTC day of a time."""
    return at.astimezone(UTC).date()


def last_settled(at: datetime) -> date:
    """Return the last day whose reports have settled by this time."""
    return day_of(at - SETTLES_AFTER) - timedelta(days=1)


def last_unreported(at: datetime) -> date:
    """Return the last day for which reports are no longer taken at this time."""
    return day_of(at - OLDEST) - timedelta(days=1)


def quarter_of(day: date) -> tuple[date, date]:
    """Return the first and the last day of the calendar's quarter that the day is in."""
    first = date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
    return first, shift_month(first, 3) - timedelta(days=1)


def days_between(first: date, last: date) -> list[date]:
    """Return the days from `first` to `last`, both inclusive."""
    return [first + timedelta(days=number) for number in range((last - first).days + 1)]


def shift_month(month: date, by: int) -> date:
    """Return the first day of the month so many months later."""
    number = month.year * 12 + month.month - 1 + by
    return date(number // 12, number % 12 + 1, 1)


def months_to_have(today: date) -> list[date]:
    """Return the months whose partitions are there on this day: those that may be reported, and some
    ahead."""
    present = today.replace(day=1)
    return [shift_month(present, by) for by in range(-MONTHS_BEHIND, MONTHS_AHEAD + 1)]


def is_to_detach(month: date, today: date) -> bool:
    """Whether the month ended 14 months ago or earlier."""
    return shift_month(month, 1) <= shift_month(today.replace(day=1), -MONTHS_KEPT)
