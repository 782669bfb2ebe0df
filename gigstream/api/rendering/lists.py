"""Lists rendered as JSON by PostgreSQL, for hot paths: their rows never become Python objects."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.db.models import QuerySet

from gigstream.core import sql

# Kinds of column that PostgreSQL's JSON would write in another form than `dump_json`.
_FORMATS: tuple[tuple[type[models.Field], str], ...] = (
    (
        models.DateTimeField,
        "replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '') || 'Z'",
    ),
    (models.DecimalField, "round({}, 6)::text"),
)


class RenderedLists(sql.CompiledQuery):
    """Lists, each a queryset with `values` or `values_list`, fetched as JSON by a single statement."""

    def __init__(self, lists: Mapping[str, Callable[..., QuerySet[Any, Any]]], **samples: Any) -> None:
        super().__init__(samples)
        self._lists = lists

    def text(self, **samples: Any) -> sql.Statement:
        parts = [_as_json(rows(**samples)) for rows in self._lists.values()]
        return f"SELECT {', '.join(text for text, _ in parts)}", [
            value for _, values in parts for value in values
        ]

    def read(self, **values: Any) -> dict[str, str]:
        """Return the lists by their names, each a text of JSON."""
        (found,) = self.fetch(**values)
        return dict(zip(self._lists, found, strict=True))


def _as_json(rows: QuerySet[Any, Any]) -> sql.Statement:
    """Return an expression for the rows as the text of a JSON array of objects."""
    compiler = rows.query.get_compiler(using=rows.db)
    text, values = compiler.as_sql()
    shown = ", ".join(
        f"{_column_format(expression.output_field).format(alias)} AS {alias}"
        for expression, _, alias in compiler.select
    )
    listed = f"SELECT {shown} FROM ({text}) AS found"  # noqa: S608 - names of columns
    return f"(SELECT coalesce(json_agg(shown), '[]')::text FROM ({listed}) AS shown)", list(values)  # noqa: S608


def _column_format(field: models.Field) -> str:
    return next((form for kind, form in _FORMATS if isinstance(field, kind)), "{}")
