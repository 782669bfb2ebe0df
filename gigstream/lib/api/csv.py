"""Answers as tables for spreadsheets."""

import io
from collections.abc import Sequence

from django.http import HttpResponse

from gigstream.lib.spreadsheets import FORMS, Rows, write_lines

MEDIA_TYPE = "text/csv"


def answer(columns: Sequence[str], rows: Rows, *, name: str) -> HttpResponse:
    """The rows as a file `name`.csv (RFC 4180, UTF-8, every cell quoted)."""
    text = io.StringIO(newline="")
    write_lines(text, columns, rows)
    return HttpResponse(
        text.getvalue().encode(),
        content_type=FORMS["csv"].media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
