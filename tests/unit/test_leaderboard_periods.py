"""Periods of leaderboards."""

from datetime import UTC, datetime, timedelta

import pytest

from reputation.points.calculations import ALL_TIME, find_period, month_of, periods_of, week_of

NOW = datetime(2026, 11, 29, 23, 59, 59, tzinfo=UTC)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    "instant, name, starts, ends",
    [
        ("2026-11-29T23:59:59", "2026-W48", "2026-11-23", "2026-11-30"),
        ("2026-11-30T00:00:00", "2026-W49", "2026-11-30", "2026-12-07"),
        ("2027-01-03T12:00:00", "2026-W53", "2026-12-28", "2027-01-04"),
        ("2024-12-30T00:00:00", "2025-W01", "2024-12-30", "2025-01-06"),
    ],
)
def test_a_week_is_that_of_iso_8601_in_utc(instant, name, starts, ends):
    week = week_of(at(instant))

    assert (week.name, week.starts_at, week.ends_at) == (name, at(starts), at(ends))


def test_the_offset_of_an_instant_does_not_move_its_week():
    assert week_of(datetime.fromisoformat("2026-11-30T01:00:00+02:00")).name == "2026-W48"


def test_a_month_ends_where_the_next_begins():
    december = month_of(at("2026-12-31T23:59:59"))

    assert (december.name, december.starts_at, december.ends_at) == (
        "2026-12",
        at("2026-12-01"),
        at("2027-01-01"),
    )


def test_a_name_is_read_as_the_period_that_bears_it():
    for period in periods_of(NOW):
        assert find_period(period.name, now=NOW + timedelta(days=900)) == period
    assert find_period("week", now=NOW) == week_of(NOW)
    assert find_period("month", now=NOW) == month_of(NOW)
    assert find_period("all", now=NOW) == ALL_TIME


@pytest.mark.parametrize(
    "name",
    [
        *("2026-W54", "2026-W00", "2025-W53", "2026-13", "0000-01", "9999-12", "0000-W01", "9999-W52"),
        *("2026", "2026-w49", "\N{FULLWIDTH DIGIT NINE}999-01", "year", ""),
    ],
)
def test_there_is_no_period_of_any_other_name(name):
    assert find_period(name, now=NOW) is None
