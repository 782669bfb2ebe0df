"""Periods of royalties: the calendar's months and quarters, in UTC."""

from collections.abc import Collection
from datetime import date, timedelta

from payments.royalties.enums import Cadence

MONTHS = {Cadence.MONTH: 1, Cadence.QUARTER: 3}
# First and last day.
Span = tuple[date, date]


def span_of(day: date, cadence: Cadence) -> Span:
    """Return the month or quarter that the day is in."""
    months = MONTHS[cadence]
    first = date(day.year, (day.month - 1) // months * months + 1, 1)
    number = first.year * 12 + first.month - 1 + months
    return first, date(number // 12, number % 12 + 1, 1) - timedelta(days=1)


def free_span(day: date, cadence: Cadence, taken: Collection[Span]) -> Span:
    """Return the period to open for a day that none has: that of the cadence, or the month where others are
    within it already, as after a change from months to quarters."""
    first, last = span_of(day, cadence)
    if any(start <= last and end >= first for start, end in taken):
        return span_of(day, Cadence.MONTH)
    return first, last
