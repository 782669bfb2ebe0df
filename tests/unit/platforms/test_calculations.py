"""The time at which a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from platforms.events.calculations import WAITS, next_attempt_at, requested_wait

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def wait(attempts, retry_after=None, jitter=0):
    at = next_attempt_at(NOW, attempts=attempts, retry_after=retry_after, jitter=jitter)
    return None if at is None else (at - NOW).total_seconds()


def test_the_waits_are_those_of_the_contract_and_ten_attempts_are_enough():
    assert len(WAITS) == 10
    assert [wait(attempts) for attempts in range(11)] == [
        0,
        5,
        300,
        1800,
        7200,
        18_000,
        36_000,
        50_400,
        72_000,
        86_400,
        None,
    ]


def test_jitter_adds_its_percent():
    assert wait(2, jitter=10) == 330


def test_a_longer_wait_that_the_receiver_asks_for_counts_and_a_shorter_does_not():
    assert wait(1, "90") == 90
    assert wait(3, "90") == 1800
    assert wait(10, "90") is None


@pytest.mark.parametrize(
    "header, seconds",
    [
        (None, 0),
        ("", 0),
        ("120", 120),
        (" 120 ", 120),
        ("999999999999999999999", 86_400),
        ("-5", 0),
        ("1.5", 0),
        ("soon", 0),
        ("²", 0),
        ("Mon, 02 Mar 2026 12:02:00 GMT", 120),
        ("Mon, 02 Mar 2026 11:00:00 GMT", 0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86_400),
        ("Mon, 02 Mar 2026 12:02:00 -0000", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_at_most_a_day(header, seconds):
    assert requested_wait(header, NOW) == timedelta(seconds=seconds)
