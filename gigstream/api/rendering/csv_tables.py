"""Responses as tables for spreadsheets."""

import io
from collections.abc import Sequence

from django.http import HttpResponse

from gigstream.core.spreadsheets import FILE_FORMATS, Rows, write_lines

MEDIA_TYPE = "text/csv"


def csv_response(columns: Sequence[str], rows: Rows, *, name: str) -> HttpResponse:
    """Return the rows as a file `name`.csv (RFC 4180, UTF-8, every cell quoted)."""
    text = io.StringIO(newline="")
    write_lines(text, columns, rows)
    return HttpResponse(
        text.getvalue().encode(),
        content_type=FILE_FORMATS["csv"].media_type,
        headers={"Content-Disposition": f'attachment; filename="{name}.csv"'},
    )
