"""Points: booked once for an event, in sets, never below zero, and reversed by two people."""

from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext

from audit.approvals import services as approvals
from audit.approvals.errors import RequestedAlready, SamePerson
from audit.models import AuditLog, Decision
from payments import services as payments
from platforms import services as platforms
from reputation.models import PointsBalance, PointsEntry
from reputation.points.errors import NotEnoughPoints, NotReversible, ReversedAlready
from reputation.points.services import book_points, request_reversal
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, settle, started
from tests.support.pages.admin import member
from tests.support.rewards.points import broken_points, give_points, new_points
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db

LATER = NOW + timedelta(hours=23)


def points_of(worker: Worker, platform=None) -> int:
    found = PointsBalance.objects.filter(worker=worker)
    found = found.filter(platform=platform) if platform else found.filter(platform__isnull=True)
    return found.get().balance


def test_an_entry_moves_the_balance_of_its_owner_alone():
    worker, platform = WorkerFactory(), PlatformFactory()

    entries = book_points(
        [
            new_points(worker, 5),
            new_points(worker, 7, platform=platform),
            new_points(worker, 11),
            new_points(worker, -6),
        ],
        now=NOW,
    )

    assert [(entry.amount, entry.balance_after) for entry in entries] == [(5, 5), (7, 7), (11, 16), (-6, 10)]
    assert [(entry.kind, entry.created_at, entry.earned_at) for entry in entries] == [("grant", NOW, NOW)] * 4
    assert list(PointsEntry.objects.order_by("id")) == entries
    assert (points_of(worker), points_of(worker, platform)) == (10, 7)
    assert broken_points() == {}


def test_an_event_has_its_points_once_and_answers_with_the_first_entry():
    worker = WorkerFactory()
    points = new_points(worker, 5)
    (first,) = book_points([points], now=NOW)

    again = book_points([new_points(worker, 2), points], now=LATER)

    assert [(entry.amount, entry.balance_after) for entry in again] == [(2, 7), (5, 5)]
    assert (again[1].pk, again[1].created_at) == (first.pk, NOW)
    assert points_of(worker) == 7
    assert broken_points() == {}


def test_no_entry_of_a_batch_is_booked_when_one_would_take_more_than_there_is():
    worker, other = WorkerFactory(), WorkerFactory()
    give_points(worker, 3)

    with pytest.raises(NotEnoughPoints, match=r"points available 5, to be taken 6") as refusal:
        book_points([new_points(other, 9), new_points(worker, 2), new_points(worker, -6)], now=NOW)

    assert (refusal.value.status, refusal.value.numbers) == (409, {"balance": "5", "taken": "6"})
    assert (points_of(worker), PointsEntry.objects.count()) == (3, 1)
    assert broken_points() == {}


def test_a_thousand_entries_take_the_statements_of_one():
    crowd = WorkerFactory.create_batch(50)
    platform = PlatformFactory()

    def statements(count: int) -> int:
        points = [
            new_points(crowd[number % 50], 1 + number, platform=platform if number % 3 else None)
            for number in range(count)
        ]
        with CaptureQueriesContext(connection) as caught:
            booked = book_points(points, now=NOW)
        assert [entry.amount for entry in booked] == [1 + number for number in range(count)]
        return len([query for query in caught if "SAVEPOINT" not in query["sql"]])

    assert (statements(1), statements(1000), statements(0)) == (3, 3, 0)
    assert sum(PointsBalance.objects.values_list("balance", flat=True)) == 1 + 1000 * 1001 // 2
    assert broken_points() == {}


def test_points_are_whole():
    with pytest.raises(DatabaseError, match="invalid input syntax for type bigint"), transaction.atomic():
        give_points(WorkerFactory(), 1.5)

    assert PointsEntry.objects.count() == 0


def test_a_reversal_needs_two_people_and_takes_the_points_where_they_were_earned():
    worker = WorkerFactory()
    entry = give_points(worker, 5)
    give_points(worker, 2)
    ann, bob = member("ann"), member("bob")
    request = ann.does(request_reversal, entry_id=entry.pk, reason="the post was copied", now=LATER)
    with pytest.raises(RequestedAlready):
        bob.does(request_reversal, entry_id=entry.pk, reason="copied", now=LATER)
    with pytest.raises(SamePerson):
        ann.does(approvals.approve, approval_id=request.pk, now=LATER)
    assert points_of(worker) == 7

    approved = bob.does(approvals.approve, approval_id=request.pk, reason="seen", now=LATER)

    reversal = PointsEntry.objects.get(reverses=entry)
    assert approved.outcome == {"pointsentry": reversal.pk}
    assert (reversal.amount, reversal.balance_after, points_of(worker)) == (-5, 2, 2)
    assert (reversal.created_at, reversal.earned_at, reversal.reason) == (LATER, NOW, "the post was copied")
    assert (reversal.requested_by, reversal.approved_by) == (str(ann.actor), str(bob.actor))
    decision = Decision.objects.get()
    assert (decision.rule, decision.outcome, decision.worker_id) == ("points.reversal", "reversed", worker.pk)
    assert decision.inputs == {"points": 5, "balance": 7}
    assert decision.sentence == "5 points were taken back: 7 before, 2 after."
    assert (decision.requested_by, decision.decided_by) == (str(ann.actor), str(bob.actor))
    line = AuditLog.objects.get(action="points.reverse")
    assert (line.changes_before, line.changes_after) == ({"balance": 7}, {"balance": 2})
    assert broken_points() == {}


def test_an_entry_is_reversed_once_and_a_reversal_never():
    worker = WorkerFactory()
    entry = give_points(worker, 5)
    ann, bob = member("ann"), member("bob")
    first = ann.does(request_reversal, entry_id=entry.pk, reason="copied", now=NOW)
    bob.does(approvals.approve, approval_id=first.pk, now=LATER)
    reversal = PointsEntry.objects.get(reverses=entry)

    with pytest.raises(ReversedAlready, match=f"reversed by entry {reversal.pk} at 2026-03-03 11:00"):
        ann.does(request_reversal, entry_id=entry.pk, reason="copied", now=LATER)
    with pytest.raises(NotReversible, match="is a reversal: only points of a quest are reversed"):
        ann.does(request_reversal, entry_id=reversal.pk, reason="no", now=LATER)

    assert PointsEntry.objects.count() == 2


def test_points_that_are_gone_are_not_reversed():
    worker = WorkerFactory()
    entry = give_points(worker, 5)
    give_points(worker, -1)
    ann, bob = member("ann"), member("bob")
    request = ann.does(request_reversal, entry_id=entry.pk, reason="copied", now=NOW)

    approved = bob.does(approvals.approve, approval_id=request.pk, now=LATER)

    assert (approved.executed_at, approved.error) == (None, "points available 4, to be taken 5")
    assert (points_of(worker), Decision.objects.count()) == (4, 0)
    assert broken_points() == {}


def test_the_database_refuses_to_change_or_delete_an_entry():
    entry = give_points(WorkerFactory(), 5)

    for statement in ("UPDATE points_entries SET amount = 6", "DELETE FROM points_entries"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)

    assert PointsEntry.objects.get() == entry


def test_points_end_with_an_account_that_has_money_history():
    task = started(amount="10")
    worker, platform = task.worker, task.platform
    platforms.complete_task(task_id=task.pk, now=NOW)
    payments.create_due_payouts(now=NOW)
    settle(NOW)
    give_points(worker, 5)
    give_points(worker, 7, platform=platform)

    workers.delete_worker(worker_id=worker.pk)

    assert Worker.objects.get(pk=worker.pk).deleted_at is not None
    assert (points_of(worker), points_of(worker, platform)) == (0, 0)
    closing = PointsEntry.objects.filter(worker=worker, kind="closing").order_by("amount")
    assert list(closing.values_list("amount", "balance_after", "platform", "reason")) == [
        (-7, 0, platform.pk, "The account was closed."),
        (-5, 0, None, "The account was closed."),
    ]
    assert AuditLog.objects.get(action="points.close").metadata == {"entries": 2}
    assert broken_points() == {}


def test_points_go_with_an_account_without_history():
    worker, other = WorkerFactory(), WorkerFactory()
    give_points(worker, 5)
    kept = give_points(other, 5)

    workers.delete_worker(worker_id=worker.pk)

    assert list(PointsEntry.objects.all()) == [kept]
    assert list(PointsBalance.objects.values_list("worker", "balance")) == [(other.pk, 5)]
    assert broken_points() == {}
