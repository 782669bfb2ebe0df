"""Workers and jobs that meet on the last place of a quest, on one fact, and on one reservation."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest
from django.db import OperationalError, connection

from audit.log.context import acting_as
from audit.log.enums import ActorType
from gigstream.core.errors import Refusal
from gigstream.jobs import registry
from reputation.models import PointsEntry, QuestCount, QuestEvent, Reservation
from reputation.quests import services as quests
from reputation.quests.errors import EventNotHeld, QuestExhausted
from tests.support.books import violated
from tests.support.database.interleaving import acts, hold
from tests.support.factories import NOW, WorkerFactory, balance
from tests.support.quests import (
    DAY,
    agreed,
    claim,
    fact,
    held_rewards,
    open_quest,
    record,
    wait_for_grant,
)
from tests.support.servers.broker import queued_jobs
from tests.support.servers.processes import empty_queues

pytestmark = pytest.mark.django_db(transaction=True)


def crowd(count, call, *, threads=10):
    """Run `call` for each number, in that many threads with a connection each; return the results, refusals
    included."""

    def some(first):
        try:
            return [one(number) for number in range(first, count, threads)]
        finally:
            connection.close()

    def one(number):
        try:
            return call(number)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(threads) as pool:
        return [result for results in pool.map(some, range(threads)) for result in results]


def grant_all():
    while QuestEvent.objects.waiting().exists():
        quests.grant_quest_events(now=NOW)


def test_one_event_from_twenty_clients_grants_once(at_once):
    quest, worker = open_quest(), WorkerFactory()

    results, refusals = at_once(*[partial(record, quest, fact(worker)) for _ in range(20)])

    assert refusals == []
    grant_all()
    assert QuestEvent.objects.count() == 1
    assert {result.event_id for (result,) in results} == {QuestEvent.objects.get().pk}
    assert sorted(result.replayed for (result,) in results) == [False, *[True] * 19]
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_double_tap_on_the_daily_claim_grants_once(at_once):
    quest, worker = open_quest(period="daily"), WorkerFactory()

    results, refusals = at_once(*[partial(claim, quest, worker) for _ in range(4)])

    assert (len(results), refusals) == (4, [])
    grant_all()
    assert balance(worker, "available") == 5
    assert QuestCount.objects.get(worker=worker).n == 1
    assert violated() == {}


def test_two_dates_at_once_do_not_pass_the_cooldown():
    quest, worker = open_quest(period="daily", cooldown_seconds=3600), WorkerFactory()
    agreed(quest, worker)
    today, yesterday = (
        partial(quests.record_events, quest_id=quest.pk, facts=[fact(worker, on=on)], now=NOW)
        for on in (NOW.date(), NOW.date() - DAY)
    )

    with acts() as start:
        first = start(today, stop_before="INSERT INTO quest_events")
        first.wait_until_stopped()
        second = start(yesterday)
        second.wait_until_blocked(by=first)
        (granted,), (refused,) = first.outcome(), second.outcome()

    assert (granted.state, refused.code) == ("granted", "quest_cooldown")
    assert QuestEvent.objects.count() == 1
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_double_tap_on_a_daily_claim_of_points_grants_once(at_once):
    quest = open_quest(house=True, period="daily", reward_kind="points", reward_amount=10, budget=None)
    worker = WorkerFactory()

    at_once(*[partial(claim, quest, worker) for _ in range(4)])

    grant_all()
    assert [entry.amount for entry in PointsEntry.objects.filter(worker=worker)] == [10]
    assert violated() == {}


def test_a_shared_fact_of_two_workers_at_once_is_one_workers(at_once):
    quest, pair = open_quest(kind="on_chain", is_claimable=False), [WorkerFactory() for _ in range(2)]

    results, _ = at_once(*[partial(record, quest, fact(worker, "0xabc")) for worker in pair])

    grant_all()
    codes = Counter(result.code for (result,) in results)
    assert codes == {"": 1, "fact_already_reported": 1}
    assert sorted(balance(worker, "available") for worker in pair) == [0, 5]
    assert violated() == {}


def test_a_budget_of_ten_grants_ten_of_a_hundred_claimants_and_refuses_ninety():
    quest = open_quest(reward_amount="1", budget="10")
    workers = [WorkerFactory() for _ in range(100)]

    results = crowd(100, lambda number: claim(quest, workers[number]))
    grant_all()

    refused = [one for one in results if isinstance(one, Refusal)]
    assert {refusal.code for refusal in refused} <= {"quest_exhausted"}
    late = QuestEvent.objects.filter(status="rejected", code="quest_exhausted")
    assert QuestEvent.objects.filter(status="granted").count() == 10
    assert len(refused) + late.count() == 90
    assert all("free" in event.numbers for event in late)
    assert sum(balance(worker, "available") for worker in workers) == 10
    quest.refresh_from_db()
    assert (quest.granted, quest.places_taken, quest.status) == (10, 10, "exhausted")
    assert violated() == {}


def test_a_claim_that_does_not_get_the_budget_in_time_is_granted_by_the_job():
    quest, first, second = open_quest(budget="10"), WorkerFactory(), WorkerFactory()
    with acts() as start:
        holder = start(hold(quest), stop_after="FOR NO KEY UPDATE")
        holder.wait_until_stopped()

        result = claim(quest, first)

        assert result.state == "received"
        assert balance(first, "available") == 0
        holder.outcome()
    # Whoever comes now stands behind the first, though the budget is free.
    assert claim(quest, second).state == "received"
    assert violated() == {}
    assert quests.grant_quest_events(now=NOW) == 2
    assert [balance(worker, "available") for worker in (first, second)] == [5, 5]
    assert violated() == {}


def test_events_that_wait_are_granted_in_their_order_and_the_others_are_told_why():
    quest = open_quest(budget="10")
    workers = [WorkerFactory() for _ in range(3)]
    with acts() as start:
        holder = start(hold(quest), stop_after="FOR NO KEY UPDATE")
        holder.wait_until_stopped()
        results = [claim(quest, worker) for worker in workers]
        holder.outcome()

    quests.grant_quest_events(now=NOW)

    last = QuestEvent.objects.get(pk=results[2].event_id)
    assert [balance(worker, "available") for worker in workers] == [5, 5, 0]
    assert (last.status, last.code, last.numbers["free"]) == ("rejected", "quest_exhausted", "0.000000")
    assert QuestCount.objects.get(worker=workers[2]).n == 0
    assert violated() == {}


@pytest.fixture
def impatient():
    """Let this thread wait for locks no longer than 100 ms."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
        yield
        cursor.execute("RESET lock_timeout")


def test_rows_that_others_hold_stop_the_events_of_their_quest_alone(impatient):
    held, free = open_quest(), open_quest()
    (waiting,), (other,) = (wait_for_grant(quest, WorkerFactory()) for quest in (held, free))
    with acts() as start:
        holder = start(hold(held), stop_after="FOR NO KEY UPDATE")
        holder.wait_until_stopped()

        with pytest.raises(OperationalError, match="lock timeout"):
            quests.grant_quest_events(now=NOW)

        holder.outcome()
    waiting.refresh_from_db()
    assert (waiting.status, waiting.code, waiting.waits_until) == ("received", "", None)
    assert balance(other.worker, "available") == 5
    assert quests.grant_quest_events(now=NOW) == 1
    assert balance(waiting.worker, "available") == 5
    assert violated() == {}


def test_a_run_beside_another_requests_none_and_the_first_looks_for_more(monkeypatch):
    quest, pair = open_quest(), [WorkerFactory() for _ in range(2)]
    wait_for_grant(quest, pair[0])
    monkeypatch.setattr(registry, "_nudged_at", {})
    empty_queues()
    with acts() as start:
        first = start(partial(quests.grant_quest_events, now=NOW), stop_after="pg_try_advisory_xact_lock")
        first.wait_until_stopped()
        wait_for_grant(quest, pair[1])

        assert [quests.grant_quest_events(now=NOW) for _ in range(3)] == [0, 0, 0]

        assert "grant_quest_events" not in queued_jobs("settlement")
        assert first.outcome() == 2
    assert [balance(worker, "available") for worker in pair] == [5, 5]
    assert "grant_quest_events" not in queued_jobs("settlement")


def test_a_closed_quest_grants_the_events_that_wait():
    quest, worker = open_quest(budget="50"), WorkerFactory()
    with acts() as start:
        holder = start(hold(quest), stop_after="FOR NO KEY UPDATE")
        holder.wait_until_stopped()
        claim(quest, worker)
        holder.outcome()

    quests.close_quest(quest_id=quest.pk, now=NOW)
    quests.grant_quest_events(now=NOW)

    assert balance(worker, "available") == 5
    assert balance(quest.platform, "escrow") == 0
    assert violated() == {}


def test_expiry_against_a_claim_of_the_last_place_decides_once(at_once):
    quest, worker = open_quest(budget="5"), WorkerFactory()
    quests.reserve_place(quest_id=quest.pk, worker_id=agreed(quest, worker).pk, now=NOW)
    at = NOW + DAY

    results, refusals = at_once(
        partial(quests.expire_reservations, now=at),
        partial(claim, quest, worker, now=at - timedelta(microseconds=1)),
        partial(claim, quest, WorkerFactory(), now=at),
    )

    quests.expire_reservations(now=at)
    grant_all()
    quest.refresh_from_db()
    assert len(results) + len(refusals) == 3
    granted = QuestEvent.objects.filter(status="granted")
    assert granted.count() <= 1
    assert (quest.granted, quest.reserved) == (5 * granted.count(), 0)
    used = Reservation.objects.get().status == "used"
    assert used == granted.filter(worker=worker, reservation__isnull=False).exists()
    assert violated() == {}


def test_letting_a_held_reward_go_twice_grants_once(at_once):
    quest, worker = open_quest(), WorkerFactory()
    with held_rewards():
        event_id = claim(quest, worker).event_id

    def let_go(staff):
        with acting_as(ActorType.STAFF, staff):
            return quests.let_go(event_id=event_id, reason="two sisters", now=NOW)

    results, refusals = at_once(
        partial(let_go, "4"), partial(let_go, "5"), partial(_end_holds, NOW + 14 * DAY)
    )

    assert balance(worker, "available") == 5
    assert all(isinstance(refusal, EventNotHeld) for refusal in refusals)
    assert len(results) + len(refusals) == 3
    assert violated() == {}


def _end_holds(at):
    return quests.end_due_holds(now=at)


def test_two_reservations_of_the_last_place_keep_one(at_once):
    quest, pair = open_quest(budget="5"), [WorkerFactory() for _ in range(2)]

    results, refusals = at_once(
        *[
            partial(quests.reserve_place, quest_id=quest.pk, worker_id=agreed(quest, worker).pk, now=NOW)
            for worker in pair
        ]
    )

    assert (len(results), [type(refusal) for refusal in refusals]) == (1, [QuestExhausted])
    quest.refresh_from_db()
    assert (quest.reserved, quest.places_taken) == (5, 1)
    assert violated() == {}
