"""Transactions that are run again at PostgreSQL's request, and only then."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import long_snapshot, require_no_transaction, sqlstate, try_lock
from gigstream.core.unit import Channel, after, collect, in_unit, is_rehearsed, joined, rehearsal
from tests.support.factories import WorkerFactory
from workers.models import Worker

LOCK = "SELECT full_name FROM workers WHERE id = %s FOR UPDATE"


@contextmanager
def another_connection() -> Iterator[BaseDatabaseWrapper]:
    """Open a second session on the same database."""
    other = connection.copy()
    try:
        yield other
    finally:
        other.close()


@contextmanager
def locked_elsewhere(worker: Worker) -> Iterator[BaseDatabaseWrapper]:
    """Lock the worker's row in another session until that commits."""
    with another_connection() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute(LOCK, [worker.pk])
        yield other
        other.rollback()


def _rename(worker: Worker, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '50ms'")
        cursor.execute("UPDATE workers SET full_name = %s WHERE id = %s", [name, worker.pk])


def _name(worker: Worker) -> str:
    return Worker.objects.values_list("full_name", flat=True).get(pk=worker.pk)


@pytest.mark.django_db(transaction=True)
def test_two_who_deadlock_both_get_through():
    first, second = WorkerFactory(), WorkerFactory()
    both_hold_one = threading.Barrier(2, timeout=10)
    one_is_through = threading.Event()
    attempts: list[str] = []
    failures: list[BaseException] = []

    @in_unit
    def rename_both(me: str, one: Worker, other: Worker) -> None:
        # A second attempt that began at once could lock its row before the waiting thread has woken up.
        if me in attempts:
            assert one_is_through.wait(timeout=10)
        attempts.append(me)
        with connection.cursor() as cursor:
            cursor.execute(LOCK, [one.pk])
            if attempts.count(me) == 1:
                both_hold_one.wait()
            cursor.execute(LOCK, [other.pk])
            cursor.execute(
                "UPDATE workers SET full_name = full_name || %s WHERE id = ANY(%s)", [me, [one.pk, other.pk]]
            )

    def run(me: str, one: Worker, other: Worker) -> None:
        try:
            rename_both(me, one, other)
            one_is_through.set()
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            failures.append(error)
        finally:
            connection.close()

    threads = [
        threading.Thread(target=run, args=("A", first, second)),
        threading.Thread(target=run, args=("B", second, first)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)

    assert failures == []
    assert len(attempts) == 3
    assert sorted(_name(first)[-2:]) == sorted(_name(second)[-2:]) == ["A", "B"]


@pytest.mark.django_db(transaction=True)
def test_a_lock_that_is_let_go_in_time_is_waited_for():
    worker = WorkerFactory(full_name="Before")
    attempts = []

    with locked_elsewhere(worker) as other:

        @in_unit
        def rename() -> str:
            attempts.append(1)
            if len(attempts) == 3:
                other.rollback()
            _rename(worker, "After")
            return "renamed"

        assert rename() == "renamed"

    assert len(attempts) == 3
    assert _name(worker) == "After"


@pytest.mark.django_db(transaction=True)
def test_the_fifth_failure_is_the_last_and_nothing_has_moved():
    worker = WorkerFactory(full_name="Before")
    attempts = []

    @in_unit
    def rename() -> None:
        attempts.append(1)
        Worker.objects.filter(pk=bystander.pk).update(full_name="Touched")
        _rename(worker, "After")

    bystander = WorkerFactory(full_name="Bystander")
    with locked_elsewhere(worker), pytest.raises(OperationalError) as error:
        rename()

    assert sqlstate(error.value) == "55P03"
    assert len(attempts) == 5
    assert (_name(worker), _name(bystander)) == ("Before", "Bystander")


@pytest.mark.django_db(transaction=True)
def test_inside_the_callers_transaction_only_the_caller_may_try_again():
    worker = WorkerFactory(full_name="Before")
    attempts = []

    @in_unit
    def rename() -> None:
        attempts.append(1)
        _rename(worker, "After")

    with locked_elsewhere(worker), pytest.raises(OperationalError), transaction.atomic():
        rename()

    assert len(attempts) == 1
    assert _name(worker) == "Before"


@pytest.mark.django_db(transaction=True)
def test_the_callers_transaction_survives_a_refused_inner_one():
    worker = WorkerFactory(full_name="Before")

    @in_unit
    def rename_and_fail() -> None:
        Worker.objects.filter(pk=worker.pk).update(full_name="After")
        raise ValueError("no")

    with transaction.atomic():
        with pytest.raises(ValueError, match="no"):
            rename_and_fail()
        assert _name(worker) == "Before"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement, state",
    [
        ("SELECT 1 / 0", "22012"),
        ("SET LOCAL statement_timeout = '20ms'; SELECT pg_sleep(5)", "57014"),
        ("SELECT no_such_column", "42703"),
    ],
)
def test_an_error_that_is_no_lock_conflict_is_raised_at_once(statement, state):
    attempts = []

    @in_unit
    def fail() -> None:
        attempts.append(1)
        with connection.cursor() as cursor:
            cursor.execute(statement)

    with pytest.raises(DatabaseError) as error:
        fail()

    assert sqlstate(error.value) == state
    assert len(attempts) == 1


@pytest.mark.django_db(transaction=True)
def test_a_named_lock_has_one_holder_until_its_transaction_ends():
    with another_connection() as other:
        other.set_autocommit(False)
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtext('job'), 7)")
        with transaction.atomic():
            assert try_lock("job", 7) is False
            assert try_lock("job", 8) is True
            assert try_lock("another job", 7) is True
        other.rollback()
    with transaction.atomic():
        assert try_lock("job", 7) is True


@pytest.mark.django_db(transaction=True)
def test_a_long_snapshot_sees_one_instant_and_writes_nothing():
    worker = WorkerFactory(full_name="Before")

    with long_snapshot(), another_connection() as other:
        assert _name(worker) == "Before"
        with other.cursor() as cursor:
            cursor.execute("UPDATE workers SET full_name = 'After' WHERE id = %s", [worker.pk])
        assert _name(worker) == "Before"

    assert _name(worker) == "After"
    with pytest.raises(DatabaseError, match="read-only transaction"), long_snapshot():
        Worker.objects.filter(pk=worker.pk).update(full_name="Written")


@pytest.mark.django_db(transaction=True)
def test_nobody_outside_may_be_asked_inside_a_transaction():
    require_no_transaction()
    with transaction.atomic(), pytest.raises(RuntimeError, match="inside a database transaction"):
        require_no_transaction()


@pytest.mark.django_db
def test_the_databases_clock_is_aware_utc_and_goes_on_within_a_transaction():
    first, second = database_now(), database_now()

    assert first.utcoffset().total_seconds() == 0
    assert first < second


class TestChannels:
    """Collected items are written once, at the end of the outermost unit."""

    def test_all_items_come_in_one_call_in_their_order(self, db):
        calls, letters = [], Channel("letters", lambda items: calls.append(items))

        @in_unit
        def inner(item):
            collect(letters, [item])

        @in_unit
        def outer():
            collect(letters, [1, 2])
            inner(3)
            collect(letters, [4])
            assert calls == []

        outer()
        assert calls == [[1, 2, 3, 4]]

    def test_what_everybody_locks_is_written_last(self, db):
        calls = []
        last, first = (Channel(str(order), calls.append, order=order) for order in (9, 1))

        @in_unit
        def act():
            collect(last, ["counter"])
            collect(first, ["line"])

        act()
        assert calls == [["line"], ["counter"]]

    def test_outside_of_a_unit_they_are_written_at_once(self):
        calls = []
        collect(Channel("letters", calls.append), [1])
        assert calls == [[1]]

    def test_what_a_unit_that_failed_has_collected_is_forgotten(self, db):
        calls = []
        letters = Channel("letters", calls.append)

        @in_unit
        def fail():
            collect(letters, [1])
            raise LookupError

        @in_unit
        def outer():
            with pytest.raises(LookupError):
                fail()
            collect(letters, [2])

        outer()
        assert calls == [[2]]


@pytest.mark.django_db(transaction=True)
def test_a_rehearsal_shows_what_would_be_written_and_undoes_what_was_done():
    calls, worker = [], WorkerFactory(full_name="Ana")
    letters = Channel("letters", calls.append)

    @in_unit
    def act():
        _rename(worker, "Bea")
        collect(letters, ["to Bea"])
        after(lambda: _rename(worker, "Cem"))

    assert not is_rehearsed()
    with rehearsal() as unit:
        act()
        assert is_rehearsed()
        assert _name(worker) == "Cem"

    assert unit.collected == {letters: ["to Bea"]}
    assert calls == []
    assert _name(worker) == "Ana"


@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_done_afterwards_is_done_once_however_often_the_unit_begins_again():
    worker, done = WorkerFactory(full_name="Ana"), []

    with locked_elsewhere(worker) as other:

        @in_unit
        def act():
            after(lambda: done.append(_name(worker)))
            if len(attempts) == 2:
                other.rollback()
            attempts.append(1)
            _rename(worker, "Bea")

        attempts = []
        act()

    assert len(attempts) == 3
    assert done == ["Bea"]


@pytest.mark.django_db(transaction=True)
def test_what_is_to_be_done_afterwards_is_done_when_the_unit_was_undone():
    worker, done = WorkerFactory(full_name="Ana"), []

    @in_unit
    def act():
        in_unit(lambda: after(lambda: done.append(_name(worker))))()
        _spoils(worker)

    with pytest.raises(ValueError, match="spoilt"):
        act()
    assert done == ["Ana"]


def _spoils(worker: Worker) -> None:
    """Write, and then fail."""
    _rename(worker, "Spoilt")
    raise ValueError("spoilt")


@pytest.mark.django_db(transaction=True)
def test_a_joined_function_is_undone_with_all_that_is_around_it(django_assert_num_queries):
    worker = WorkerFactory(full_name="Ana")

    @in_unit
    def frame():
        _rename(worker, "Around")
        with joined():
            in_unit(_spoils)(worker)

    # BEGIN, two statements for each renaming, ROLLBACK.
    with django_assert_num_queries(6), pytest.raises(ValueError, match="spoilt"):
        frame()

    assert _name(worker) == "Ana"


@pytest.mark.django_db(transaction=True)
def test_what_a_joined_function_calls_has_savepoints_as_ever():
    worker = WorkerFactory(full_name="Ana")

    @in_unit
    def verb():
        with pytest.raises(ValueError, match="spoilt"):
            in_unit(_spoils)(worker)
        assert _name(worker) == "Around"

    @in_unit
    def frame():
        _rename(worker, "Around")
        with joined():
            verb()

    frame()

    assert _name(worker) == "Around"
