"""The arithmetic of streams is written twice, in Python and in SQL: the two never differ."""

import random
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection

from gigstream.core.money import from_micro
from payments.streams.calculations import elapsed_seconds, next_release_at, vested_amount
from tests.support.stream_slots import whole_slots

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
THIRTY_DAYS = 30 * 86_400
CASES = 3000


@pytest.mark.django_db
def test_stream_vested_equals_vested():
    generator = random.Random(20260302)
    cases = [
        (from_micro(_any_units(generator)), duration, _any_elapsed(generator, duration))
        for duration in (_any_duration(generator) for _ in range(CASES))
    ]
    cases += [
        (Decimal("9999999999999.999999"), THIRTY_DAYS, elapsed)
        for elapsed in (0, 1, 59, THIRTY_DAYS // 2, THIRTY_DAYS - 1, THIRTY_DAYS, THIRTY_DAYS + 1)
    ]

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stream_vested(total, duration, elapsed)
            FROM unnest(%s::numeric[], %s::int[], %s::int[]) WITH ORDINALITY
                 AS given(total, duration, elapsed, number)
            ORDER BY number
            """,
            [list(column) for column in zip(*cases, strict=True)],
        )
        answers = [answer for (answer,) in cursor.fetchall()]

    assert answers == [
        vested_amount(total, duration=duration, elapsed=elapsed) for total, duration, elapsed in cases
    ]


@pytest.mark.django_db
def test_stream_elapsed_equals_elapsed_seconds():
    generator = random.Random(20260303)
    cases = [
        (
            START + _any_time(generator, 400),
            _any_pause(generator),
            duration,
            START + _any_time(generator, 500),
        )
        for duration in (_any_duration(generator) for _ in range(CASES))
    ]
    cases += [
        (START, pause, THIRTY_DAYS, START + pause + timedelta(seconds=seconds, microseconds=micros))
        for pause in (
            timedelta(0),
            timedelta(days=2, microseconds=1),
            timedelta(hours=30, microseconds=999_999),
        )
        for seconds in (-1, 0, 1, 86_400, THIRTY_DAYS - 1, THIRTY_DAYS, THIRTY_DAYS * 10)
        for micros in (-1, 0, 1)
    ]

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stream_elapsed(start_at, paused_for, duration, at)
            FROM unnest(%s::timestamptz[], %s::interval[], %s::int[], %s::timestamptz[]) WITH ORDINALITY
                 AS given(start_at, paused_for, duration, at, number)
            ORDER BY number
            """,
            [list(column) for column in zip(*cases, strict=True)],
        )
        answers = [answer for (answer,) in cursor.fetchall()]

    assert answers == [
        elapsed_seconds(start_at=start_at, paused_for=paused_for, duration=duration, at=at)
        for start_at, paused_for, duration, at in cases
    ]


@pytest.mark.django_db
def test_stream_due_equals_the_amount_that_whole_slots_have_vested():
    generator = random.Random(20260304)
    cases = [
        (from_micro(_any_units(generator)), duration, _any_interval(generator), elapsed)
        for duration in (_any_duration(generator) for _ in range(CASES))
        for elapsed in (_any_elapsed_of_work(generator, duration),)
    ]

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stream_due(total, duration, release_interval, elapsed)
            FROM unnest(%s::numeric[], %s::int[], %s::int[], %s::int[]) WITH ORDINALITY
                 AS given(total, duration, release_interval, elapsed, number)
            ORDER BY number
            """,
            [list(column) for column in zip(*cases, strict=True)],
        )
        answers = [answer for (answer,) in cursor.fetchall()]

    assert answers == [
        vested_amount(
            total, duration=duration, elapsed=whole_slots(elapsed, interval=interval, duration=duration)
        )
        for total, duration, interval, elapsed in cases
    ]


@pytest.mark.django_db
def test_stream_next_release_equals_next_release_at():
    generator = random.Random(20260305)
    cases = [
        (
            START + _any_time(generator, 400),
            _any_pause(generator),
            duration,
            _any_interval(generator),
            _any_elapsed_of_work(generator, duration),
        )
        for duration in (_any_duration(generator) for _ in range(CASES))
    ]

    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT stream_next_release(start_at, paused_for, duration, release_interval, elapsed)
            FROM unnest(%s::timestamptz[], %s::interval[], %s::int[], %s::int[], %s::int[]) WITH ORDINALITY
                 AS given(start_at, paused_for, duration, release_interval, elapsed, number)
            ORDER BY number
            """,
            [list(column) for column in zip(*cases, strict=True)],
        )
        answers = [answer for (answer,) in cursor.fetchall()]

    assert answers == [
        next_release_at(
            start_at=start_at, paused_for=paused_for, interval=interval, duration=duration, elapsed=elapsed
        )
        for start_at, paused_for, duration, interval, elapsed in cases
    ]


def _any_units(generator: random.Random) -> int:
    """Micro-USDC of every order of magnitude, up to 10^13 USDC."""
    return generator.randint(1, 10 ** generator.randint(1, 19))


def _any_duration(generator: random.Random) -> int:
    return generator.choice([1, 60, 3600, THIRTY_DAYS, generator.randint(1, THIRTY_DAYS)])


def _any_interval(generator: random.Random) -> int:
    return generator.choice([60, 3600, 86_400, THIRTY_DAYS, generator.randint(1, THIRTY_DAYS)])


def _any_elapsed_of_work(generator: random.Random, duration: int) -> int:
    """Seconds as `elapsed_seconds` counts them: from 0 to the duration."""
    return generator.choice([0, duration - 1, duration, generator.randint(0, duration)])


def _any_elapsed(generator: random.Random, duration: int) -> int:
    return generator.choice([0, 1, duration - 1, duration, generator.randint(-10, duration + 10)])


def _any_time(generator: random.Random, days: int) -> timedelta:
    return timedelta(microseconds=generator.randint(0, days * 86_400 * 10**6))


def _any_pause(generator: random.Random) -> timedelta:
    return generator.choice([timedelta(0), timedelta(seconds=90), _any_time(generator, 60)])
