"""Tables for spreadsheets, in which no cell from outside can be a formula."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.http import HttpResponse

from gigstream.lib.money import MICRO

MEDIA_TYPE = "text/csv"
# What a spreadsheet takes for the beginning of a formula, full-width forms and leading blanks included.
_FORMULA = re.compile(r"[\s\u00a0\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20]|[\t\r\n]")


def answer(columns: Sequence[str], rows: Iterable[Sequence[Any]], *, name: str) -> HttpResponse:
    """The rows as a file `name`.csv (RFC 4180, UTF-8, every cell quoted)."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return HttpResponse(
        text.getvalue().encode(),
        content_type=f"{MEDIA_TYPE}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )


def _cell(value: Any) -> str:
    """The value as text; numbers and times of ours cannot be formulas, whatever sign they have."""
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return f"{value.quantize(MICRO):f}"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, int):
        return str(value)
    text = str(value)
    return f"'{text}" if _FORMULA.match(text) else text
