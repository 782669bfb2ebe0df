"""Bulk writes that would pass the rules by are refused on every manager that leads to money or history."""

from decimal import Decimal
from itertools import product

import pytest
from django.apps import apps

from gigstream.core.errors import GuardedWrite
from gigstream.core.models import GuardedQuerySet
from payments.models import Account, LedgerEntry, Stream
from platforms.models import Task
from tests.support.factories import TaskFactory, balance, running_stream, started
from tests.support.long_forms import spread

pytestmark = pytest.mark.django_db

GUARDED = [
    model
    for model in apps.get_models()
    if model._meta.managed and isinstance(model._default_manager.get_queryset(), GuardedQuerySet)
]
WRITES = {
    "update": lambda rows: rows.update(id=1),
    "bulk_create": lambda rows: rows.bulk_create([]),
    "bulk_update": lambda rows: rows.bulk_update([], ["id"]),
    "delete": lambda rows: rows.delete(),
}


def name_of(part):
    """Return how a part of a case is called in the name of a test."""
    return getattr(part, "__name__", part)


def test_the_tables_of_money_and_history_are_guarded():
    assert {model.__name__ for model in GUARDED} >= {
        "Account",
        "AuditLog",
        "Dispute",
        "Engagement",
        "PlatformEvent",
        "LedgerEntry",
        "Loan",
        "Milestone",
        "ReputationEvent",
        "Stream",
        "Task",
        "Transaction",
        "WorkEvent",
    }


@pytest.mark.parametrize(
    ("model", "verb"), spread(product(GUARDED, WRITES), of="bulk writes", one_in=4), ids=name_of
)
def test_a_bulk_write_is_refused_on_the_manager_and_behind_a_filter(model, verb):
    for rows in (model.objects.all(), model.objects.none().order_by("pk"), model.objects.locked()):
        with pytest.raises(GuardedWrite, match=rf"{model.__name__}\.objects\.{verb}\(\) bypasses the rules"):
            WRITES[verb](rows)


def test_a_refused_bulk_write_moves_nothing():
    task = started(amount="10")

    with pytest.raises(GuardedWrite):
        Task.objects.filter(pk=task.pk).update(amount=Decimal(1000))
    with pytest.raises(GuardedWrite):
        LedgerEntry.objects.all().delete()
    with pytest.raises(GuardedWrite):
        Account.objects.update(balance=Decimal(10**6))

    assert Task.objects.get(pk=task.pk).amount == 10
    assert list(LedgerEntry.objects.order_by("id").values_list("kind", flat=True)) == ["deposit", "hold"]
    assert balance(task.platform, "available") == Decimal("989.80")


def test_the_way_through_a_related_row_is_guarded_as_well():
    stream = running_stream()
    task, worker = stream.task, stream.worker

    for rows in (
        worker.tasks,
        worker.streams,
        task.platform.tasks,
        task.platform.streams,
        worker.accounts,
        stream.worker_account.credits,
        task.milestones,
        task.work_events,
        task.disputes,
        worker.engagements,
        worker.transactions,
        worker.loans,
        worker.reputation_events,
    ):
        with pytest.raises(GuardedWrite):
            rows.all().delete()
        with pytest.raises(GuardedWrite):
            rows.update(id=None)

    assert Stream.objects.filter(pk=stream.pk, worker=worker).exists()


def test_update_or_create_goes_through_save_and_its_rules():
    task = TaskFactory()

    Task.objects.update_or_create(pk=task.pk, defaults={"title": "New"})

    assert Task.objects.get(pk=task.pk).title == "New"
