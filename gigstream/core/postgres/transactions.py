"""Transactions: PostgreSQL's error codes, single-runner locks, snapshots, large deletions."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet


def sqlstate(error: BaseException) -> str | None:
    """Return PostgreSQL's five-character code behind a Django database error, if it has one."""
    return getattr(error.__cause__, "sqlstate", None)


def try_lock(name: str, number: int = 0) -> bool:
    """Take the named lock for this transaction unless another holds it; return whether it was taken.

    The lock only avoids double work: the unique keys keep money right.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)", [name, number])
        return cursor.fetchone()[0]


def wait_for_lock(name: str) -> None:
    """Wait for the named lock and hold it until this transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def share_lock(name: str) -> None:
    """Wait for the holder of the named lock, then keep `wait_for_lock` waiting until this transaction ends;
    any number of transactions share the lock."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(hashtextextended(%s, 0))", [name])


@contextmanager
def long_snapshot(minutes: int = 30) -> Iterator[None]:
    """Run the block in a read-only transaction that sees one instant, with a time limit for whole-table
    reads."""
    with transaction.atomic(), connection.cursor() as cursor:
        # In a test's own transaction the isolation level is already fixed.
        if len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        limit_minutes(minutes)
        yield


def limit_minutes(minutes: int) -> None:
    """Let statements of this transaction take so long: for those that read or write whole tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{minutes}min"])


_WHOLE_TABLE_WAYS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")


@contextmanager
def prefer_indexes() -> Iterator[None]:
    """Have the statements of this transaction inside the block reach their rows through indexes.

    For a batch of locked rows the planner may prefer to read a whole table once, which is cheaper until the
    table has grown; a batch's cost must not depend on the rows that it does not touch.
    """
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {way} = off" for way in _WHOLE_TABLE_WAYS))
        yield
        cursor.execute("; ".join(f"SET LOCAL {way} TO DEFAULT" for way in _WHOLE_TABLE_WAYS))


def require_no_transaction() -> None:
    """Raise RuntimeError inside a database transaction: no remote call is made while rows are locked.

    The transaction that wraps a test case does not count.
    """
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("a provider must not be called inside a database transaction")


DELETED_AT_ONCE = 10_000


def delete_some(rows: QuerySet) -> int:
    """Delete at most `DELETED_AT_ONCE` of the rows, in any order; return how many."""
    some = rows.order_by().values("pk")[:DELETED_AT_ONCE]
    return rows.model._default_manager.filter(pk__in=some).delete()[0]
