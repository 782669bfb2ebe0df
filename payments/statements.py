"""A worker's statement: what stood on their accounts, every line that moved them, what stood there after."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from gigstream.lib import sql
from gigstream.lib.money import ZERO
from payments.enums import EntryKind, TransactionType

_SQL = Path(__file__).resolve().parent / "sql"
_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
# With more movements than this, the releases of one stream on one UTC day are one line.
MOST_LINES = 2_000
# The longest time that one statement is about.
LONGEST = timedelta(days=366)

WORDS = {
    EntryKind.RELEASE: "Work released",
    EntryKind.EARNING: "Work paid",
    EntryKind.REWARD: "Reward",
    EntryKind.ADVANCE: "Advance",
    EntryKind.LOAN_FEE: "Fee of an advance",
    EntryKind.REPAYMENT: "Repayment of an advance",
    EntryKind.PAYOUT_HOLD: "Cash-out begun",
    EntryKind.PAYOUT_SETTLED: "Cash-out paid",
    EntryKind.PAYOUT_VOID: "Cash-out returned",
    EntryKind.WRITE_OFF: "Advance written off",
    EntryKind.ADJUSTMENT: "Correction",
}
_OF_AN_ADVANCE = {
    EntryKind.PAYOUT_HOLD: "Advance sent",
    EntryKind.PAYOUT_SETTLED: "Advance arrived",
    EntryKind.PAYOUT_VOID: "Advance returned",
}


@dataclass(frozen=True, slots=True)
class Money:
    """What a worker has here and owes, or how that changed, in USDC: `owed` on advances, the rest theirs."""

    available: Decimal = ZERO
    in_transit: Decimal = ZERO
    owed: Decimal = ZERO

    def __add__(self, other: "Money") -> "Money":
        return Money(
            self.available + other.available, self.in_transit + other.in_transit, self.owed + other.owed
        )


@dataclass(frozen=True, slots=True)
class Line:
    """One ledger entry, or the `entries` releases of a stream on one day: the change, what stood after."""

    number: int
    at: datetime
    kind: str
    words: str
    about: str
    entries: int
    change: Money
    after: Money
    task_id: UUID | None
    stream_id: UUID | None
    transaction_id: UUID | None
    loan_id: UUID | None
    tx_hash: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """All lines of one kind."""

    kind: str
    words: str
    entries: int
    change: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """From `start` until before `end`; `closing` is the `opening` of what begins at `end`."""

    start: datetime
    end: datetime
    opening: Money
    lines: Sequence[Line]
    totals: Sequence[Total]
    closing: Money

    @property
    def folded(self) -> bool:
        """Whether a line stands for several releases."""
        return any(line.entries > 1 for line in self.lines)


def month_of(text: str) -> tuple[datetime, datetime] | None:
    """The UTC month that "2026-03" names, its end excluded; None for any other text."""
    found = _MONTH.fullmatch(text)
    if found is None:
        return None
    return month_from(month_start(int(found[1]), int(found[2])))


def month_from(start: datetime) -> tuple[datetime, datetime]:
    """The month that begins at `start`, its end excluded."""
    return start, month_start(start.year + start.month // 12, start.month % 12 + 1)


def month_start(year: int, month: int) -> datetime:
    """The first instant of the UTC month."""
    return datetime(year, month, 1, tzinfo=UTC)


def months_back(now: datetime, count: int, *, since: datetime) -> list[datetime]:
    """The first instants of the month of `now` and of those before it, the latest first: at most `count`, and
    none that was over before `since`."""
    first, last = (12 * one.year + one.month - 1 for one in (since, now))
    numbers = range(last, max(last - count, min(first, last) - 1), -1)
    return [month_start(number // 12, number % 12 + 1) for number in numbers]


def statement(worker_id: UUID, start: datetime, end: datetime) -> Statement:
    """What moved the worker's accounts from `start` until before `end`: one query, however much there is."""
    asked = {"worker": worker_id, "start": start, "end": end, "most": MOST_LINES}
    rows = sql.rows(sql.load(_SQL / "statement.sql"), asked)
    first = rows[0]
    opening = Money(first["opening_available"], first["opening_in_transit"], first["opening_owed"])
    lines: list[Line] = []
    for row in rows:
        if row["id"] is not None:
            lines.append(_line(row, lines[-1].after if lines else opening))
    closing = lines[-1].after if lines else opening
    return Statement(start, end, opening, lines, _totals(lines), closing)


def _line(row: dict[str, Any], before: Money) -> Line:
    change = Money(row["available"], row["in_transit"], row["owed"])
    return Line(
        number=row["id"],
        at=row["at"],
        kind=row["kind"],
        words=_words(row["kind"], row["transfer"]),
        about=_about(row),
        entries=row["entries"],
        change=change,
        after=before + change,
        task_id=row["task_id"],
        stream_id=row["stream_id"],
        transaction_id=row["transaction_id"],
        loan_id=row["loan_id"],
        tx_hash=row["tx_hash"],
    )


def _words(kind: str, transfer: str | None) -> str:
    of_an_advance = _OF_AN_ADVANCE.get(EntryKind(kind)) if transfer == TransactionType.ADVANCE else None
    return of_an_advance or WORDS.get(EntryKind(kind), EntryKind(kind).label)


def _about(row: dict[str, Any]) -> str:
    if row["title"] is None:
        return row["tx_hash"] or ""
    releases = f", {row['entries']} releases" if row["entries"] > 1 else ""
    return f"{row['title']} ({row['platform']}{releases})"


def _totals(lines: Sequence[Line]) -> list[Total]:
    """In the order in which a statement names the kinds."""
    found: dict[tuple[str, str], Total] = {}
    for line in lines:
        name = (line.kind, line.words)
        known = found.get(name, Total(line.kind, line.words, 0, Money()))
        found[name] = Total(line.kind, line.words, known.entries + line.entries, known.change + line.change)
    order = list(WORDS)
    return sorted(found.values(), key=lambda total: (order.index(EntryKind(total.kind)), total.words))
