"""Tables for spreadsheets, CSV or XLSX: exact, in bounded memory, and no cell from outside is a formula."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import IO, Any
from uuid import UUID

# What a spreadsheet takes for the beginning of a formula, full-width forms and leading blanks included.
_FORMULA = re.compile(r"[\s\u00a0\u200b\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# A cell of XLSX keeps a number in binary, exact to so many digits, and a text up to so many characters.
EXACT_DIGITS = 15
LONGEST_TEXT = 32_767

Rows = Iterable[Sequence[Any]]


class TooManyRows(Exception):
    """The list has more rows than one file may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} rows")
        self.most = most


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of file: its media type, and how rows are written to one, which answers how many there were."""

    media_type: str
    write: Callable[[IO[bytes], Sequence[str], Rows], int]


def at_most(most: int, rows: Rows) -> Iterator[Sequence[Any]]:
    """The rows as they come. Raises TooManyRows when there is one more than `most`."""
    for number, row in enumerate(rows):
        if number == most:
            raise TooManyRows(most)
        yield row


def text_of(value: Any) -> str:
    """The value as text; numbers, ids and times of ours cannot be formulas, whatever sign they have."""
    ours = _OURS.get(type(value))
    return _guarded(plain(value)) if ours is None else ours(value)


def _instant(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_OURS: dict[type, Callable[[Any], str]] = {
    type(None): lambda nothing: "",
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: "{:f}".format,
    UUID: str,
    date: date.isoformat,
    datetime: _instant,
}


def _guarded(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def plain(value: Any) -> str:
    """A value of others as one text: JSON as it is written, the items of a list one after the other."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return str(value)


def _write_csv(file: IO[bytes], header: Sequence[str], rows: Rows) -> int:
    """RFC 4180, UTF-8, every cell quoted."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    count = write_lines(text, header, rows)
    text.flush()
    text.detach()
    return count


def write_lines(file: IO[str], header: Sequence[str], rows: Rows) -> int:
    """The rows as lines of CSV, after one that names the columns."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([text_of(value) for value in row])
        count += 1
    return count


def _write_xlsx(file: IO[bytes], header: Sequence[str], rows: Rows) -> int:
    """One sheet whose first line stays in view. Numbers that a cell keeps exactly are numbers, all else is
    text; a row is on disk before the next one is read."""
    from xlsxwriter import Workbook

    with Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        sheet.freeze_panes(1, 0)
        heavy = book.add_format({"bold": True})
        for column, name in enumerate(header):
            sheet.write_string(0, column, name, heavy)
        count = 0
        for count, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                _write_cell(sheet, count, column, value)
    return count


def _write_cell(sheet: Any, line: int, column: int, value: Any) -> None:
    if isinstance(value, Decimal | int) and not isinstance(value, bool) and _is_exact(Decimal(value)):
        sheet.write_number(line, column, value)
    elif value is not None and (text := text_of(value)):
        sheet.write_string(line, column, text[:LONGEST_TEXT])


def _is_exact(value: Decimal) -> bool:
    return value.is_finite() and len(value.normalize().as_tuple().digits) <= EXACT_DIGITS


FORMS = {
    "csv": Form("text/csv; charset=utf-8", _write_csv),
    "xlsx": Form("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
}
