"""Months of usage: made ahead, put into files, attached again, and never lost."""

import gzip
from datetime import date, timedelta

import pytest
from django.db import DatabaseError, connection, transaction

from platforms import services as platforms
from platforms.models import CreatorDay, UsageArchive, UsageEvent, UsageKey
from platforms.services import EventRef
from platforms.usage.calculations.periods import months_to_have, shift_month
from platforms.usage.errors import ArchiveDamaged, MonthNotEnded, PeriodArchived
from platforms.usage.services.months import StrayEvents, attached_months
from tests.support.books import violated
from tests.support.creators.catalogue import creator, work
from tests.support.creators.usage import accepted, day_rows, event, have_months, report, usage_faults, void
from tests.support.factories import NOW

pytestmark = pytest.mark.django_db
MARCH = date(2026, 3, 1)
LATER = NOW + timedelta(days=31 * 15)


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.USAGE_ARCHIVE_ROOT = str(tmp_path)
    have_months()
    return tmp_path


@pytest.fixture
def song():
    return work(creator())


def run(statement):
    with connection.cursor() as cursor:
        cursor.execute(statement)


def contents():
    events = UsageEvent.objects.order_by("number").values_list()
    keys = UsageKey.objects.order_by("external_id").values_list(
        "platform_number", "external_id", "event_number", "occurred_at", "content"
    )
    return list(events), [(*key[:4], bytes(key[4])) for key in keys]


def test_months_are_made_ahead_once():
    platforms.keep_usage_partitions(now=NOW)

    assert set(months_to_have(NOW.date())) <= set(attached_months())
    assert platforms.keep_usage_partitions(now=NOW) == 0
    assert shift_month(MARCH, 3) in attached_months()


def test_an_event_outside_of_all_months_is_kept_and_alarms(song):
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE usage_events DETACH PARTITION usage_events_2026_03")

    report(song.platform, event(song))

    assert UsageEvent.objects.count() == 1
    with pytest.raises(StrayEvents, match="1 usage events lie outside"), transaction.atomic():
        platforms.keep_usage_partitions(now=NOW + timedelta(days=90))


def test_a_month_is_put_into_a_file_and_comes_back_as_it_was(song, files):
    refs = accepted(
        song.platform, event(song), event(song, "tip", amount="0.000001"), event(song, id='quo"ted, \\ id')
    )
    void(song.platform, refs[0])
    before, days = contents(), day_rows()

    archive = platforms.archive_month(month=MARCH, now=LATER)

    assert (archive.events, archive.totals) == (3, {"play": 2, "tip": 1})
    assert not UsageEvent.objects.exists()
    assert not UsageKey.objects.exists()
    assert day_rows() == days
    assert MARCH not in attached_months()
    with gzip.open(files / archive.file) as file:
        assert len(file.readlines()) == 3
    with pytest.raises(PeriodArchived):
        void(song.platform, EventRef(refs[1].number, NOW))
    assert usage_faults() == []
    assert violated() == {}

    platforms.attach_month(month=MARCH, now=LATER)

    assert contents() == before
    void(song.platform, EventRef(refs[1].number, NOW))
    assert usage_faults() == []


def test_the_job_puts_the_months_of_fourteen_months_ago_into_files(song):
    report(song.platform, event(song))

    platforms.keep_usage_partitions(now=NOW + timedelta(days=31 * 14))
    assert not UsageArchive.objects.filter(month=MARCH).exists()
    platforms.keep_usage_partitions(now=LATER)

    assert UsageArchive.objects.get(month=MARCH).events == 1
    assert CreatorDay.objects.get().plays == 1


def test_a_young_month_and_a_changed_file_are_refused(song, files):
    report(song.platform, event(song))
    with pytest.raises(MonthNotEnded):
        platforms.archive_month(month=MARCH, now=NOW)
    archive = platforms.archive_month(month=MARCH, now=LATER)
    path = files / archive.file
    path.write_bytes(path.read_bytes()[:-1] + b"x")

    with pytest.raises(ArchiveDamaged):
        platforms.attach_month(month=MARCH, now=LATER)

    assert UsageArchive.objects.get().attached_at is None


def test_the_database_takes_no_month_away_that_is_in_no_file(song):
    report(song.platform, event(song))

    with pytest.raises(DatabaseError, match="has 1 events, and a file on record"), transaction.atomic():
        run("SELECT detach_usage_month('2026-03-01')")

    assert UsageEvent.objects.count() == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE usage_events SET seconds = 1",
        "DELETE FROM usage_events",
        "UPDATE usage_keys SET event_number = 1",
        "DELETE FROM usage_keys",
        "DELETE FROM usage_events_2026_03",
    ],
)
def test_events_and_their_ids_never_change(song, statement):
    report(song.platform, event(song))

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        run(statement)
