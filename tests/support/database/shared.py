"""A transaction that all tests of a module share, each within a savepoint of its own."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def shared_transaction() -> Iterator[None]:
    """Keep the block's writes until it ends, and undo them then.

    Tests that are marked with django_db and run within the block see the writes before them and undo their
    own. A test that commits cannot run within it.
    """
    with savepoint():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        yield


@contextmanager
def savepoint() -> Iterator[None]:
    """Undo what the block writes when it ends."""
    frame = transaction.atomic()
    frame._from_testcase = True  # type: ignore[attr-defined]  # as Django's TestCase does
    with frame:
        yield
        transaction.set_rollback(True)
