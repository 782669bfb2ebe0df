"""Versions of events as they wait for the store: a line of JSON each, in gzip; and as columns."""

import gzip
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

import orjson

# Values that JSON has only as texts.
_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "day": date.fromisoformat,
    "occurred_at": datetime.fromisoformat,
    "received_at": datetime.fromisoformat,
    "amount": Decimal,
}
_FAST: Final = 1


def pack_versions(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return versions of events as they wait."""
    lines = (orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
    return gzip.compress(b"".join(lines), compresslevel=_FAST, mtime=0)


def unpack_versions(content: bytes) -> list[dict[str, Any]]:
    """Return versions of events as they were packed."""
    rows = [orjson.loads(line) for line in gzip.decompress(content).splitlines()]
    for row in rows:
        for name, read in _READERS.items():
            row[name] = read(row[name])
    return rows


def columns_of(rows: Sequence[Mapping[str, Any]], names: Iterable[str]) -> dict[str, list[Any]]:
    """Return the rows as a list for each column."""
    return {name: [row[name] for row in rows] for name in names}


@dataclass(frozen=True, slots=True)
class DayDifference:
    """A day of a creator, by its number, that two stores count differently: for each sum that differs the two
    values."""

    creator: int
    day: date
    sums: Mapping[str, tuple[Any, Any]]

    def __str__(self) -> str:
        said = ", ".join(f"{name} {ours} and {theirs}" for name, (ours, theirs) in self.sums.items())
        return f"creator {self.creator} on {self.day}: {said}"


def compare_days(
    ours: Iterable[Mapping[str, Any]], theirs: Iterable[Mapping[str, Any]]
) -> list[DayDifference]:
    """Return the days of creators in which two recounts differ, in order. A day that one of them does not
    have is a day of zeros."""
    left, right = _by_day(ours), _by_day(theirs)
    found = []
    for key in sorted(left.keys() | right.keys()):
        one, other = left.get(key, {}), right.get(key, {})
        sums = {
            name: (one.get(name, 0), other.get(name, 0))
            for name in (one or other)
            if one.get(name, 0) != other.get(name, 0)
        }
        if sums:
            found.append(DayDifference(*key, sums))
    return found


def _by_day(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[int, date], dict[str, Any]]:
    return {
        (row["creator"], row["day"]): {name: row[name] for name in row if name not in ("creator", "day")}
        for row in rows
    }
