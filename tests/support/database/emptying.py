"""The end of a test that commits, at a fraction of the cost of Django's `flush`.

A flush gives every table and index new files, and then makes the content types, permissions and roles
anew. Here those stay as long as nobody has touched them, and the few rows of a test are deleted.
"""

from collections.abc import Callable, Collection, Iterator
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.test import TransactionTestCase
from psycopg import sql

# Tables that `post_migrate` fills.
KEPT = [model._meta.db_table for model in (ContentType, Permission, Group, Group.permissions.through)]
# Of all rows of a table, in any order: a sum takes a fraction of what sorting them does.
DIGEST = "coalesce(sum(hashtextextended(row::text, 0)), 0)"
# From so many bytes on new files are cheaper than the foreign keys of each row; they end dead rows as well.
LARGE = 1 << 20


def instead_of(flush: Callable[[Any], None]) -> Callable[[Any], None]:
    """Leave tables and sequences as after `flush`, which is called where a test has changed the rows that
    stay, as migrations leave them."""
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    others = sorted(set(found) - set(KEPT))
    _create_filled(others)
    made = _kept()

    def empty(case: Any) -> None:
        nonlocal made
        if _kept() == made:
            _empty(others)
        else:
            flush(case)
            made = _kept()

    return empty


def empty_database() -> None:
    """Take away what was committed, as the end of a test that commits does."""
    TransactionTestCase("run")._fixture_teardown()  # type: ignore[attr-defined]  # Django's own


def _kept() -> list[tuple[str, Decimal]]:
    """Return a digest of each of the tables that stay."""
    one = sql.SQL(f"SELECT {{}}, {DIGEST} FROM {{}} AS row")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in KEPT)
        )
        return sorted(cursor.fetchall())


def _empty(tables: Collection[str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, tables))
    with transaction.atomic(), connection.cursor() as cursor:
        # Transactions still at work are waited for, as a truncation does, and their writes are seen.
        cursor.execute(sql.SQL("LOCK TABLE {}").format(names))
        cursor.execute("SELECT name, bytes FROM emptying.filled()")
        sizes = dict(cursor.fetchall())
        if sum(sizes.values()) > LARGE:
            cursor.execute(sql.SQL("TRUNCATE {}").format(names))
        elif sizes:
            cursor.execute(sql.SQL(";").join(_deletion(sizes)))


def _create_filled(tables: Collection[str]) -> None:
    """Create a function that returns the tables that hold rows, with their bytes. Its plans are made once; a
    union over all tables is planned anew after each test, which takes ten times as long."""
    one = "IF EXISTS (SELECT FROM {0}) THEN RETURN QUERY SELECT {1}::text, pg_relation_size({1}); END IF;"
    looks = sql.SQL("\n").join(
        sql.SQL(one).format(sql.Identifier(name), sql.Literal(name)) for name in tables
    )
    body = sql.SQL("BEGIN\n{}\nEND").format(looks).as_string(connection.connection)
    with connection.cursor() as cursor:
        cursor.execute("CREATE SCHEMA IF NOT EXISTS emptying")
        cursor.execute(
            sql.SQL(
                "CREATE OR REPLACE FUNCTION emptying.filled() RETURNS TABLE (name text, bytes bigint)"
                " LANGUAGE plpgsql AS {}"
            ).format(sql.Literal(body))
        )


def _deletion(tables: Collection[str]) -> Iterator[sql.Composable]:
    """Statements; no trigger sees them, as none sees a truncation."""
    names = [sql.Identifier(name) for name in tables]
    yield from (sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name) for name in names)
    yield from (sql.SQL("DELETE FROM {}").format(name) for name in names)
    yield sql.SQL("SET CONSTRAINTS ALL IMMEDIATE")
    yield from (sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name) for name in names)
