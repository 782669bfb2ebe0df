"""Points of the same event, and of the same workers, booked at the same time."""

from functools import partial

import pytest

from reputation.models import PointsBalance, PointsEntry
from reputation.points.calculations import ALL_TIME, Board
from reputation.points.errors import ReversedAlready
from reputation.points.selectors import read_ranking
from reputation.points.services import book_points, reverse_points
from reputation.points.services.leaderboards import build_board, rank_worker, repair_board
from tests.support.factories import NOW, PlatformFactory, WorkerFactory
from tests.support.rewards.points import broken_points, give_points, new_points

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_event_that_twenty_book_at_once_has_its_points_once(at_once):
    worker = WorkerFactory()
    points = new_points(worker, 5)

    results, refusals = at_once(*[partial(book_points, [points], now=NOW)] * 20)

    assert refusals == []
    assert {entry.pk for (entry,) in results} == {PointsEntry.objects.get().pk}
    assert PointsBalance.objects.get().balance == 5
    assert broken_points() == {}


def test_batches_in_opposite_orders_do_not_block_each_other(at_once):
    crowd, platform = WorkerFactory.create_batch(8), PlatformFactory()

    def batch(members):
        return [new_points(worker, 1, platform=owner) for worker in members for owner in (platform, None)]

    calls = [partial(book_points, batch(crowd[:: 1 if turn % 2 else -1]), now=NOW) for turn in range(12)]
    results, refusals = at_once(*calls)

    assert (len(results), refusals) == (12, [])
    assert list(PointsBalance.objects.values_list("balance", flat=True)) == [12] * 16
    assert broken_points() == {}


def test_an_entry_that_many_reverse_at_once_is_reversed_once(at_once):
    entry = give_points(WorkerFactory(), 5)
    sign = {"requested_by": "staff:1", "approved_by": "staff:2", "reason": "copied", "now": NOW}

    results, refusals = at_once(*[partial(reverse_points, entry_id=entry.pk, **sign)] * 8)

    assert len(results) == 1
    assert [type(refusal) for refusal in refusals] == [ReversedAlready] * 7
    assert PointsBalance.objects.get().balance == 0
    assert broken_points() == {}


def test_a_board_built_and_repaired_among_bookings_comes_to_the_order_of_sql(at_once):
    crowd = WorkerFactory.create_batch(6)
    board = Board(None, ALL_TIME)
    give_points(crowd[0], 1)
    bookings = [partial(give_points, crowd[number % 6], 1 + number % 4) for number in range(24)]

    at_once(*bookings[:12], partial(build_board, board), *bookings[12:])
    repair_board(board)

    for worker in crowd:
        assert rank_worker(board, worker_id=worker.pk) == read_ranking(board, worker_id=worker.pk)
