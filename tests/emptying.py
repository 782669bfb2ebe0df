"""What a test has committed is taken away after it, at a fraction of what Django's `flush` costs.

A flush gives every table and index new files, and then makes the content types, permissions and roles anew.
Here those stay as long as nobody has touched them, and the few rows of a test are deleted.
"""

from collections.abc import Callable, Collection, Iterator
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from psycopg import sql

# What `post_migrate` fills.
KEPT = [model._meta.db_table for model in (ContentType, Permission, Group, Group.permissions.through)]
# From so many bytes on new files are cheaper than the foreign keys of each row; they end dead rows as well.
LARGE = 1 << 20


def instead_of(flush: Callable[[Any], None]) -> Callable[[Any], None]:
    """The end of a test that commits: tables and sequences are as after `flush`, which is called where a
    test has changed what stays. Now they are as migrations leave them."""
    found = connection.introspection.django_table_names(only_existing=True, include_views=False)
    others = sorted(set(found) - set(KEPT))
    made = _kept()

    def empty(case: Any) -> None:
        nonlocal made
        if _kept() == made:
            _empty(others)
        else:
            flush(case)
            made = _kept()

    return empty


def _kept() -> list[tuple[str, str]]:
    """A digest of each of the tables that stay."""
    one = sql.SQL("SELECT {}, md5(string_agg(row::text, '|' ORDER BY row::text)) FROM {} AS row")
    with connection.cursor() as cursor:
        cursor.execute(
            sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in KEPT)
        )
        return sorted(cursor.fetchall())


def _empty(tables: Collection[str]) -> None:
    names = sql.SQL(", ").join(map(sql.Identifier, tables))
    with transaction.atomic(), connection.cursor() as cursor:
        # Whoever is still at work is waited for, as a truncation does, and what they leave is seen.
        cursor.execute(sql.SQL("LOCK TABLE {}").format(names))
        sizes = _sizes(cursor, tables)
        if sum(sizes.values()) > LARGE:
            cursor.execute(sql.SQL("TRUNCATE {}").format(names))
        elif sizes:
            cursor.execute(sql.SQL(";").join(_deletion(sizes)))


def _sizes(cursor: Any, tables: Collection[str]) -> dict[str, int]:
    """The bytes of those that hold rows."""
    one = sql.SQL("SELECT {0}, pg_relation_size({0}) WHERE EXISTS (SELECT FROM {1})")
    cursor.execute(
        sql.SQL(" UNION ALL ").join(one.format(sql.Literal(name), sql.Identifier(name)) for name in tables)
    )
    return dict(cursor.fetchall())


def _deletion(tables: Collection[str]) -> Iterator[sql.Composable]:
    """Statements; no trigger sees them, as none sees a truncation."""
    names = [sql.Identifier(name) for name in tables]
    yield from (sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(name) for name in names)
    yield from (sql.SQL("DELETE FROM {}").format(name) for name in names)
    yield sql.SQL("SET CONSTRAINTS ALL IMMEDIATE")
    yield from (sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(name) for name in names)
