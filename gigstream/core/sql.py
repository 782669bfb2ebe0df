"""SQL kept in `.sql` files beside the code that runs them."""

import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

import orjson
from django.db import connection, migrations, models
from django.db.models import QuerySet
from django.db.models.expressions import DatabaseDefault
from psycopg import ClientCursor
from psycopg.types.json import Jsonb

REVERSE = "-- reverse"

# A statement with an array of more values is planned for them.
_MANY = 100
_ROOT = Path(__file__).resolve().parents[2]


def run(name: str, /, **values: Any) -> list[dict[str, Any]]:
    """Run the statement of an SQL file with these values; return its rows, each as a dict by column name.

    A percent sign is written twice in the file, even if it takes no values.
    """
    return rows(text(name), values)


@functools.cache
def text(name: str) -> str:
    """Return the text of an SQL file: "payments/ledger/book" is `payments/ledger/sql/book.sql`."""
    folder, _, file = name.rpartition("/")
    return (_ROOT / folder / "sql" / f"{file}.sql").read_text(encoding="utf-8")


def rows(statement: str, parameters: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    """Run a statement and return its rows, each as a dict by column name."""
    has_many = any(_count(value) > _MANY for value in (parameters or {}).values())
    with connection.cursor() as cursor, planned_anew() if has_many else nullcontext():
        cursor.execute(statement, parameters)
        if cursor.description is None:
            return []
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _count(value: Any) -> int:
    """Return how many values an array has, given as a list, as text or as JSON."""
    if isinstance(value, str):
        return value.count(",") + 1
    array = value.obj if isinstance(value, Jsonb) else value
    return len(array) if isinstance(array, list) else 1


@contextmanager
def planned_anew() -> Iterator[None]:
    """Have statements inside the block planned for their values. The plan that is kept for a statement which
    has run a few times is one for short arrays: its loops take minutes for long ones."""
    driver = connection.connection
    threshold, driver.prepare_threshold = driver.prepare_threshold, None
    try:
        yield
    finally:
        driver.prepare_threshold = threshold


def array_literal(values: Sequence[Any]) -> str:
    """Return an array of PostgreSQL as text: of numbers, times, None, or texts of printable characters. Long
    arrays take the driver many times as long."""
    # JSON escapes quotes and backslashes as arrays do; control characters it would not.
    return "{" + orjson.dumps(values).decode()[1:-1] + "}"


# A text with placeholders, and its values.
Statement = tuple[str, Sequence[Any]]


class CompiledQuery:
    """A query on a hot path: its text is compiled once, and each run only fills in the values.

    `samples` are values of the right type, by their names, that occur nowhere else in the query.
    """

    def __init__(self, samples: Mapping[str, Any]) -> None:
        self._samples = samples

    def text(self, **samples: Any) -> Statement:
        """Return the query for these values."""
        raise NotImplementedError

    def fetch(self, **values: Any) -> list[tuple[Any, ...]]:
        """Return the rows for these values."""
        text, places = self._compiled
        with connection.cursor() as cursor:
            cursor.execute(text, [values[part] if is_name else part for is_name, part in places])
            return cursor.fetchall()

    @functools.cached_property
    def _compiled(self) -> tuple[str, list[tuple[bool, Any]]]:
        text, values = self.text(**self._samples)
        names = {sample: name for name, sample in self._samples.items()}
        return text, [(True, names[one]) if one in names else (False, one) for one in values]


class CompiledRows(CompiledQuery):
    """A compiled query of the ORM: `rows` makes a queryset of `values_list` from the values."""

    def __init__(self, rows: Callable[..., QuerySet[Any, Any]], **samples: Any) -> None:
        super().__init__(samples)
        self._rows = rows

    def text(self, **samples: Any) -> Statement:
        compiler = self._rows(**samples).query.get_compiler(using=connection.alias)
        text, values = compiler.as_sql()
        if compiler.get_converters(column for column, _, _ in compiler.select):
            raise TypeError("a column of the query needs a conversion after the driver has read it")
        return text, values


def insert(row: models.Model) -> None:
    """Insert the row by a statement whose text is compiled once per model. As `bulk_create`, it bypasses
    guards and signals: for services, which apply the rules themselves."""
    fields = tuple(field for field in row._meta.concrete_fields if not _left_to_the_database(field, row))
    values = [field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in fields]
    returned = row._meta.db_returning_fields
    with connection.cursor() as cursor:
        cursor.execute(_insert_statement(type(row), fields), values)
        if returned:
            for field, value in zip(returned, cursor.fetchone(), strict=True):
                setattr(row, field.attname, value)
    row._state.adding = False
    row._state.db = connection.alias


def _left_to_the_database(field: "models.Field[Any, Any]", row: models.Model) -> bool:
    if field.generated:
        return True
    value = field.value_from_object(row)
    return isinstance(value, DatabaseDefault) or (value is None and field.primary_key)


@functools.cache
def _insert_statement(model: type[models.Model], fields: "tuple[models.Field[Any, Any], ...]") -> str:
    quoted = connection.ops.quote_name
    columns = ", ".join(quoted(str(field.column)) for field in fields)
    places = ", ".join(["%s"] * len(fields))
    made = ", ".join(quoted(str(field.column)) for field in model._meta.db_returning_fields)
    returning = f" RETURNING {made}" if made else ""
    return f"INSERT INTO {quoted(model._meta.db_table)} ({columns}) VALUES ({places}){returning}"  # noqa: S608


def run_script(text: str, parameters: dict[str, Any]) -> None:
    """Run several statements with the values written into their text, since PostgreSQL accepts parameters for
    a single statement only."""
    connection.ensure_connection()
    with ClientCursor(connection.connection) as cursor:
        cursor.execute(text, parameters)


def migration(name: str) -> migrations.RunSQL:
    """Return the migration of an SQL file: the text that creates, a line `-- reverse`, the text that
    drops."""
    forward, marker, backward = text(name).partition(REVERSE)
    if not marker:
        raise ValueError(f"{name} has no line {REVERSE!r}")
    return migrations.RunSQL(forward, backward)
