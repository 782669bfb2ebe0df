"""Stream arithmetic: pay vests second by second, never early, never back, and to the last micro-USDC."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from gigstream.core.money import from_micro, to_micro
from payments.earnings.calculations import fee_on
from payments.streams.calculations import (
    SHARDS,
    duration_at_first_rate,
    elapsed_seconds,
    next_release_at,
    shard_of,
    vested_amount,
)
from tests.support.stream_slots import whole_slots

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
NO_PAUSE = timedelta(0)
THIRTY_DAYS = 30 * 86_400

totals = st.integers(min_value=1, max_value=10**19).map(from_micro)
durations = st.integers(min_value=1, max_value=THIRTY_DAYS)
intervals = st.integers(min_value=1, max_value=2 * 86_400)
pauses = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=90))
proved = settings(deadline=None, max_examples=200)


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "elapsed, pay",
    [
        (-5, "0"),
        (0, "0"),
        (1, "0.027777"),
        (60, "1.666666"),
        (1800, "50"),
        (3599, "99.972222"),
        (3600, "100"),
    ],
)
def test_100_usdc_over_an_hour(elapsed, pay):
    assert vested_amount(Decimal(100), duration=3600, elapsed=elapsed) == Decimal(pay)


@proved
@given(totals, durations, st.data())
def test_vesting_never_pays_early_never_goes_back_and_is_exact_at_the_end(total, duration, data):
    earlier = data.draw(st.integers(0, duration))
    later = data.draw(st.integers(earlier, duration + 100))

    before = vested_amount(total, duration=duration, elapsed=earlier)
    after = vested_amount(total, duration=duration, elapsed=later)

    assert 0 <= before <= after <= total
    assert to_micro(before) * duration <= to_micro(total) * earlier < (to_micro(before) + 1) * duration
    assert vested_amount(total, duration=duration, elapsed=duration) == total


@proved
@given(totals, durations, intervals, st.data())
def test_whatever_ticks_there_were_the_releases_add_up_to_the_total(total, duration, interval, data):
    ticks = sorted(data.draw(st.lists(st.integers(0, duration * 2), max_size=20)))
    released = Decimal(0)

    for tick in [*ticks, duration]:
        elapsed = elapsed_seconds(start_at=START, paused_for=NO_PAUSE, duration=duration, at=at(tick))
        counted = whole_slots(elapsed, interval=interval, duration=duration)
        pay = vested_amount(total, duration=duration, elapsed=counted) - released
        assert pay >= 0
        released += pay
        assert released == vested_amount(total, duration=duration, elapsed=counted)

    assert released == total


@proved
@given(durations, intervals, st.integers(0, 2 * THIRTY_DAYS))
def test_whole_slots_are_the_last_full_interval_or_the_whole_duration(duration, interval, elapsed):
    counted = whole_slots(min(elapsed, duration), interval=interval, duration=duration)

    assert counted == duration or (counted % interval == 0 and elapsed - interval < counted <= elapsed)
    assert (counted == duration) or elapsed < duration


@pytest.mark.parametrize("elapsed, counted", [(0, 0), (59, 0), (60, 60), (149, 120), (150, 150), (1000, 150)])
def test_the_last_slot_may_be_short(elapsed, counted):
    assert whole_slots(elapsed, interval=60, duration=150) == counted


@pytest.mark.parametrize(
    "instant, paused, elapsed",
    [
        (at(-10), NO_PAUSE, 0),
        (at(0), NO_PAUSE, 0),
        (at(0.999999), NO_PAUSE, 0),
        (at(1), NO_PAUSE, 1),
        (at(100), timedelta(seconds=30), 70),
        (at(100), timedelta(seconds=29, microseconds=1), 70),
        (at(100), timedelta(seconds=101), 0),
        (at(10_000), NO_PAUSE, 3600),
    ],
)
def test_only_whole_seconds_of_work_within_the_stream_count(instant, paused, elapsed):
    assert elapsed_seconds(start_at=START, paused_for=paused, duration=3600, at=instant) == elapsed


@proved
@given(pauses, durations, st.timedeltas(min_value=-timedelta(days=1), max_value=timedelta(days=40)))
def test_a_pause_moves_everything_by_its_length_and_pays_nothing(pause, duration, after):
    unpaused = elapsed_seconds(start_at=START, paused_for=NO_PAUSE, duration=duration, at=START + after)
    shifted = elapsed_seconds(start_at=START, paused_for=pause, duration=duration, at=START + after + pause)

    assert shifted == unpaused


@proved
@given(durations, intervals, pauses, st.data())
def test_the_next_release_ends_the_running_slot(duration, interval, pause, data):
    elapsed = data.draw(st.integers(0, duration - 1))

    due = next_release_at(
        start_at=START, paused_for=pause, interval=interval, duration=duration, elapsed=elapsed
    )

    reached = elapsed_seconds(start_at=START, paused_for=pause, duration=duration, at=due)
    assert START + pause + timedelta(seconds=elapsed) < due <= START + pause + timedelta(seconds=duration)
    assert reached - elapsed <= interval
    assert whole_slots(reached, interval=interval, duration=duration) == reached
    just_before = elapsed_seconds(
        start_at=START, paused_for=pause, duration=duration, at=due - timedelta(microseconds=1)
    )
    assert whole_slots(just_before, interval=interval, duration=duration) <= elapsed


@pytest.mark.parametrize(
    "elapsed, seconds", [(0, 60), (59, 60), (60, 120), (119, 120), (120, 150), (149, 150), (150, 150)]
)
def test_the_end_of_the_stream_is_the_last_release(elapsed, seconds):
    due = next_release_at(start_at=START, paused_for=NO_PAUSE, interval=60, duration=150, elapsed=elapsed)

    assert due == at(seconds)


@pytest.mark.parametrize(
    "total, duration, added, topped_up",
    [
        ("100", 3600, "50", 5400),
        ("100", 3600, "0.027777", 3600),
        ("100", 3600, "0.027778", 3601),
        ("3", 10, "1", 13),
        ("1", 86_400, "1", 172_800),
    ],
)
def test_a_top_up_lasts_at_the_first_rate(total, duration, added, topped_up):
    longer = duration_at_first_rate(
        Decimal(total) + Decimal(added), first_total=Decimal(total), first_duration=duration
    )

    assert longer == topped_up


@proved
@given(totals, totals, totals, durations, st.data())
def test_a_top_up_brings_vested_pay_down_by_less_than_a_seconds_pay(total, added, more, duration, data):
    """So that the books may allow a stream that was topped up to be a second ahead."""

    def after(total_now: Decimal) -> int:
        return duration_at_first_rate(total_now, first_total=total, first_duration=duration)

    once, twice = total + added, total + added + more
    elapsed = data.draw(st.integers(0, after(once) - 1))

    assert duration <= after(once) <= after(twice)
    assert vested_amount(twice, duration=after(twice), elapsed=elapsed + 1) >= vested_amount(
        once, duration=after(once), elapsed=elapsed
    )


@pytest.mark.parametrize(
    "pay, bps, fee",
    [("20", 200, "0.40"), ("0.000001", 200, "0"), ("33.333333", 1, "0.003333"), ("5", 0, "0")],
)
def test_the_fee_is_rounded_down(pay, bps, fee):
    assert fee_on(Decimal(pay), bps) == Decimal(fee)


@proved
@given(totals, st.lists(st.integers(0, 100), min_size=1, max_size=8), st.integers(0, 10_000))
def test_the_shares_of_a_fee_add_up_to_the_fee_on_the_whole(total, percents, bps):
    marks = sorted({0, to_micro(total), *(to_micro(total) * percent // 100 for percent in percents)})
    shares = [
        fee_on(from_micro(after), bps) - fee_on(from_micro(before), bps) for before, after in pairwise(marks)
    ]

    assert all(share >= 0 for share in shares)
    assert sum(shares) == fee_on(total, bps)


@proved
@given(st.uuids())
@example(UUID(int=0))
def test_a_worker_has_one_of_sixteen_shards(worker_id):
    assert shard_of(worker_id) == shard_of(UUID(str(worker_id)))
    assert 0 <= shard_of(worker_id) < SHARDS == 16
