"""Statements of workers: the opening balances of their accounts, every movement, the closing balances."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from gigstream.core import sql
from gigstream.core.money import ZERO
from payments.ledger.entry_kinds import kind_names, kind_words
from payments.ledger.subjects import LOAN, QUEST, STREAM, subject_of
from payments.statements.selectors.quests import QuestNote, notes_of_quests

_MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])", re.ASCII)
# With more movements than this, the releases of a stream on a UTC day are a single line.
MOST_LINES = 2_000
# The longest time that a statement may cover.
LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Money:
    """Balances of a worker's accounts, or changes of them, in USDC: `owed` on advances, the rest theirs."""

    available: Decimal = ZERO
    in_transit: Decimal = ZERO
    owed: Decimal = ZERO

    def __add__(self, other: "Money") -> "Money":
        return Money(
            self.available + other.available, self.in_transit + other.in_transit, self.owed + other.owed
        )


@dataclass(frozen=True, slots=True)
class Line:
    """A ledger entry, or the `entries` releases of a stream on a day: the change, and the balances after
    it."""

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
    quest_id: UUID | None
    tx_hash: str | None


@dataclass(frozen=True, slots=True)
class Total:
    """Sum of all lines of a kind."""

    kind: str
    words: str
    entries: int
    change: Money


@dataclass(frozen=True, slots=True)
class Statement:
    """Statement from `start` until before `end`; `closing` is the `opening` of the statement from `end`
    on."""

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
    """Return the UTC month that "2026-03" names, its end excluded; None for any other text."""
    found = _MONTH.fullmatch(text)
    if found is None:
        return None
    return month_from(month_start(int(found[1]), int(found[2])))


def month_from(start: datetime) -> tuple[datetime, datetime]:
    """Return the month that begins at `start`, its end excluded."""
    return start, month_start(start.year + start.month // 12, start.month % 12 + 1)


def month_start(year: int, month: int) -> datetime:
    """Return the first instant of the UTC month."""
    return datetime(year, month, 1, tzinfo=UTC)


def months_back(now: datetime, count: int, *, since: datetime) -> list[datetime]:
    """Return the first instants of the month of `now` and of the months before it, the latest first: at most
    `count`, and none that was over before `since`."""
    first, last = (12 * at.year + at.month - 1 for at in (since, now))
    numbers = range(last, max(last - count, min(first, last) - 1), -1)
    return [month_start(number // 12, number % 12 + 1) for number in numbers]


def read_statement(worker_id: UUID, start: datetime, end: datetime) -> Statement:
    """Return the worker's statement from `start` until before `end`, by a query, and another where quests
    have rewarded the worker."""
    rows = sql.run("payments/statements/statement", worker=worker_id, start=start, end=end, most=MOST_LINES)
    first = rows[0]
    opening = Money(first["opening_available"], first["opening_in_transit"], first["opening_owed"])
    quests = notes_of_quests({row["subject_id"] for row in rows if row["subject_kind"] == QUEST.number})
    lines: list[Line] = []
    for row in rows:
        if row["id"] is not None:
            lines.append(_as_line(row, lines[-1].after if lines else opening, quests))
    closing = lines[-1].after if lines else opening
    return Statement(start, end, opening, lines, _sum_by_kind(lines), closing)


def _as_line(row: dict[str, Any], before: Money, quests: Mapping[UUID, QuestNote]) -> Line:
    change = Money(row["available"], row["in_transit"], row["owed"])
    subject = subject_of(row["subject_kind"], row["subject_id"])
    return Line(
        number=row["id"],
        at=row["at"],
        kind=row["kind"],
        words=kind_words(row["kind"], row["transfer"], row["subject_kind"]),
        about=str(quests.get(row["subject_id"]) or _line_subject(row)),
        entries=row["entries"],
        change=change,
        after=before + change,
        task_id=row["task_id"],
        stream_id=subject.id if subject and subject.kind == STREAM else None,
        transaction_id=row["transaction_id"],
        loan_id=subject.id if subject and subject.kind == LOAN else None,
        quest_id=subject.id if subject and subject.kind == QUEST else None,
        tx_hash=row["tx_hash"],
    )


def _line_subject(row: dict[str, Any]) -> str:
    if row["title"] is None:
        return row["tx_hash"] or ""
    releases = f", {row['entries']} releases" if row["entries"] > 1 else ""
    return f"{row['title']} ({row['platform']}{releases})"


def _sum_by_kind(lines: Sequence[Line]) -> list[Total]:
    """Add up the lines by kind, in the order of the kinds' positions."""
    found: dict[tuple[str, str], Total] = {}
    for line in lines:
        name = (line.kind, line.words)
        known = found.get(name, Total(line.kind, line.words, 0, Money()))
        found[name] = Total(line.kind, line.words, known.entries + line.entries, known.change + line.change)
    order = kind_names()
    return sorted(found.values(), key=lambda total: (order.index(total.kind), total.words))
