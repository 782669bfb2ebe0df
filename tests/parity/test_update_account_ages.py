"""update_account_ages: a day passes; every account is as old as the calendar says, whichever way its row was
written."""

from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.db import connection

from tests.support.database.valid_rows import valid
from tests.support.factories import NOW, WorkerFactory, seconds
from tests.support.parity.figures import age_of, noticed, raw
from workers import services as workers
from workers.models import Worker
from workers.signals import day_passed

pytestmark = pytest.mark.django_db


def let_pass(days: int = 1) -> None:
    day_passed.send(sender=None, now=NOW + timedelta(days=days))


def test_create():
    worker = Worker.objects.create(email="a@example.com", full_name="A", created_at=NOW)
    assert (age_of(worker), noticed()) == (0, {})

    let_pass()

    assert (age_of(worker), noticed()) == (1, {})


def test_create_of_an_account_from_before():
    """Its age is that of the day for which it was computed: none before the first."""
    worker = Worker.objects.create(email="a@example.com", full_name="A", created_at=NOW - timedelta(days=40))
    assert (age_of(worker), noticed()) == (0, {})

    let_pass()

    assert (age_of(worker), noticed()) == (41, {})


def test_save():
    worker = WorkerFactory(now=NOW)
    stale = Worker.objects.get(pk=worker.pk)
    let_pass()

    stale.full_name, stale.account_age_days = "New Name", 99
    stale.save()

    assert (age_of(worker), noticed()) == (1, {})


def test_save_with_update_fields():
    worker = WorkerFactory(now=NOW)
    stale = Worker.objects.get(pk=worker.pk)
    let_pass()

    stale.full_name, stale.account_age_days = "New Name", 99
    stale.save(update_fields=["full_name"])
    assert (age_of(worker), noticed()) == (1, {})
    stale.save(update_fields=["account_age_days"])

    assert noticed() == {"account_age_follows_from_its_day": [str(worker.pk)]}


def test_update():
    worker = WorkerFactory(now=NOW)
    let_pass()

    Worker.objects.filter(pk=worker.pk).update(full_name="New Name")
    assert (age_of(worker), noticed()) == (1, {})
    Worker.objects.filter(pk=worker.pk).update(created_at=NOW - timedelta(days=2))

    assert noticed() == {"account_age_follows_from_its_day": [str(worker.pk)]}
    let_pass(2)
    assert (age_of(worker), noticed()) == (4, {})


def test_bulk_create():
    made = Worker.objects.bulk_create([valid(Worker, created_at=NOW) for _ in range(2)])

    let_pass()

    assert [age_of(worker) for worker in made] == [1, 1]
    assert noticed() == {}


def test_bulk_update():
    worker = WorkerFactory(now=NOW)
    stale = Worker.objects.get(pk=worker.pk)
    let_pass()

    stale.full_name = "New Name"
    Worker.objects.bulk_update([stale], ["full_name"])
    assert (age_of(worker), noticed()) == (1, {})
    Worker.objects.bulk_update([stale], ["account_age_days"])

    assert noticed() == {"account_age_follows_from_its_day": [str(worker.pk)]}


def test_delete():
    gone, stays = WorkerFactory(now=NOW), WorkerFactory(now=NOW)

    gone.delete()
    let_pass()

    assert list(Worker.objects.values_list("pk", "account_age_days")) == [(stays.pk, 1)]
    assert noticed() == {}


def test_raw_sql():
    worker = WorkerFactory(now=NOW)
    let_pass()

    raw("UPDATE workers SET account_age_days = 99 WHERE id = %s", worker.pk)

    assert noticed() == {"account_age_follows_from_its_day": [str(worker.pk)]}
    call_command("recompute_statistics")
    assert (age_of(worker), noticed()) == (1, {})


@pytest.mark.parametrize(
    "now, age",
    [
        (datetime(2026, 3, 2, 23, 59, 59, 999_999, tzinfo=UTC), 0),
        (datetime(2026, 3, 3, 0, 0, tzinfo=UTC), 1),
        (datetime(2026, 4, 1, 12, 0, tzinfo=UTC), 30),
    ],
)
def test_an_account_ages_at_midnight_utc(now, age):
    worker = WorkerFactory(now=NOW)

    day_passed.send(sender=None, now=now)

    assert age_of(worker) == age
    assert Worker.objects.get(pk=worker.pk).account_aged_on == now.date()


def test_a_second_run_on_the_same_day_changes_nothing():
    WorkerFactory(now=NOW)
    later = NOW + timedelta(days=3)

    assert workers.age_accounts(now=later) == 1
    assert workers.age_accounts(now=later + seconds(60)) == 0


def test_a_day_of_another_time_zone_does_not_matter():
    worker = WorkerFactory(now=NOW)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL timezone = 'Asia/Tokyo'")
        workers.age_accounts(now=datetime(2026, 3, 3, 20, 0, tzinfo=UTC))
        cursor.execute("SET LOCAL timezone = 'UTC'")

    assert age_of(worker) == 1
