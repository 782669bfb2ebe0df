"""What is in the database, so that a test can say that nothing has moved, or have it back as it was."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import sql


def _tables() -> list[str]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_table_list(cursor)
    return sorted(table.name for table in found if table.type == "t")


def everything(*, besides: Collection[str] = ()) -> dict[str, tuple[int, str]]:
    """For each table, `besides` apart, how many rows it has and a digest of all that they hold."""
    tables = [name for name in _tables() if name not in besides]
    one = sql.SQL("SELECT {}, count(*), md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {} AS row")
    whole = sql.SQL(" UNION ALL ").join(
        one.format(sql.Literal(name), sql.Identifier(name)) for name in tables
    )
    with connection.cursor() as cursor:
        cursor.execute(whole)
        return {name: (count, digest) for name, count, digest in cursor.fetchall()}


def rows_that_name(*keys: object) -> dict[str, list[str]]:
    """For each table, the rows in which one of the keys stands somewhere, whole and in order."""
    pattern = "|".join(str(key) for key in keys)
    one = sql.SQL("SELECT {}, row::text FROM {} AS row WHERE row::text ~ {}")
    whole = sql.SQL(" UNION ALL ").join(
        one.format(sql.Literal(name), sql.Identifier(name), sql.Literal(pattern)) for name in _tables()
    )
    found: dict[str, list[str]] = {}
    with connection.cursor() as cursor:
        cursor.execute(whole)
        for name, row in sorted(cursor.fetchall()):
            found.setdefault(name, []).append(row)
    return found


@contextmanager
def restored() -> Iterator[None]:
    """After the block every table holds what it held before, as from a backup; sequences too."""
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
    """Those that are written; the others follow from them."""
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
