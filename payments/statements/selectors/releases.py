"""Earnings in few lines: the releases of a stream are added up by day."""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from gigstream.core import sql

# Entries that a page reads at most: three and a half days of a stream that releases each minute.
MOST_ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class EarningLine:
    """An earning, or the releases of a stream on a day, `number` of them; `at` is the time of the last. The
    amount that a correction took is below zero."""

    at: datetime
    kind: str
    amount: Decimal
    number: int
    subject_kind: int | None
    subject_id: UUID | None
    entry_id: int
    releases: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class EarningLines:
    """Lines out of a run of entries, newest first; `older_than` is the entry before which more follow."""

    lines: list[EarningLine]
    older_than: int | None


@dataclass(frozen=True, slots=True)
class ReleaseDay:
    """The releases of a stream on a day: their sum, number and sequences, and the time of the last."""

    day: date
    at: datetime
    amount: Decimal
    number: int
    first_release: int
    last_release: int


def earning_lines(worker_id: UUID, *, before: int, most: int = MOST_ENTRIES) -> EarningLines:
    """Return the earnings of a worker in entries before this one, out of at most `most` entries, in one
    statement."""
    rows = sql.run("payments/statements/earnings_of_account", worker=worker_id, before=before, most=most)
    lines = [
        EarningLine(
            row["at"],
            row["kind"],
            row["amount"],
            row["number"],
            row["subject_kind"],
            row["subject_id"],
            row["last_id"],
            None if row["last_release"] is None else (row["first_release"], row["last_release"]),
        )
        for row in rows
    ]
    is_full = bool(rows) and rows[0]["chunk_size"] >= most
    return EarningLines(lines, rows[0]["chunk_first"] if is_full else None)


def release_days(stream_id: UUID, *, before: date | None, most: int) -> list[ReleaseDay]:
    """Return the days of a stream's releases before a day, newest first, in one statement."""
    rows = sql.run("payments/statements/releases_by_day", stream=stream_id, before=before, most=most)
    return [ReleaseDay(**row) for row in rows]
