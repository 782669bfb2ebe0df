"""SQL kept in `.sql` files beside the code that runs them."""

import functools
from pathlib import Path
from typing import Any

from django.db import connection, migrations
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
