"""What is in the database, so that a test can say that nothing has moved."""

from collections.abc import Collection

from django.db import connection
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
