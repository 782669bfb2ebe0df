"""update_stream_amounts: the remaining amount of a stream, and its completion when nothing remains, on
every way of writing its row."""

from decimal import Decimal

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from gigstream.core.errors import GuardedWrite, HasMoneyHistory
from payments.models import Stream
from tests.support.database.valid_rows import valid
from tests.support.factories import NOW, running_stream
from tests.support.parity.figures import raw

pytestmark = pytest.mark.django_db


def stored(stream: Stream) -> Stream:
    return Stream.objects.get(pk=stream.pk)


def amounts(stream: Stream) -> tuple[str, Decimal, Decimal]:
    """Status, released, remaining, as the database has them."""
    found = stored(stream)
    return (found.status, found.released_amount, found.remaining_amount)


def test_create():
    row = valid(Stream, released_amount=Decimal(4))

    Stream.objects.create(**{name: value for name, value in row.__dict__.items() if not name.startswith("_")})

    assert amounts(row) == ("active", 4, 6)


def test_create_with_nothing_remaining():
    row = valid(Stream, released_amount=Decimal(10))
    row.save(force_insert=True)

    assert row.remaining_amount == 0
    assert amounts(row) == ("completed", 10, 0)
    assert stored(row).next_release_at is None
    assert stored(row).completed_at is not None


def test_save():
    stream = running_stream(total="100")

    stream.released_amount = Decimal(40)
    stream.save()
    assert stream.remaining_amount == 60
    assert amounts(stream) == ("active", 40, 60)
    stream.released_amount = Decimal(100)
    stream.completed_at = NOW
    stream.save()

    assert amounts(stream) == ("completed", 100, 0)
    assert stored(stream).completed_at == NOW


def test_save_completes_a_paused_stream_as_well():
    stream = running_stream(total="100")
    stream.status, stream.paused_at = "paused", NOW
    stream.save()

    stream.released_amount = Decimal(100)
    stream.save()

    assert amounts(stream) == ("completed", 100, 0)
    assert stored(stream).paused_at is None


def test_save_with_update_fields():
    stream = running_stream(total="100")

    stream.released_amount = Decimal(40)
    stream.save(update_fields=["released_amount"])

    assert amounts(stream) == ("active", 40, 60)


def test_save_with_update_fields_that_would_leave_the_stream_open_is_refused():
    stream = running_stream(total="100")

    stream.released_amount = Decimal(100)
    with pytest.raises(GuardedWrite, match="this save completes stream"):
        stream.save(update_fields=["released_amount"])

    assert amounts(stream) == ("active", 0, 100)


def test_save_with_update_fields_that_names_all_it_changes_completes():
    stream = running_stream(total="100")

    stream.released_amount = Decimal(100)
    stream.save(update_fields=["released_amount", "status", "completed_at", "paused_at", "next_release_at"])

    assert amounts(stream) == ("completed", 100, 0)


def test_update():
    stream = running_stream(total="100")

    with pytest.raises(GuardedWrite):
        Stream.objects.update(released_amount=Decimal(100))
    assert amounts(stream) == ("active", 0, 100)
    Stream.unguarded.filter(pk=stream.pk).update(released_amount=Decimal(40))

    assert amounts(stream) == ("active", 40, 60)


def test_update_past_the_guard_that_would_leave_the_stream_open_is_refused():
    stream = running_stream(total="100")

    with pytest.raises(IntegrityError, match="stream_with_nothing_left"), transaction.atomic():
        Stream.unguarded.filter(pk=stream.pk).update(released_amount=Decimal(100))

    assert amounts(stream) == ("active", 0, 100)


def test_bulk_create():
    row = valid(Stream, released_amount=Decimal(4))

    with pytest.raises(GuardedWrite):
        Stream.objects.bulk_create([row])
    assert not Stream.objects.exists()
    Stream.unguarded.bulk_create([row])

    assert amounts(row) == ("active", 4, 6)


def test_bulk_create_past_the_guard_that_would_leave_the_stream_open_is_refused():
    row = valid(Stream, released_amount=Decimal(10))

    with pytest.raises(IntegrityError, match="stream_with_nothing_left"), transaction.atomic():
        Stream.unguarded.bulk_create([row])

    assert not Stream.objects.exists()


def test_bulk_update():
    stream = running_stream(total="100")

    stream.released_amount = Decimal(40)
    with pytest.raises(GuardedWrite):
        Stream.objects.bulk_update([stream], ["released_amount"])
    assert amounts(stream) == ("active", 0, 100)
    Stream.unguarded.bulk_update([stream], ["released_amount"])

    assert amounts(stream) == ("active", 40, 60)


def test_bulk_update_past_the_guard_that_would_leave_the_stream_open_is_refused():
    stream = running_stream(total="100")

    stream.released_amount = Decimal(100)
    with pytest.raises(IntegrityError, match="stream_with_nothing_left"), transaction.atomic():
        Stream.unguarded.bulk_update([stream], ["released_amount"])

    assert amounts(stream) == ("active", 0, 100)


def test_delete():
    stream = running_stream(total="100")

    with pytest.raises(GuardedWrite):
        Stream.objects.all().delete()
    with pytest.raises(HasMoneyHistory):
        stream.worker.hard_delete()

    assert amounts(stream) == ("active", 0, 100)


def test_raw_sql():
    stream = running_stream(total="100")

    raw("UPDATE streams SET released_amount = 40 WHERE id = %s", stream.pk)

    assert amounts(stream) == ("active", 40, 60)


def test_raw_sql_writes_no_remainder_of_its_own():
    stream = running_stream(total="100")

    with pytest.raises(DatabaseError, match="remaining_amount"), transaction.atomic():
        raw("UPDATE streams SET remaining_amount = 1 WHERE id = %s", stream.pk)

    assert amounts(stream) == ("active", 0, 100)


@pytest.mark.parametrize(
    "columns", ["released_amount = 100", "released_amount = 100, status = 'cancelled', cancelled_at = now()"]
)
def test_raw_sql_that_would_not_complete_the_stream_is_refused(columns):
    stream = running_stream(total="100")

    with pytest.raises(IntegrityError, match="stream_with_nothing_left"), transaction.atomic():
        raw(f"UPDATE streams SET {columns} WHERE id = %s", stream.pk)

    assert amounts(stream) == ("active", 0, 100)


def test_a_stale_instance_that_would_take_a_release_back_is_refused():
    stream = running_stream(total="100")
    stale = stored(stream)
    stream.released_amount = Decimal(40)
    stream.save()

    stale.metadata = {"note": "new"}
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        stale.save()

    assert amounts(stream) == ("active", 40, 60)


def test_what_remains_is_generated_by_the_database():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT generation_expression FROM information_schema.columns"
            " WHERE table_name = 'streams' AND column_name = 'remaining_amount'"
        )
        assert cursor.fetchall() == [("(total_amount - released_amount)",)]
