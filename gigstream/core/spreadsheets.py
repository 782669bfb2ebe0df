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

# Texts that a spreadsheet reads as the beginning of a formula, full-width forms and leading blanks included.
_FORMULA = re.compile(r"[\s\u00a0\u200b\u2060\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")
# A cell of XLSX keeps a number in binary, exact to 15 digits, and a text of up to 32,767 characters.
EXACT_DIGITS = 15
LONGEST_TEXT = 32_767

Rows = Iterable[Sequence[Any]]


class TooManyRows(Exception):
    """The list has more rows than a file may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"more than {most:,} rows")
        self.most = most


@dataclass(frozen=True, slots=True)
class FileFormat:
    """A kind of file: its media type, and the function that writes rows to it and returns their number."""

    media_type: str
    write: Callable[[IO[bytes], Sequence[str], Rows], int]


def limit_rows(most: int, rows: Rows) -> Iterator[Sequence[Any]]:
    """Yield the rows as they come. Raise TooManyRows after `most` of them if there are more."""
    for number, row in enumerate(rows):
        if number == most:
            raise TooManyRows(most)
        yield row


def cell_text(value: Any) -> str:
    """Return the value as text. Our own numbers, ids and times cannot be formulas, even with a sign."""
    ours = _OWN_TYPES.get(type(value))
    return _guard_formula(plain_text(value)) if ours is None else ours(value)


def _instant_text(value: datetime) -> str:
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


_OWN_TYPES: dict[type, Callable[[Any], str]] = {
    type(None): lambda nothing: "",
    bool: lambda value: "true" if value else "false",
    int: str,
    Decimal: "{:f}".format,
    UUID: str,
    date: date.isoformat,
    datetime: _instant_text,
}


def _guard_formula(text: str) -> str:
    return f"'{text}" if _FORMULA.match(text) else text


def plain_text(value: Any) -> str:
    """Return a foreign value as a single text: an object as JSON, a list as its items separated by "; "."""
    if isinstance(value, Mapping):
        return json.dumps(value, ensure_ascii=False) if value else ""
    if isinstance(value, list | tuple):
        return "; ".join(map(str, value))
    return str(value)


def _write_csv(file: IO[bytes], header: Sequence[str], rows: Rows) -> int:
    """Write the rows as CSV (RFC 4180, UTF-8, every cell quoted)."""
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=False)
    count = write_lines(text, header, rows)
    text.flush()
    text.detach()
    return count


def write_lines(file: IO[str], header: Sequence[str], rows: Rows) -> int:
    """Write the rows as lines of CSV below a header line; return their number."""
    writer = csv.writer(file, quoting=csv.QUOTE_ALL)
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow([cell_text(value) for value in row])
        count += 1
    return count


def _write_xlsx(file: IO[bytes], header: Sequence[str], rows: Rows) -> int:
    """Write a sheet whose header line stays in view. Numbers that a cell keeps exactly are numbers, other
    values text; each row is on disk before the next is read."""
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
    elif value is not None and (text := cell_text(value)):
        sheet.write_string(line, column, text[:LONGEST_TEXT])


def _is_exact(value: Decimal) -> bool:
    return value.is_finite() and len(value.normalize().as_tuple().digits) <= EXACT_DIGITS


FILE_FORMATS = {
    "csv": FileFormat("text/csv; charset=utf-8", _write_csv),
    "xlsx": FileFormat("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", _write_xlsx),
}
