"""Statements that record events and move the sums of their days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.db import connection
from psycopg.types.json import Jsonb

from gigstream.core import sql
from platforms.models import CreatorDay, CreatorProfile, Platform
from platforms.signals import followers_counted
from platforms.usage.calculations.changes import FollowersChange, UsageChange
from platforms.usage.services.judging import pair_columns
from platforms.usage.services.locks import share_usage
from platforms.usage.services.outcomes import TakenEvents


@dataclass(frozen=True, slots=True)
class Outcome:
    """Count of a statement: the positions of events that were known, how many it took, the changes by
    creator and day, those of the platform as they are written last, and the days whose listeners are final,
    so that they have not changed."""

    known: list[int]
    taken: int
    changes: list[UsageChange]
    of_platform: list[Mapping[str, Any]]
    listeners_final_on: list[date]


def next_batch_number() -> int:
    """Return the number of the next batch or correction, from which those of its events follow."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('usage_batches', 'id'))")
        number: int = cursor.fetchone()[0]
    return number


@cache
def _statement(first_half: str) -> str:
    return sql.text(f"platforms/usage/{first_half}") + sql.text("platforms/usage/count_taken")


def run_counting(first_half: str, /, **values: Any) -> Outcome:
    """Run the statement of these two halves."""
    (row,) = sql.rows(_statement(first_half), values)
    return Outcome(
        row["known"],
        row["taken"],
        [UsageChange.read(one) for one in row["creators"]],
        row["platform"],
        row["listeners_final_on"],
    )


def count_batch(*, platform: Platform, first: int, taken: TakenEvents, now: datetime) -> Outcome:
    """Record and count those of the events whose ids are new; `first` plus its position is an event's
    number."""
    columns = taken.columns
    return run_counting(
        "take_batch",
        platform=platform.number,
        first=first,
        now=now,
        positions=sql.array_literal(columns.positions),
        ids=sql.array_literal(columns.ids),
        works=sql.array_literal(taken.works),
        creators=sql.array_literal(taken.creators),
        kinds=sql.array_literal(columns.kinds),
        listeners=sql.array_literal(taken.listeners),
        times=sql.array_literal(taken.times),
        seconds=sql.array_literal(columns.seconds),
        amounts=sql.array_literal(columns.amounts),
        contents=b"".join(taken.contents),
        **pair_columns(taken.liked, "liked_works", "liked_by"),
        **pair_columns(taken.unliked, "unliked_works", "unliked_by"),
    )


def add_to_platform(*, platform: Platform, changes: Sequence[Mapping[str, Any]]) -> None:
    """Add the changes to the platform's days, which all its batches share: last of all."""
    sql.run("platforms/usage/add_to_platform_days", platform=platform.number, changes=Jsonb(list(changes)))


def count_followers(*, days: Sequence[tuple[UUID, datetime, int, int]], now: datetime) -> None:
    """Count followers gained and lost, each given by the creator's id, the time and the two counts, of
    creators of one platform. A rebuild of the same days goes before or after."""
    if not days:
        return
    creators = CreatorProfile.objects.filter(pk__in={creator for creator, *_ in days})
    platform = Platform.objects.filter(creators__in=creators).distinct().get()
    share_usage(platform)
    rows = sql.run(
        "platforms/usage/count_followers",
        creators=[creator for creator, *_ in days],
        times=[at for _, at, _, _ in days],
        gained=[gained for *_, gained, _ in days],
        lost=[lost for *_, lost in days],
    )
    changes = [FollowersChange(**row) for row in rows]
    followers_counted.send(sender=CreatorDay, changes=changes, now=now)
    # The platform's days, which all its creators share, last of all.
    sql.run(
        "platforms/usage/add_platform_followers",
        platform=platform.number,
        days=[change.day for change in changes],
        gained=[change.gained for change in changes],
        lost=[change.lost for change in changes],
    )
