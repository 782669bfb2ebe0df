"""Dates of workers and the streaks that they make, over the changes of six zones' clocks."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import pytest

from reputation.streaks.calculations import (
    DAY,
    Calendar,
    Excuses,
    ZoneFrom,
    bonuses_between,
    date_at,
    earns_bonus,
    first_date_of_zone,
    follow_streak,
    missed_dates,
    next_bonus,
    start_of_date,
)
from tests.support.long_forms import spread

NEW_YORK, BUDAPEST, LORD_HOWE = "America/New_York", "Europe/Budapest", "Australia/Lord_Howe"
SANTIAGO, BEIRUT, APIA = "America/Santiago", "Asia/Beirut", "Pacific/Apia"
TOKYO, HONOLULU = "Asia/Tokyo", "Pacific/Honolulu"
SECOND = timedelta(seconds=1)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def on(text: str) -> date:
    return date.fromisoformat(text)


def hours(count: float) -> timedelta:
    return timedelta(hours=count)


# The date, its first instant in UTC, and how long it lasts.
DATES = [
    (NEW_YORK, "2026-03-07", "2026-03-07T05:00", 24),
    (NEW_YORK, "2026-03-08", "2026-03-08T05:00", 23),
    (NEW_YORK, "2026-11-01", "2026-11-01T04:00", 25),
    (BUDAPEST, "2026-03-29", "2026-03-28T23:00", 23),
    (BUDAPEST, "2026-10-25", "2026-10-24T22:00", 25),
    (LORD_HOWE, "2026-10-04", "2026-10-03T13:30", 23.5),
    (LORD_HOWE, "2026-04-05", "2026-04-04T13:00", 24.5),
    # The clock goes from midnight to one: there is no midnight on this date.
    (SANTIAGO, "2025-09-07", "2025-09-07T04:00", 23),
    # The clock goes back from midnight to eleven of the same date.
    (SANTIAGO, "2025-04-05", "2025-04-05T03:00", 25),
    (SANTIAGO, "2025-04-06", "2025-04-06T04:00", 24),
    (BEIRUT, "2022-03-27", "2022-03-26T22:00", 23),
    (BEIRUT, "2022-10-29", "2022-10-28T21:00", 25),
    # In 2023 the change was announced for April, and then made at the end of March.
    (BEIRUT, "2023-03-30", "2023-03-29T21:00", 24),
    (APIA, "2011-12-29", "2011-12-29T10:00", 24),
    (APIA, "2011-12-30", "2011-12-30T10:00", 0),
    (APIA, "2011-12-31", "2011-12-30T10:00", 24),
    # A gap from half past eleven to half past twelve, with midnight inside.
    ("America/Toronto", "1919-03-31", "1919-03-31T04:30", 23.5),
    # At one minute past midnight the clock went back to the day before.
    ("America/St_Johns", "2010-11-07", "2010-11-07T02:30", 25),
]


@pytest.mark.parametrize("zone, day, start, length", DATES)
def test_a_date_begins_where_the_one_before_ends(zone, day, start, length):
    begin, end = start_of_date(on(day), zone), start_of_date(on(day) + DAY, zone)

    assert (begin, end - begin) == (at(start), hours(length))
    if length:
        assert date_at(begin, zone) == date_at(end - SECOND, zone) == on(day)
    assert date_at(begin - SECOND, zone) < on(day) < date_at(end, zone)


@pytest.mark.parametrize("zone", [NEW_YORK, BUDAPEST, LORD_HOWE, SANTIAGO, BEIRUT, APIA, "America/St_Johns"])
def test_dates_never_go_back_and_leave_out_none_that_lasts(zone):
    """Every hour of two years, one of which has Apia's missing date."""
    for first in (at("2010-06-01T00:00"), at("2011-06-01T00:00")):
        before = date_at(first, zone)
        for step in range(1, 365 * 24):
            day = date_at(first + step * hours(1), zone)
            assert day - before in (timedelta(0), DAY) or (zone, before) == (APIA, on("2011-12-29"))
            before = day


# --- Streaks ------------------------------------------------------------------------------------------------
def dates(first: str, count: int) -> list[date]:
    return [on(first) + DAY * number for number in range(count)]


def of_zone(zone: str, **excuses) -> Excuses:
    return Excuses(Calendar([ZoneFrom(zone, date.min)]), **excuses)


def streak_of(claimed, excuses=None):
    return follow_streak(claimed, is_excused=(excuses or of_zone("UTC")).is_excused)


@pytest.mark.parametrize(
    "zone, day",
    [
        (NEW_YORK, "2026-03-08"),
        (NEW_YORK, "2026-11-01"),
        (BUDAPEST, "2026-03-29"),
        (BUDAPEST, "2026-10-25"),
        (LORD_HOWE, "2026-10-04"),
        (LORD_HOWE, "2026-04-05"),
        (SANTIAGO, "2025-09-07"),
        (SANTIAGO, "2025-04-05"),
        (BEIRUT, "2022-03-27"),
        (BEIRUT, "2022-10-29"),
    ],
)
def test_a_claim_in_the_first_and_the_last_second_of_each_date_makes_a_streak(zone, day):
    calendar = Calendar([ZoneFrom(zone, date.min)])
    days = [on(day) + DAY * number for number in range(-3, 4)]
    for choose in (0, 1):
        instants = [
            calendar.starts_at(one) if (number + choose) % 2 else calendar.starts_at(one + DAY) - SECOND
            for number, one in enumerate(days)
        ]
        claimed = [calendar.date_at(instant) for instant in instants]
        assert claimed == days
        assert streak_of(claimed, of_zone(zone)).days == 7


def test_the_date_that_apia_left_out_neither_breaks_nor_counts():
    claimed = [*dates("2011-12-26", 4), *dates("2011-12-31", 3)]

    assert not of_zone(APIA).calendar.exists(on("2011-12-30"))
    streak = streak_of(claimed, of_zone(APIA))
    assert (streak.started_on, streak.days, streak.frozen) == (on("2011-12-26"), 7, frozenset())
    # Elsewhere the same dates are two streaks.
    assert streak_of(claimed, of_zone(BUDAPEST)).days == 3


def test_a_freeze_is_earned_for_seven_days_and_two_are_kept():
    earned = {6: 0, 7: 1, 13: 1, 14: 2, 21: 2, 28: 2}

    assert {days: streak_of(dates("2026-01-01", days)).freezes for days in earned} == earned


def test_a_freeze_is_used_for_a_single_missed_date_by_itself():
    claimed = [*dates("2026-01-01", 7), *dates("2026-01-09", 2)]

    streak = streak_of(claimed)

    assert (streak.days, streak.started_on, streak.freezes) == (9, on("2026-01-01"), 0)
    assert streak.frozen == {on("2026-01-08")}
    again = streak_of([*claimed, on("2026-01-12")])
    assert (again.days, again.started_on) == (1, on("2026-01-12"))


def test_two_missed_dates_end_a_streak_and_the_freezes_stay():
    streak = streak_of([*dates("2026-01-01", 14), on("2026-01-17")])

    assert (streak.days, streak.started_on, streak.freezes, streak.frozen) == (
        1,
        on("2026-01-17"),
        2,
        frozenset(),
    )


def test_a_date_missed_in_the_first_week_ends_a_streak():
    assert streak_of([*dates("2026-01-01", 6), on("2026-01-08")]).days == 1


def test_a_pause_neither_breaks_nor_counts():
    paused = of_zone("UTC", pauses=[(on("2026-01-08"), on("2026-01-21"))])
    claimed = [*dates("2026-01-01", 7), *dates("2026-01-22", 1)]

    streak = streak_of(claimed, paused)

    assert (streak.days, streak.freezes, streak.frozen) == (8, 1, frozenset())
    # A claim within a pause counts, and the date after the pause can be frozen.
    assert streak_of([*claimed[:7], on("2026-01-15"), on("2026-01-23")], paused).days == 9


def test_an_outage_repairs_the_streaks_of_each_zone_whose_dates_it_lay_in():
    claimed = [*dates("2026-01-01", 3), *dates("2026-01-06", 2)]
    # From the evening of the 4th to the morning of the 5th in UTC.
    outage = [(at("2026-01-04T20:00"), at("2026-01-05T06:00"))]

    assert streak_of(claimed).days == 2
    assert streak_of(claimed, of_zone("UTC", outages=outage)).days == 5
    assert streak_of(claimed, of_zone(HONOLULU, outages=outage)).days == 2  # there it lay in the 4th alone
    assert streak_of(claimed, of_zone(TOKYO, outages=outage)).days == 2  # and there in the 5th alone
    assert of_zone(TOKYO, outages=outage).had_outage(on("2026-01-05"))
    assert not of_zone(TOKYO, outages=outage).had_outage(on("2026-01-04"))


def test_an_outage_that_ends_at_midnight_is_not_in_the_next_date():
    outages = of_zone("UTC", outages=[(at("2026-01-04T23:00"), at("2026-01-05T00:00"))])

    assert [outages.had_outage(day) for day in dates("2026-01-03", 3)] == [False, True, False]


def test_no_more_than_two_missed_dates_are_looked_for():
    assert missed_dates(on("0001-01-01"), on("9999-12-31"), lambda day: False) == dates("0001-01-02", 2)


def test_bonuses_are_due_at_7_14_and_30_days_and_each_30_more():
    assert bonuses_between(0, 120) == [7, 14, 30, 60, 90, 120]
    assert bonuses_between(6, 7) == [7]
    assert bonuses_between(7, 13) == []
    assert [next_bonus(days) for days in (0, 6, 7, 14, 29, 30, 59, 60, 100)] == [
        *(7, 7, 14, 30, 30, 60, 60, 90, 120),
    ]


def test_a_quest_gives_a_bonus_for_the_lengths_that_it_names():
    assert [days for days in bonuses_between(0, 100) if earns_bonus(days, [7, 14])] == [7, 14]
    assert [days for days in bonuses_between(0, 100) if earns_bonus(days, [30])] == [30, 60, 90]
    assert [days for days in bonuses_between(0, 100) if earns_bonus(days, [])] == []


# --- Changes of the time zone -------------------------------------------------------------------------------
def changed(before: str, after: str, *, moment: str, claimed: str | None) -> tuple[date, Calendar]:
    """Return the first date of the new zone, and the calendar with it."""
    calendar = Calendar([ZoneFrom(before, on("2026-01-01"))])
    last = on(claimed) if claimed else None
    first = first_date_of_zone(calendar, after, last_claimed=last, at=at(moment))
    return first, Calendar([*calendar.zones, ZoneFrom(after, first)])


# The old and the new zone, the moment, the date claimed last, the first date of the new zone, when it begins.
CHANGES = [
    # Eastwards, with Monday claimed: Tuesday is short, Wednesday is Tokyo's.
    (NEW_YORK, TOKYO, "2026-06-08T12:00", "2026-06-08", "2026-06-10", "2026-06-09T15:00"),
    # With Monday open it lasts to its end.
    (NEW_YORK, TOKYO, "2026-06-08T12:00", "2026-06-07", "2026-06-10", "2026-06-09T15:00"),
    (NEW_YORK, TOKYO, "2026-06-08T12:00", None, "2026-06-10", "2026-06-09T15:00"),
    # Westwards the present date lasts until the next begins there.
    (TOKYO, NEW_YORK, "2026-06-08T20:00", "2026-06-09", "2026-06-10", "2026-06-10T04:00"),
    (TOKYO, NEW_YORK, "2026-06-08T20:00", "2026-06-08", "2026-06-10", "2026-06-10T04:00"),
    # Four hours eastwards a claimed date of 20 hours is followed by the new zone's.
    ("UTC", "Asia/Dubai", "2026-06-08T12:00", "2026-06-08", "2026-06-09", "2026-06-08T20:00"),
    # An open date is not cut.
    ("UTC", "Asia/Dubai", "2026-06-08T12:00", "2026-06-07", "2026-06-10", "2026-06-09T20:00"),
    # Four and a half hours: the claimed date would have had 19 and a half.
    ("UTC", "Asia/Kabul", "2026-06-08T12:00", "2026-06-08", "2026-06-10", "2026-06-09T19:30"),
    # On the 25 hours of a change of the clock.
    (NEW_YORK, BUDAPEST, "2026-11-01T12:00", "2026-11-01", "2026-11-03", "2026-11-02T23:00"),
    (BUDAPEST, NEW_YORK, "2026-03-29T12:00", "2026-03-29", "2026-03-30", "2026-03-30T04:00"),
    (LORD_HOWE, APIA, "2026-10-04T00:00", "2026-10-04", "2026-10-05", "2026-10-04T11:00"),
]


@pytest.mark.parametrize("before, after, moment, claimed, first, begins", CHANGES)
def test_a_change_of_zone_begins_with_a_date(before, after, moment, claimed, first, begins):
    day, calendar = changed(before, after, moment=moment, claimed=claimed)

    assert (day, calendar.starts_at(day)) == (on(first), at(begins))
    assert calendar.date_at(at(begins)) == day
    assert calendar.date_at(at(begins) - SECOND) == day - DAY
    if claimed:
        assert at(begins) >= calendar.starts_at(on(claimed)) + hours(20)


ZONES = (NEW_YORK, BUDAPEST, LORD_HOWE, SANTIAGO, BEIRUT, APIA, TOKYO, HONOLULU, "UTC", "Pacific/Kiritimati")


@pytest.mark.parametrize("before", spread(ZONES, of="zones", one_in=5))
def test_after_any_change_dates_follow_each_other_and_none_that_was_open_is_cut(before):
    """Every ninth hour of four days in March, to every zone, with the date claimed or open."""
    for after in ZONES:
        for passed in range(0, 96, 9):
            moment = at("2026-03-27T00:00") + hours(passed)
            old = Calendar([ZoneFrom(before, on("2026-01-01"))])
            present = old.date_at(moment)
            for last in (present, present - DAY):
                first = first_date_of_zone(old, after, last_claimed=last, at=moment)
                calendar = Calendar([*old.zones, ZoneFrom(after, first)])
                begins = calendar.starts_at(first)
                assert begins > moment
                assert begins >= old.starts_at(last) + hours(20)
                if last != present:
                    assert begins >= old.starts_at(present + DAY)
                seen = [calendar.date_at(moment + hours(step)) for step in range(100)]
                for day, following in pairwise(seen):
                    between = (day + DAY * number for number in range(1, (following - day).days))
                    assert following >= day
                    assert not any(calendar.exists(one) for one in between), (before, after, moment)
                assert seen[0] == present


def test_a_date_that_a_change_of_zones_leaves_out_breaks_nothing():
    """From the last zone of the world to the first there are 25 hours: a date has no time of its own."""
    day, calendar = changed(
        "Pacific/Pago_Pago", "Pacific/Kiritimati", moment="2026-06-08T15:00", claimed="2026-06-08"
    )

    assert day == on("2026-06-10")
    assert not calendar.exists(on("2026-06-09"))
    claimed = [*dates("2026-06-06", 3), *dates("2026-06-10", 2)]
    assert streak_of(claimed, Excuses(calendar)).days == 5
