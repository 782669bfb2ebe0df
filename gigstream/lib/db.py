"""Transactions: retry when PostgreSQL asks for it, single-runner locks, snapshots."""

import functools
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ParamSpec, TypeVar

from django.db import OperationalError, connection, transaction
from django.db.models import QuerySet

from gigstream.lib.lock_waits import current_patience

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 5
# serialization_failure, deadlock_detected, lock_not_available
RETRYABLE = {"40001", "40P01", "55P03"}


def sqlstate(error: BaseException) -> str | None:
    """PostgreSQL's five-character code behind a Django database error, if there is one."""
    return getattr(error.__cause__, "sqlstate", None)


Write = Callable[[list[Any]], None]
# What the frames that are open have put off, by who will write it; None outside of all frames.
_put_off: ContextVar[dict[Write, list[Any]] | None] = ContextVar("put_off", default=None)


def at_the_end(write: Write, items: Sequence[Any]) -> None:
    """Have `write` called once with all items given for it, in their order, when the outermost function under
    `atomic_with_retry` has done its work and is about to commit: for rows that everybody locks, which must be
    locked last. What a savepoint takes back is not written. Outside of such a function it is called at once.
    """
    put_off = _put_off.get()
    if put_off is None:
        write(list(items))
    else:
        put_off.setdefault(write, []).extend(items)


def _framed(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run the function; what it has put off is written, or passed to the frame around this one."""
    mine: dict[Write, list[Any]] = {}
    token = _put_off.set(mine)
    try:
        result = function(*args, **kwargs)
    finally:
        _put_off.reset(token)
    for write, items in mine.items():
        at_the_end(write, items)
    return result


_waiting: ContextVar[list[Callable[[], None]] | None] = ContextVar("waiting", default=None)


def afterwards(work: Callable[[], None]) -> None:
    """Do `work` when the outermost `atomic_with_retry` around the caller has ended, committed or undone;
    at once outside of one. What it writes outlives a rollback."""
    waiting = _waiting.get()
    if waiting is None:
        work()
    else:
        waiting.append(work)


@contextmanager
def _ending() -> Iterator[None]:
    if _waiting.get() is not None:
        yield
        return
    waiting: list[Callable[[], None]] = []
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
        for work in waiting:
            work()


# Whether a frame opened now is undone only together with the one around it.
_joined: ContextVar[bool] = ContextVar("joined", default=False)


@contextmanager
def joined() -> Iterator[None]:
    """Functions under `atomic_with_retry` that are called directly inside have no savepoint of their own: for
    whoever passes on all that they raise, which undoes what is around them as well."""
    token = _joined.set(True)
    try:
        yield
    finally:
        _joined.reset(token)


@contextmanager
def _inner_frame() -> Iterator[None]:
    joins = _joined.get()
    token = _joined.set(False)
    try:
        with transaction.atomic(savepoint=not joins):
            yield
    finally:
        _joined.reset(token)


class CommitFirst(Exception):
    """Work that must be committed before the act that raises this can be judged. Raised before the act has
    changed anything: the outermost `atomic_with_retry` around it does the work and begins the act again."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__("this must be raised under atomic_with_retry")
        self.work = work


def atomic_with_retry(function: Callable[P, R]) -> Callable[P, R]:
    """Run the function in one transaction; rerun all of it, up to 5 times, after a lock conflict.

    Inside a transaction of the caller it is a plain savepoint, or none (`joined`): only the outermost may
    retry. A request whose patience is over (`bounded_lock_waits`) does not. What must be committed before it
    (`CommitFirst`) is done in a transaction of its own.
    """

    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        outermost = _waiting.get() is None
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with _ending():
                    return attempt_all(*args, **kwargs)
            except CommitFirst as first:
                if not outermost or attempt == ATTEMPTS:
                    raise
                first.work()
        raise AssertionError("unreachable")

    def attempt_all(*args: P.args, **kwargs: P.kwargs) -> R:
        if connection.in_atomic_block:
            with _inner_frame():
                return _framed(function, *args, **kwargs)
        patience = current_patience()
        for attempt in range(1, ATTEMPTS + 1):
            try:
                with transaction.atomic():
                    if patience is not None:
                        patience.limit_transaction()
                    return _framed(function, *args, **kwargs)
            except OperationalError as error:
                if sqlstate(error) not in RETRYABLE or attempt == ATTEMPTS:
                    raise
                if patience is not None and patience.is_over:
                    raise
            time.sleep(random.uniform(0, 0.02 * 2**attempt))  # noqa: S311 - jitter, no secret
        raise AssertionError("unreachable")

    return wrapper


def try_lock(name: str, number: int = 0) -> bool:
    """Whether this transaction is now the only one that holds the named lock, until it ends.

    An optimisation against double work, never what keeps money right: the unique keys do that.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)", [name, number])
        return cursor.fetchone()[0]


def wait_for_lock(name: str) -> None:
    """Wait until this transaction is the only one that holds the named lock, and hold it until it ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


@contextmanager
def long_snapshot(minutes: int = 30) -> Iterator[None]:
    """A read-only transaction that sees one instant, with time limits fit for whole-table reads."""
    with transaction.atomic(), connection.cursor() as cursor:
        # Inside a test's own transaction the isolation level is already fixed.
        if len(connection.savepoint_ids) == 0:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        limit_minutes(minutes)
        yield


def limit_minutes(minutes: int) -> None:
    """Statements of this transaction may take so long: for those that read or write whole tables."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [f"{minutes}min"])


_WHOLE_TABLE_WAYS = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")


@contextmanager
def by_key() -> Iterator[None]:
    """Statements of this transaction inside the block reach their rows one by one through their keys.

    For a batch of locked rows the planner may prefer to read a whole table once, which is cheaper until the
    table has grown; a batch's cost must not depend on the rows that it does not touch.
    """
    with connection.cursor() as cursor:
        cursor.execute("; ".join(f"SET LOCAL {way} = off" for way in _WHOLE_TABLE_WAYS))
        yield
        cursor.execute("; ".join(f"SET LOCAL {way} TO DEFAULT" for way in _WHOLE_TABLE_WAYS))


def require_no_transaction() -> None:
    """Raise RuntimeError inside a database transaction: nobody outside is asked while rows are locked.

    The transaction that wraps a test case does not count.
    """
    if any(not getattr(block, "_from_testcase", False) for block in connection.atomic_blocks):
        raise RuntimeError("a provider must not be called inside a database transaction")


DELETED_AT_ONCE = 10_000


def delete_some(rows: QuerySet) -> int:
    """Delete so many of the rows as one transaction bears, whichever they are; returns how many."""
    some = rows.order_by().values("pk")[:DELETED_AT_ONCE]
    return rows.model._default_manager.filter(pk__in=some).delete()[0]
