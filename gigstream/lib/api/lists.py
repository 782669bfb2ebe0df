"""Lists that PostgreSQL itself renders: on the hot paths their rows never become objects here."""

from collections.abc import Callable, Mapping
from typing import Any

from django.db import models
from django.db.models import QuerySet

from gigstream.lib import sql

# Each kind of column as `rendering` has it; the others are the same in PostgreSQL's JSON.
_FORMS: tuple[tuple[type[models.Field], str], ...] = (
    (
        models.DateTimeField,
        "replace(to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US'), '.000000', '') || 'Z'",
    ),
    (models.DecimalField, "round({}, 6)::text"),
)


class Lists(sql.Question):
    """Some lists, each of querysets with `values` or `values_list`, asked for together: one statement, whose
    answer is JSON already."""

    def __init__(self, lists: Mapping[str, Callable[..., QuerySet[Any, Any]]], **samples: Any) -> None:
        super().__init__(samples)
        self._lists = lists

    def text(self, **samples: Any) -> sql.Statement:
        each = [_as_json(rows(**samples)) for rows in self._lists.values()]
        return f"SELECT {', '.join(text for text, _ in each)}", [one for _, some in each for one in some]

    def read(self, **values: Any) -> dict[str, str]:
        """The lists by their names, each a text of JSON."""
        (found,) = self.ask(**values)
        return dict(zip(self._lists, found, strict=True))


def _as_json(rows: QuerySet[Any, Any]) -> sql.Statement:
    """An expression for the rows as one array of objects, which is text."""
    compiler = rows.query.get_compiler(using=rows.db)
    text, values = compiler.as_sql()
    shown = ", ".join(
        f"{_form(expression.output_field).format(alias)} AS {alias}"
        for expression, _, alias in compiler.select
    )
    listed = f"SELECT {shown} FROM ({text}) AS found"  # noqa: S608 - names of columns
    return f"(SELECT coalesce(json_agg(shown), '[]')::text FROM ({listed}) AS shown)", list(values)  # noqa: S608


def _form(field: models.Field) -> str:
    return next((form for kind, form in _FORMS if isinstance(field, kind)), "{}")
