"""Points as they are read: totals and ranks, from the database."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from gigstream.core import sql
from reputation.points.calculations import Board

# Places at the top of a leaderboard, and on each side of a worker's own.
TOP, AROUND = 10, 5


@dataclass(frozen=True, slots=True)
class Place:
    """A worker's place on a leaderboard; ranks begin with 1."""

    worker_id: UUID
    rank: int
    points: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """A leaderboard as a worker sees it: the number of its members, the first places, and those around the
    worker's own, which is None without points."""

    members: int
    mine: Place | None
    top: Sequence[Place]
    neighbours: Sequence[Place]

    @classmethod
    def around(cls, worker_id: UUID, members: int, places: Sequence[Place]) -> "Ranking":
        """Return the ranking of the worker among these places."""
        mine = next((place for place in places if place.worker_id == worker_id), None)
        near = [place for place in places if mine is not None and abs(place.rank - mine.rank) <= AROUND]
        return cls(members, mine, [place for place in places if place.rank <= TOP], near)


def count_members(board: Board, *, most: int) -> int:
    """Return the number of members of a leaderboard, counted up to `most`."""
    (row,) = sql.rows(
        f"SELECT count(*) AS members FROM (SELECT FROM ({sql.text('reputation/points/totals')}) AS totals"  # noqa: S608
        " LIMIT %(most)s) AS counted",
        {**_columns_of(board), "most": most},
    )
    return row["members"]


def read_ranking(board: Board, *, worker_id: UUID) -> Ranking:
    """Return the ranking of the worker from the database, where it is computed from all totals."""
    members = count_members(board, most=2**31)
    rows = sql.rows(
        f"WITH totals AS ({sql.text('reputation/points/totals')}), {sql.text('reputation/points/ranking')}",
        {**_columns_of(board), "worker": worker_id, "top": TOP, "around": AROUND},
    )
    return Ranking.around(worker_id, members, [Place(**row) for row in rows])


def stream_totals(board: Board, *, batch: int) -> Iterator[list[tuple[UUID, int]]]:
    """Yield the members of a leaderboard with their points, by batches, as of one instant."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(sql.text("reputation/points/totals"), _columns_of(board))
        while rows := cursor.fetchmany(batch):
            yield list(rows)


def totals_of_workers(pairs: Sequence[tuple[Board, UUID]]) -> list[int]:
    """Return the points of each worker on the leaderboard beside, 0 for who is not on it."""
    rows = sql.run(
        "reputation/points/totals_of_workers",
        workers=[worker_id for _, worker_id in pairs],
        platforms=[board.platform_id for board, _ in pairs],
        starts_at=[board.period.starts_at for board, _ in pairs],
        ends_at=[board.period.ends_at for board, _ in pairs],
    )
    return [row["points"] for row in rows]


def _columns_of(board: Board) -> dict[str, Any]:
    return {
        "platform": board.platform_id,
        "starts_at": board.period.starts_at,
        "ends_at": board.period.ends_at,
    }
