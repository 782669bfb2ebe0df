"""Contents of the database, so that a test can require that nothing has moved, or restore them."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from decimal import Decimal
from functools import cache

from django.db import connection, transaction
from psycopg import sql

from tests.support.database.emptying import DIGEST, KEPT


@cache
def _tables() -> list[str]:
    """Return the names of all tables, which no test changes."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
    return sorted(table.name for table in found if table.type == "t")


def _written() -> list[str]:
    """Return the tables in which a row is or has been: the others have no pages."""
    with connection.cursor() as cursor:
        cursor.execute(
            # A partitioned table has its rows in its parts, which are not listed by themselves.
            "SELECT relname FROM pg_class WHERE relnamespace = 'public'::regnamespace AND NOT relispartition"
            " AND (relkind = 'p' OR relkind = 'r' AND pg_relation_size(oid) > 0) ORDER BY relname"
        )
        return [name for (name,) in cursor.fetchall()]


def everything(*, besides: Collection[str] = ()) -> dict[str, tuple[int, Decimal]]:
    """Return for each table, `besides` apart, its number of rows and a digest of all that they hold."""
    tables = [name for name in _written() if name not in besides]
    nothing = {name: (0, Decimal(0)) for name in _tables() if name not in besides}
    one = sql.SQL(f"SELECT {{}}, count(*), {DIGEST} FROM {{}} AS row")
    whole = sql.SQL(" UNION ALL ").join(
        one.format(sql.Literal(name), sql.Identifier(name)) for name in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(whole)
        return nothing | {name: (count, content) for name, count, content in cursor.fetchall()}


def rows_that_name(*keys: object) -> dict[str, list[str]]:
    """Return the rows in which any of the keys stands, whole and in order, by table."""
    pattern = "|".join(str(key) for key in keys)
    one = sql.SQL("SELECT {}, row::text FROM {} AS row WHERE row::text ~ {}")
    whole = sql.SQL(" UNION ALL ").join(
        one.format(sql.Literal(name), sql.Identifier(name), sql.Literal(pattern))
        for name in _written()
        if name not in KEPT
    )
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(whole)
        for name, row in sorted(cursor.fetchall()):
            found.setdefault(name, []).append(row)
    return found


@contextmanager
def restored() -> Iterator[None]:
    """Restore every table after the block, as from a backup; sequences too."""
    kept = {name: _copied(name) for name in _tables()}
    sequences = _sequences()
    yield
    with transaction.atomic(), connection.cursor() as cursor:
        # As a restore does: the rows come back as they are, and no trigger sees them.
        for name in kept:
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(sql.Identifier(name)))
        cursor.execute(sql.SQL("TRUNCATE {}").format(sql.SQL(", ").join(map(sql.Identifier, kept))))
        for name, rows in kept.items():
            columns = sql.SQL(", ").join(map(sql.Identifier, _columns(name)))
            into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), columns)
            with cursor.cursor.copy(into) as copy:
                copy.write(rows)
        for name, (value, called) in sequences.items():
            cursor.execute("SELECT setval(%s, %s, %s)", [f'"{name}"', value, called])
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for name in kept:
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(sql.Identifier(name)))


def _copied(table: str) -> bytes:
    columns = sql.SQL(", ").join(map(sql.Identifier, _columns(table)))
    out = sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(columns, sql.Identifier(table))
    with connection.cursor() as cursor, cursor.cursor.copy(out) as copy:
        return b"".join(bytes(part) for part in copy)


def _columns(table: str) -> list[str]:
    """Return the columns that are written; the others follow from them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = 'public'"
            " AND table_name = %s AND is_generated = 'NEVER' ORDER BY ordinal_position",
            [table],
        )
        return [name for (name,) in cursor.fetchall()]


def _sequences() -> dict[str, tuple[int, bool]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'")
        found = {}
        for (name,) in cursor.fetchall():
            cursor.execute(sql.SQL("SELECT last_value, is_called FROM {}").format(sql.Identifier(name)))
            found[name] = cursor.fetchone()
        return found
