"""update_reputation_score: a reputation event is inserted; the score and the event's own numbers follow,
whichever way it is written."""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, transaction

from audit.books import services as books
from gigstream.core.errors import GuardedWrite
from gigstream.core.ids import new_id
from reputation.models import ReputationEvent
from reputation.scores import services as reputation
from tests.support.factories import NOW, WorkerFactory
from tests.support.parity.figures import noticed, raw, score_of
from workers.models import Worker

pytestmark = pytest.mark.django_db


def event(worker: Worker, delta: int = 30) -> ReputationEvent:
    return ReputationEvent(worker=worker, event_type="task_completed", delta=delta)


def on_record(worker: Worker) -> list[tuple[int, int, int]]:
    """Number, previous and new score of each event."""
    return list(
        worker.reputation_events.order_by("number").values_list("number", "previous_score", "new_score")
    )


def test_create():
    worker = WorkerFactory()

    ReputationEvent.objects.create(worker=worker, event_type="task_completed", delta=30)

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


def test_create_with_scores_of_ones_own():
    worker = WorkerFactory()

    ReputationEvent.objects.create(
        worker=worker, event_type="task_completed", delta=30, number=7, previous_score=900, new_score=999
    )

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


def test_save():
    worker = WorkerFactory()

    for delta in (30, -10):
        event(worker, delta).save()

    assert on_record(worker) == [(1, 500, 530), (2, 530, 520)]
    assert score_of(worker) == 520


def test_a_second_save_is_refused():
    worker = WorkerFactory()
    one = event(worker)
    one.save()

    one.delta = 300
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        one.save()

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


def test_save_with_update_fields():
    worker = WorkerFactory()
    one = event(worker)
    one.save()

    one.delta = 300
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        one.save(update_fields=["delta"])

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


def test_update():
    worker = WorkerFactory()
    event(worker).save()

    with pytest.raises(GuardedWrite):
        ReputationEvent.objects.update(delta=300)
    with pytest.raises(DatabaseError, match="Cannot update"), transaction.atomic():
        ReputationEvent.unguarded.update(delta=300)

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


def test_bulk_create():
    worker = WorkerFactory()

    with pytest.raises(GuardedWrite):
        ReputationEvent.objects.bulk_create([event(worker)])

    assert on_record(worker) == []
    assert score_of(worker) == 500


def test_bulk_create_past_the_guard_lacks_its_numbers():
    worker = WorkerFactory()

    with pytest.raises(IntegrityError, match="null value"), transaction.atomic():
        ReputationEvent.unguarded.bulk_create([event(worker)])

    assert on_record(worker) == []
    assert score_of(worker) == 500


def test_bulk_create_by_the_service_scores_each():
    one, other = WorkerFactory(), WorkerFactory()

    reputation.record_events([event(one), event(other, -5), event(one, 7)], now=NOW)

    assert (score_of(one), score_of(other)) == (537, 495)
    assert on_record(one) == [(1, 500, 530), (2, 530, 537)]


def test_bulk_update():
    worker = WorkerFactory()
    one = event(worker)
    one.save()

    one.delta = 300
    with pytest.raises(GuardedWrite):
        ReputationEvent.objects.bulk_update([one], ["delta"])

    assert ReputationEvent.objects.get().delta == 30
    assert score_of(worker) == 530


def test_delete():
    worker = WorkerFactory()
    one = event(worker)
    one.save()

    with pytest.raises(GuardedWrite):
        ReputationEvent.objects.all().delete()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        one.delete()

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


@pytest.mark.parametrize(
    "statement", ["UPDATE reputation_events SET delta = 300", "DELETE FROM reputation_events"]
)
def test_raw_sql(statement):
    worker = WorkerFactory()
    event(worker).save()

    with pytest.raises(DatabaseError, match=r"Cannot update|append-only"), transaction.atomic():
        raw(statement)

    assert on_record(worker) == [(1, 500, 530)]
    assert score_of(worker) == 530


INSERT = (
    "INSERT INTO reputation_events (id, worker_id, event_type, delta, number, previous_score, new_score,"
    " reason, triggered_by, metadata) VALUES (%s, %s, 'task_late', -10, %s, %s, %s, '', '', '{}')"
)


@pytest.mark.parametrize(
    "number, previous, new", [(None, 530, 520), (2, None, 520), (2, 530, None), (1, 530, 520), (2, 530, 1001)]
)
def test_raw_sql_that_numbers_wrongly_is_refused(number, previous, new):
    worker = WorkerFactory()
    event(worker).save()

    with pytest.raises(IntegrityError), transaction.atomic():
        raw(INSERT, new_id(), worker.pk, number, previous, new)

    assert on_record(worker) == [(1, 500, 530)]


def test_raw_sql_that_leaves_the_score_behind_is_noticed():
    worker = WorkerFactory()
    event(worker).save()

    raw(INSERT, new_id(), worker.pk, 2, 530, 520)

    assert noticed() == {"reputation_score_follows_from_events": [str(worker.pk)]}
    call_command("recompute_statistics")
    assert score_of(worker) == 520
    assert noticed() == {}


def test_raw_sql_with_invented_scores_is_noticed():
    worker = WorkerFactory()
    event(worker).save()
    id_ = new_id()

    raw(INSERT, id_, worker.pk, 2, 900, 910)

    names = ["reputation_events_follow_each_other", "reputation_event_scores_add_up"]
    assert [one.offenders for one in books.check_books(names)] == [[str(id_)], [str(id_)]]


def test_two_instances_of_one_worker():
    worker = WorkerFactory()
    one, stale = Worker.objects.get(pk=worker.pk), Worker.objects.get(pk=worker.pk)

    event(one).save()
    event(stale).save()

    assert score_of(worker) == 560


def test_the_score_stays_in_range():
    worker = WorkerFactory()

    event(worker, 900).save()
    assert score_of(worker) == 1000
    event(worker, -2000).save()
    assert score_of(worker) == 0


def test_a_stale_worker_keeps_the_score():
    worker = WorkerFactory()
    stale = Worker.objects.get(pk=worker.pk)
    event(worker).save()

    stale.full_name = "New Name"
    stale.save()

    assert score_of(worker) == 530
