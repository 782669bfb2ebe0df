"""Leaderboards: the order of SQL, from Redis while it has them, and made anew when it has lost them."""

import random
from datetime import timedelta

import pytest
from django.db import transaction

from gigstream.network.redis_cache import run_in_redis
from reputation.models import PointsBalance, PointsEntry
from reputation.points.calculations import ALL_TIME, Board, month_of, periods_of, week_of
from reputation.points.errors import LeaderboardUnavailable
from reputation.points.selectors import Place, read_ranking
from reputation.points.services import leaderboards, reverse_points
from reputation.points.services.leaderboards import (
    KEYS,
    build_board,
    check_leaderboards,
    key_of,
    rank_worker,
    repair_board,
)
from tests.support.factories import NOW, PlatformFactory, WorkerFactory
from tests.support.long_forms import count
from tests.support.rewards.points import broken_points, give_points
from workers import services as workers
from workers.models import Worker

pytestmark = pytest.mark.django_db(transaction=True)

HOUSE = Board(None, ALL_TIME)
WEEK = Board(None, week_of(NOW))
# Nothing listens there.
AWAY = "redis://127.0.0.1:1/0"


def keys() -> list[str]:
    return [key.decode() for key in run_in_redis("KEYS", f"{KEYS}*")]


@pytest.fixture(autouse=True)
def no_boards():
    if found := keys():
        run_in_redis("DEL", *found)
    run_in_redis("DEL", "gigstream:leaderboards_wanted", "gigstream:leaderboards_kept")


@pytest.fixture
def redis_away(settings):
    def go() -> None:
        settings.CACHES = {"default": {**settings.CACHES["default"], "LOCATION": AWAY}}

    return go


def crowd(*points: int) -> list[Worker]:
    """Return workers with these points of the house, the eldest account first."""
    made = sorted(WorkerFactory.create_batch(len(points)), key=lambda worker: worker.pk)
    for worker, amount in zip(made, points, strict=True):
        if amount:
            give_points(worker, amount)
    return made


def order_of(board: Board, members: list[Worker]) -> list[int]:
    """Return the ranks of the workers in Redis, 0 for who has none."""
    found = [leaderboards._read_set(board, worker.pk) for worker in members]
    return [ranking.mine.rank if ranking.mine else 0 for ranking in found]


def test_the_first_places_and_those_around_a_worker():
    members = crowd(*range(30, 0, -1))
    build_board(HOUSE)

    ranking = rank_worker(HOUSE, worker_id=members[19].pk)

    assert ranking.members == 30
    assert ranking.mine == Place(members[19].pk, 20, 11)
    assert [place.rank for place in ranking.top] == list(range(1, 11))
    assert [place.worker_id for place in ranking.top] == [worker.pk for worker in members[:10]]
    assert [(place.rank, place.points) for place in ranking.neighbours] == [
        (rank, 31 - rank) for rank in range(15, 26)
    ]
    assert ranking == read_ranking(HOUSE, worker_id=members[19].pk)


def test_points_follow_once_they_are_committed_and_only_then():
    (worker, other) = crowd(5, 7)
    build_board(HOUSE)
    assert order_of(HOUSE, [worker, other]) == [2, 1]

    with transaction.atomic():
        give_points(worker, 100)
        transaction.set_rollback(True)
    assert order_of(HOUSE, [worker, other]) == [2, 1]

    give_points(worker, 100)
    assert order_of(HOUSE, [worker, other]) == [1, 2]
    assert rank_worker(HOUSE, worker_id=worker.pk) == read_ranking(HOUSE, worker_id=worker.pk)


def test_a_board_that_redis_lacks_is_not_begun_by_a_single_write():
    (worker,) = crowd(5)

    assert keys() == []
    assert leaderboards._read_set(HOUSE, worker.pk) is None
    assert rank_worker(HOUSE, worker_id=worker.pk) == read_ranking(HOUSE, worker_id=worker.pk)
    assert run_in_redis("SMEMBERS", "gigstream:leaderboards_wanted") == [b"house:all"]


def test_lost_boards_are_rebuilt_and_no_point_and_no_rank_is_lost():
    rng, platform = random.Random(7), PlatformFactory()
    members = crowd(*(rng.randrange(0, 9) for _ in range(40)))
    for worker in members[::3]:
        give_points(worker, rng.randrange(1, 9), platform=platform, now=NOW - timedelta(days=40))
        give_points(worker, rng.randrange(1, 9), platform=platform)
    past = Board(platform.pk, month_of(NOW - timedelta(days=40)))
    boards = [*(Board(owner, period) for owner in (None, platform.pk) for period in periods_of(NOW)), past]
    points = sorted(PointsBalance.objects.values_list("worker", "platform", "balance"), key=str)
    check_leaderboards(now=NOW)
    rank_worker(past, worker_id=members[0].pk)
    check_leaderboards(now=NOW)
    before = [rank_worker(board, worker_id=worker.pk) for board in boards for worker in members]

    run_in_redis("DEL", *keys())
    from_the_database = [rank_worker(board, worker_id=worker.pk) for board in boards for worker in members]
    check_leaderboards(now=NOW)

    assert sorted(keys()) == sorted(key_of(board) for board in boards)
    after = [leaderboards._read_set(board, worker.pk) for board in boards for worker in members]
    assert before == from_the_database == after
    assert sorted(PointsBalance.objects.values_list("worker", "platform", "balance"), key=str) == points
    assert broken_points() == {}


def test_past_weeks_and_months_come_back_as_sql_ranks_them():
    rng, members = random.Random(11), crowd(*[0] * 15)
    instants = [NOW - timedelta(days=days) for days in (8, 16, 37, 75)]
    for at in instants:
        for worker in members:
            if rng.random() < 0.7:
                give_points(worker, rng.randrange(1, 6), now=at)
    boards = [Board(None, period) for at in instants for period in (week_of(at), month_of(at))]
    expected = [read_ranking(board, worker_id=worker.pk) for board in boards for worker in members]

    assert keys() == []
    from_the_database = [rank_worker(board, worker_id=worker.pk) for board in boards for worker in members]
    check_leaderboards(now=NOW)

    assert from_the_database == expected
    after = [leaderboards._read_set(board, worker.pk) for board in boards for worker in members]
    assert after == expected


def test_a_past_week_follows_a_reversal_that_redis_has_missed(redis_away, settings):
    first, second = crowd(0, 0)
    past = Board(None, week_of(NOW - timedelta(days=9)))
    entry = give_points(first, 5, now=NOW - timedelta(days=9))
    give_points(second, 4, now=NOW - timedelta(days=9))
    rank_worker(past, worker_id=first.pk)
    check_leaderboards(now=NOW)
    assert order_of(past, [first, second]) == [1, 2]

    caches = settings.CACHES
    redis_away()
    reverse_points(
        entry_id=entry.pk, reason="a mistake", requested_by="staff:1", approved_by="staff:2", now=NOW
    )
    settings.CACHES = caches
    check_leaderboards(now=NOW)

    assert order_of(past, [first, second]) == [0, 1]
    run_in_redis("DEL", key_of(past))
    check_leaderboards(now=NOW)
    assert key_of(past) not in keys()


@pytest.mark.shortened
@pytest.mark.parametrize("seed", range(count(short=1, long=5)))
def test_equal_points_are_in_the_order_of_sql(seed):
    """Random points with many ties, changed at random, before and after the set is built."""
    rng = random.Random(seed)
    members = crowd(*(rng.randrange(0, 4) for _ in range(24)))
    build_board(WEEK)
    for _ in range(20):
        worker = rng.choice(members)
        if rng.random() < 0.3:
            entry = PointsEntry.objects.filter(worker=worker, kind="grant", reversals=None).first()
            if entry is not None:
                reverse_points(
                    entry_id=entry.pk, requested_by="staff:1", approved_by="staff:2", reason="a", now=NOW
                )
        else:
            give_points(worker, rng.randrange(1, 4))

    for worker in members:
        assert leaderboards._read_set(WEEK, worker.pk) == read_ranking(WEEK, worker_id=worker.pk)
    totals = dict.fromkeys((worker.pk for worker in members), 0)
    for entry in PointsEntry.objects.all():
        totals[entry.worker_id] += entry.amount
    by_hand = sorted((-total, pk) for pk, total in totals.items() if total)
    ranking = read_ranking(WEEK, worker_id=members[0].pk)
    assert ranking.members == len(by_hand)
    assert [(-place.points, place.worker_id) for place in ranking.top] == by_hand[:10]


def test_a_reversal_counts_to_the_week_of_the_points_it_takes():
    (worker, other) = crowd(5, 3)
    last_week = Board(None, week_of(NOW - timedelta(days=7)))
    entry = give_points(worker, 9, now=NOW - timedelta(days=7))
    for board in (last_week, WEEK):
        build_board(board)

    reverse_points(entry_id=entry.pk, requested_by="staff:1", approved_by="staff:2", reason="a", now=NOW)

    assert order_of(last_week, [worker, other]) == [0, 0]
    assert order_of(WEEK, [worker, other]) == [1, 2]
    assert rank_worker(last_week, worker_id=worker.pk) == read_ranking(last_week, worker_id=worker.pk)


def test_a_worker_who_leaves_is_on_no_board_any_more():
    (worker, other) = crowd(5, 3)
    give_points(worker, 9, now=NOW - timedelta(days=7))
    boards = [HOUSE, WEEK, Board(None, week_of(NOW - timedelta(days=7)))]
    for board in boards:
        build_board(board)

    workers.delete_worker(worker_id=worker.pk)

    assert [order_of(board, [worker, other]) for board in boards] == [[0, 1], [0, 1], [0, 0]]
    assert [read_ranking(board, worker_id=other.pk).members for board in boards] == [1, 1, 0]


def test_places_that_differ_are_repaired_and_others_left():
    members = crowd(5, 4, 3, 2)
    build_board(HOUSE)
    run_in_redis("ZADD", key_of(HOUSE), -50, members[3].pk.hex)
    run_in_redis("ZREM", key_of(HOUSE), members[1].pk.hex)
    run_in_redis("ZADD", key_of(HOUSE), -7, WorkerFactory().pk.hex)

    assert repair_board(HOUSE) == 3
    assert order_of(HOUSE, members) == [1, 2, 3, 4]
    assert leaderboards._read_set(HOUSE, members[0].pk).members == 4
    assert repair_board(HOUSE) == 0


def test_points_written_while_a_board_is_built_are_not_overwritten(monkeypatch):
    """The set is begun, the database is read, and then points are earned and lost before the set is full."""
    (worker, other) = crowd(5, 3)
    entry = PointsEntry.objects.get(worker=other)
    read = leaderboards.stream_totals

    def slowly(board, *, batch):
        rows = list(read(board, batch=batch))
        give_points(worker, 10)
        reverse_points(entry_id=entry.pk, requested_by="staff:1", approved_by="staff:2", reason="a", now=NOW)
        assert leaderboards._read_set(board, worker.pk) is None
        yield from rows

    monkeypatch.setattr(leaderboards, "stream_totals", slowly)
    build_board(HOUSE)

    ranking = leaderboards._read_set(HOUSE, worker.pk)
    assert (ranking.members, ranking.mine) == (1, Place(worker.pk, 1, 15))


def test_without_redis_points_are_booked_and_ranks_come_from_sql(redis_away, caplog):
    members = crowd(5, 4)
    build_board(HOUSE)
    redis_away()

    give_points(members[1], 6)

    assert rank_worker(HOUSE, worker_id=members[1].pk).mine == Place(members[1].pk, 1, 10)
    assert "leaderboards are not written" in caplog.text
    assert broken_points() == {}


def test_what_was_earned_without_redis_is_written_by_the_next_check(redis_away, settings):
    members = crowd(5, 4)
    build_board(HOUSE)
    present = settings.CACHES
    redis_away()
    give_points(members[1], 6)
    settings.CACHES = present
    assert order_of(HOUSE, members) == [1, 2]

    check_leaderboards(now=NOW)

    assert order_of(HOUSE, members) == [2, 1]


def test_a_board_too_large_for_sql_says_so_while_redis_lacks_it(monkeypatch):
    members = crowd(5, 4, 3)
    monkeypatch.setattr(leaderboards, "MOST_FROM_DATABASE", 2)

    with pytest.raises(LeaderboardUnavailable, match="more than 2 members and is being built") as refusal:
        rank_worker(HOUSE, worker_id=members[0].pk)

    assert (refusal.value.status, refusal.value.numbers) == (503, {"most_members": "2"})
    check_leaderboards(now=NOW)
    assert rank_worker(HOUSE, worker_id=members[0].pk).mine == Place(members[0].pk, 1, 5)


def test_boards_of_past_periods_leave_redis_after_a_while_and_all_time_stays():
    crowd(5)
    check_leaderboards(now=NOW)

    assert run_in_redis("TTL", key_of(HOUSE)) == -1
    assert 0 < run_in_redis("TTL", key_of(WEEK)) <= leaderboards.KEPT.total_seconds()
