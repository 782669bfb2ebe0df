"""Leaderboards: sorted sets in Redis that follow the points, and are made anew from the database when lost.

A set's scores are minus the points, so that it is in ascending order, and its members the workers' ids as
hexadecimal digits: where points are equal Redis compares those as PostgreSQL compares the ids. A set is
complete when it has the member COMPLETE, which is behind all others; while it is being built it has BUILDING.
"""

import functools
import logging
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction

from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from gigstream.network.redis_cache import redis_errors, run_in_redis
from reputation.models import PointsBalance, PointsEntry
from reputation.points.calculations import ALL_TIME, Board, find_period, periods_of
from reputation.points.errors import LeaderboardUnavailable
from reputation.points.selectors import (
    AROUND,
    TOP,
    Place,
    Ranking,
    count_members,
    read_ranking,
    stream_totals,
    totals_of_workers,
)

logger = logging.getLogger(__name__)

COMPLETE, BUILDING = "~", "|"
# Members up to which a ranking is read from the database while Redis has none.
MOST_FROM_DATABASE = 100_000
KEPT = timedelta(days=2)
BATCH = 1_000
KEYS = "gigstream:leaderboard:"
# Names of leaderboards that a ranking was read of while Redis had none, and of weeks and months that it has.
_WANTED, _KEPT = "gigstream:leaderboards_wanted", "gigstream:leaderboards_kept"

# A set that is not there is not begun: it would hold a few of its members only. While it is being built a
# worker without points keeps a zero, which the reading of the database does not overwrite.
_WRITE = f"""
for place = 1, #ARGV, 3 do
    local key, score, member = KEYS[tonumber(ARGV[place])], ARGV[place + 1], ARGV[place + 2]
    if redis.call('EXISTS', key) == 1 then
        if score == '0' and redis.call('ZSCORE', key, '{COMPLETE}') then
            redis.call('ZREM', key, member)
        else
            redis.call('ZADD', key, score, member)
        end
    end
end
"""
_READ = f"""
if not redis.call('ZSCORE', KEYS[1], '{COMPLETE}') then return false end
local rank = redis.call('ZRANK', KEYS[1], ARGV[1])
local places = {{}}
if rank then
    local first = math.max(0, rank - ARGV[3])
    places = {{first, redis.call('ZRANGE', KEYS[1], first, rank + ARGV[3], 'WITHSCORES')}}
end
local top = redis.call('ZRANGE', KEYS[1], 0, ARGV[2] - 1, 'WITHSCORES')
return {{redis.call('ZCARD', KEYS[1]) - 1, top, places}}
"""

# By a script, whose replies have one form in every version of the protocol.
_LIST = "return redis.call('ZRANGE', KEYS[1], ARGV[1], ARGV[2], 'WITHSCORES')"


def key_of(board: Board) -> str:
    """Return the key of the leaderboard's set in Redis."""
    return f"{KEYS}{board.platform_id or 'house'}:{board.period.name}"


def refresh_after_commit(entries: Iterable[PointsEntry]) -> None:
    """Have the points of the entries' workers written to their leaderboards once these are committed."""
    touched = {
        (Board(entry.platform_id, period), entry.worker_id)
        for entry in entries
        for period in periods_of(entry.earned_at)
    }
    transaction.on_commit(functools.partial(_write_leniently, touched), robust=True)


def _write_leniently(touched: Collection[tuple[Board, UUID]]) -> None:
    """Write the points; without Redis they are written when its sets are built anew."""
    try:
        write_points(touched)
    except redis_errors() as error:
        logger.warning("leaderboards are not written: %s", type(error).__name__)


def write_points(touched: Collection[tuple[Board, UUID]]) -> None:
    """Write the workers' present points to those of the leaderboards that Redis has."""
    pairs = list(touched)
    for begin in range(0, len(pairs), BATCH):
        batch = pairs[begin : begin + BATCH]
        keys = list({key_of(board): None for board, _ in batch})
        places = {key: place for place, key in enumerate(keys, start=1)}
        arguments = [
            argument
            for (board, worker_id), points in zip(batch, totals_of_workers(batch), strict=True)
            for argument in (places[key_of(board)], -points, worker_id.hex)
        ]
        run_in_redis("EVAL", _WRITE, len(keys), *keys, *arguments)


def rank_worker(board: Board, *, worker_id: UUID) -> Ranking:
    """Return the worker's ranking: from Redis, or from the database while Redis has none and the leaderboard
    has at most 100,000 members. Raises LeaderboardUnavailable."""
    ranking = None
    with suppress(*redis_errors()):
        ranking = _read_set(board, worker_id)
        if ranking is None:
            run_in_redis("SADD", _WANTED, _name_of(board))
            nudge_job("check_leaderboards")
    if ranking is not None:
        return ranking
    members = count_members(board, most=MOST_FROM_DATABASE + 1)
    if members > MOST_FROM_DATABASE:
        raise LeaderboardUnavailable(
            f"the leaderboard has more than {MOST_FROM_DATABASE} members and is being built: try again in a"
            " minute",
            most_members=MOST_FROM_DATABASE,
        )
    return read_ranking(board, worker_id=worker_id)


def _read_set(board: Board, worker_id: UUID) -> Ranking | None:
    """Return the worker's ranking from Redis; None where the set is missing or being built."""
    found = run_in_redis("EVAL", _READ, 1, key_of(board), worker_id.hex, TOP, AROUND)
    if not found:
        return None
    members, top, near = found
    places = {place.rank: place for place in _places(0, top)}
    if near:
        places |= {place.rank: place for place in _places(*near)}
    return Ranking.around(worker_id, members, [places[rank] for rank in sorted(places)])


def _places(first: int, reply: Sequence[bytes]) -> list[Place]:
    """Return the places that a reply lists from an index on, as members with scores."""
    return [
        Place(worker_id=UUID(member), rank=rank, points=-int(float(score)))
        for rank, (member, score) in enumerate(_pairs(reply), start=first + 1)
        if member not in (COMPLETE, BUILDING)
    ]


def _pairs(reply: Sequence[bytes]) -> list[tuple[str, str]]:
    texts = [part.decode() if isinstance(part, bytes) else str(part) for part in reply]
    return list(zip(texts[::2], texts[1::2], strict=True))


def check_leaderboards(*, now: datetime | None = None) -> int:
    """Build the leaderboards that Redis has lost, of the present periods and of past periods that are wanted,
    and repair those that differ from the database; return the number of places written. Raises the errors of
    Redis."""
    now = now or database_now()
    owners = PointsBalance.objects.order_by("platform").values_list("platform", flat=True).distinct()
    present = {Board(owner, period) for owner in owners for period in periods_of(now)}
    needed = present | _boards_in(_WANTED, now)
    written = 0
    for board in needed | _boards_in(_KEPT, now):
        if run_in_redis("ZSCORE", key_of(board), COMPLETE) is not None:
            written += repair_board(board)
        elif board in needed:
            written += build_board(board)
        else:
            run_in_redis("SREM", _KEPT, _name_of(board))
        if board in needed and board.period != ALL_TIME:
            run_in_redis("EXPIRE", key_of(board), int(KEPT.total_seconds()))
            run_in_redis("SADD", _KEPT, _name_of(board))
        run_in_redis("SREM", _WANTED, _name_of(board))
    return written


def _boards_in(names: str, now: datetime) -> set[Board]:
    found = (_board_of(_text(name), now) for name in run_in_redis("SMEMBERS", names))
    return {board for board in found if board is not None}


def _name_of(board: Board) -> str:
    return f"{board.platform_id or 'house'}:{board.period.name}"


def _board_of(name: str, now: datetime) -> Board | None:
    owner, _, period_name = name.partition(":")
    period = find_period(period_name, now=now)
    return None if period is None else Board(None if owner == "house" else UUID(owner), period)


def _text(part: Any) -> str:
    return part.decode() if isinstance(part, bytes) else str(part)


def build_board(board: Board) -> int:
    """Build the set from the database; return the number of its members.

    It takes the points that are written from now on: what is read afterwards does not replace them.
    """
    key = key_of(board)
    run_in_redis("ZADD", key, "inf", BUILDING)
    members = 0
    for rows in stream_totals(board, batch=BATCH):
        scores = (part for worker_id, points in rows for part in (-points, worker_id.hex))
        run_in_redis("ZADD", key, "NX", *scores)
        members += len(rows)
    run_in_redis("ZREMRANGEBYSCORE", key, 0, 0)
    run_in_redis("ZADD", key, "inf", COMPLETE)
    run_in_redis("ZREM", key, BUILDING)
    return members


def repair_board(board: Board) -> int:
    """Write the points of each worker whose place differs from the database; return how many there were."""
    kept = _points_in_redis(board)
    wrong: list[UUID] = []
    for rows in stream_totals(board, batch=BATCH):
        wrong += [worker_id for worker_id, points in rows if kept.pop(worker_id.hex, 0) != points]
    wrong += [UUID(member) for member in kept]
    for begin in range(0, len(wrong), BATCH):
        _repair_places(board, sorted(wrong[begin : begin + BATCH]))
    return len(wrong)


def _points_in_redis(board: Board) -> dict[str, int]:
    """Return the points of each member. One that moves meanwhile may be missing, and is then looked at."""
    kept: dict[str, int] = {}
    first = 0
    while batch := run_in_redis("EVAL", _LIST, 1, key_of(board), first, first + BATCH - 1):
        kept |= {place.worker_id.hex: place.points for place in _places(first, batch)}
        first += BATCH
    return kept


@in_unit
def _repair_places(board: Board, worker_ids: Sequence[UUID]) -> None:
    """Write the workers' points while their balances are locked, so that no booking is under way."""
    owned = PointsBalance.objects.filter(platform=board.platform_id)
    if board.platform_id is None:
        owned = PointsBalance.objects.filter(platform__isnull=True)
    list(owned.filter(worker__in=worker_ids).order_by("worker").select_for_update(of=("self",), no_key=True))
    write_points([(board, worker_id) for worker_id in worker_ids])
