"""Subjects: the kinds of rows that ledger entries belong to, each with a number of its own."""

from decimal import Decimal

import pytest
from django.apps import apps
from django.db import connection, models

from gigstream.core.ids import new_id
from payments.ledger import subjects
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import LOAN, STREAM, TASK, WORK_EVENT, Subject, SubjectKind, subject_of
from payments.ledger.vocabulary import ADJUSTMENT
from payments.models import LedgerEntry
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, running_stream


def test_the_numbers_that_are_stored_stay_as_they_are():
    assert [(kind.number, kind.name) for kind in subjects.all_kinds()][:4] == [
        (1, "task"),
        (2, "stream"),
        (3, "loan"),
        (4, "work_event"),
    ]


@pytest.mark.parametrize("number, name", [(1, "parcel"), (99, "task")])
def test_a_number_and_a_name_are_given_once(number, name):
    before = subjects.all_kinds()

    with pytest.raises(ValueError, match="is taken"):
        subjects.register(SubjectKind(number, name, "platforms.Task"))

    assert subjects.all_kinds() == before


def test_two_columns_name_a_subject_or_none():
    id_ = new_id()

    assert subject_of(3, id_) == Subject(LOAN, id_)
    assert subject_of(None, None) is None


@pytest.mark.parametrize("kind", [TASK, STREAM, LOAN, WORK_EVENT], ids=lambda kind: kind.name)
def test_the_rows_of_a_kind_have_a_uuid_as_their_key(kind):
    key = apps.get_model(kind.model)._meta.pk

    assert (key.column, isinstance(key, models.UUIDField)) == ("id", True)


@pytest.mark.django_db
def test_the_database_knows_the_task_of_an_entry_by_the_same_numbers():
    stream = running_stream()

    assert task_of_entry(TASK, stream.task_id) == stream.task_id
    assert task_of_entry(STREAM, stream.pk) == stream.task_id
    assert task_of_entry(LOAN, stream.task_id) is None


def task_of_entry(kind, id_):
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_of_entry(%s::smallint, %s)", [kind.number, id_])
        return cursor.fetchone()[0]


@pytest.mark.django_db
def test_a_part_names_the_entry_that_it_was_withheld_from_also_where_that_was_booked_before():
    earning, part = earning_and_part()

    first = ledger.post([earning], now=NOW)
    both = ledger.post([earning, part], now=NOW)

    assert both["earning:1"] == first["earning:1"]
    assert LedgerEntry.objects.get(pk=both["part:1"]).withheld_from_id == first["earning:1"]


@pytest.mark.django_db
def test_a_part_names_the_entry_of_the_same_batch():
    earning, part = earning_and_part()

    ids = ledger.post([earning, part], now=NOW)

    entry = LedgerEntry.objects.get(pk=ids["part:1"])
    assert (entry.withheld_from_id, entry.withheld_from.subject) == (ids["earning:1"], earning.subject)


def earning_and_part():
    """Pay of 4 USDC out of a platform's money, and 1 USDC of it that goes back."""
    platform, worker = PlatformFactory(funds="10"), WorkerFactory()
    source = accounts.of_platform(platform.pk, AccountName.AVAILABLE)
    payee = accounts.of_worker(worker.pk, AccountName.AVAILABLE)
    subject = Subject(TASK, new_id())
    earning = Posting(ADJUSTMENT, source, payee, Decimal(4), key="earning:1", subject=subject)
    part = Posting(ADJUSTMENT, payee, source, Decimal(1), key="part:1", withheld_from=earning.fact)
    return earning, part
