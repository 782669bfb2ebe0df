"""Tables after a test that commits: as a flush leaves them, after any test."""

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection, transaction
from django.test import TransactionTestCase

from audit.models import AuditLog
from payments.models import LedgerEntry
from tests.support.database.emptying import LARGE
from tests.support.database.interleaving import acts
from tests.support.database.snapshots import everything
from tests.support.factories import running_stream

pytestmark = pytest.mark.django_db(transaction=True)


def end_of_a_test() -> None:
    TransactionTestCase("__init__")._fixture_teardown()


def bytes_of(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_relation_size(%s)", [table])
        return cursor.fetchone()[0]


def test_rows_are_gone_those_that_nobody_may_delete_as_well_and_numbers_go_on():
    before = everything()
    used = User.objects.create_user("ana").pk
    running_stream()
    assert LedgerEntry.objects.exists()
    assert AuditLog.objects.exists()

    end_of_a_test()

    assert everything() == before
    assert User.objects.create_user("ana").pk > used


def test_many_rows_leave_no_space_behind():
    before = everything()
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO django_session SELECT md5(number::text), repeat('x', 1000), now()"
            " FROM generate_series(1, %s) AS number",
            [LARGE // 1000],
        )
    assert bytes_of("django_session") > LARGE

    end_of_a_test()

    assert everything() == before
    assert bytes_of("django_session") == 0


def test_roles_that_a_test_has_changed_are_put_right():
    def held() -> set[tuple[str, str]]:
        return set(Group.permissions.through.objects.values_list("group__name", "permission__codename"))

    before = held()
    Group.objects.create(name="of a test").user_set.add(User.objects.create_user("ana"))
    Group.objects.get(name="finance").permissions.clear()

    end_of_a_test()

    assert held() == before
    assert not User.objects.exists()
    assert not Group.objects.filter(name="of a test").exists()


def test_triggers_are_there_again():
    running_stream()

    end_of_a_test()

    with connection.cursor() as cursor:
        cursor.execute("SELECT tgname FROM pg_trigger WHERE tgenabled <> 'O'")
        assert cursor.fetchall() == []


def test_what_is_being_written_is_waited_for():
    def write() -> None:
        with transaction.atomic():
            User.objects.create_user("ana")

    with acts() as start:
        writer = start(write, stop_after='INSERT INTO "auth_user"')
        writer.wait_until_stopped()
        emptier = start(end_of_a_test)
        emptier.wait_until_blocked(writer)
        writer.go()
        emptier.outcome()

    assert not User.objects.exists()
