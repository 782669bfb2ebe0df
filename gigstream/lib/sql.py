"""SQL kept in `.sql` files beside the code that runs them."""

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from django.db import connection, migrations, models
from django.db.models import QuerySet
from django.db.models.expressions import DatabaseDefault
from psycopg import ClientCursor

REVERSE = "-- reverse"


@functools.cache
def load(path: Path) -> str:
    """The text of one SQL file."""
    return path.read_text(encoding="utf-8")


def rows(statement: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run one statement and return its rows, each as a dict by column name."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


# A text with places for its values.
Statement = tuple[str, Sequence[Any]]


class Question:
    """A query that is asked often: its text is worked out once, and each time only the values are put in.

    `samples` are values of the right kind, by their names, that occur nowhere else in the query.
    """

    def __init__(self, samples: Mapping[str, Any]) -> None:
        self._samples = samples

    def text(self, **samples: Any) -> Statement:
        """The query for these values."""
        raise NotImplementedError

    def ask(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows for these values."""
        text, places = self._worked_out
        with connection.cursor() as cursor:
            cursor.execute(text, [values[one] if is_name else one for is_name, one in places])
            return cursor.fetchall()

    @functools.cached_property
    def _worked_out(self) -> tuple[str, list[tuple[bool, Any]]]:
        text, values = self.text(**self._samples)
        names = {sample: name for name, sample in self._samples.items()}
        return text, [(True, names[one]) if one in names else (False, one) for one in values]


class RowQuestion(Question):
    """One that the ORM puts: `rows` makes a queryset of `values_list` from the values."""

    def __init__(self, rows: Callable[..., QuerySet[Any, Any]], **samples: Any) -> None:
        super().__init__(samples)
        self._rows = rows

    def text(self, **samples: Any) -> Statement:
        compiler = self._rows(**samples).query.get_compiler(using=connection.alias)
        text, values = compiler.as_sql()
        if compiler.get_converters(column for column, _, _ in compiler.select):
            raise TypeError("a column of the query is not what the driver reads")
        return text, values


def insert(row: models.Model) -> None:
    """The row is in its table, by one statement whose text is worked out once. It passes guards and signals
    by, as `bulk_create` does: for services, which tell the rules themselves."""
    fields = tuple(field for field in row._meta.concrete_fields if not _left_to_the_database(field, row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(_insertion(type(row), fields), values)
    row._state.adding = False
    row._state.db = connection.alias


def _left_to_the_database(field: "models.Field[Any, Any]", row: models.Model) -> bool:
    value = field.value_from_object(row)
    return field.generated or isinstance(value, DatabaseDefault) or (value is None and field.primary_key)


@functools.cache
def _insertion(model: type[models.Model], fields: "tuple[models.Field[Any, Any], ...]") -> str:
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({places})"  # noqa: S608


def run_script(text: str, parameters: dict[str, Any]) -> None:
    """Run several statements, with the values written into their text: PostgreSQL itself takes parameters for
    one statement at a time."""
    connection.ensure_connection()
    with ClientCursor(connection.connection) as cursor:
        cursor.execute(text, parameters)


def migration(path: Path, *, replacing: Path | None = None) -> migrations.RunSQL:
    """The operation of a `.sql` file that holds the forward text, a line `-- reverse`, the reverse text; with
    `replacing`, that of an earlier file is undone first, and done again on the way back."""
    forward, backward = _both_ways(path)
    if replacing is None:
        return migrations.RunSQL(forward, backward)
    made, unmade = _both_ways(replacing)
    return migrations.RunSQL(unmade + forward, backward + made)


def _both_ways(path: Path) -> tuple[str, str]:
    forward, marker, backward = path.read_text(encoding="utf-8").partition(REVERSE)
    if not marker:
        raise ValueError(f"{path.name} has no line {REVERSE!r}")
    return forward, backward
