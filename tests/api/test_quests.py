"""Quests over the API: a platform makes one, workers take part, and both see what became of it."""

import json

import pytest

from gigstream.core.clock import database_now
from platforms.platforms.scopes import scope_names
from reputation.models import QuestEvent
from tests.support.api.client import Api, is_problem
from tests.support.books import violated
from tests.support.database.interleaving import acts, hold
from tests.support.factories import PlatformFactory, WorkerFactory, balance, consent
from tests.support.quests import agreed, open_quest

QUEST = {
    "slug": "first-shelf",
    "title": "Your first shelf",
    "kind": "custom",
    "reward_kind": "payout",
    "reward_amount": "5",
    "period": "once",
}


@pytest.fixture
def platform(db):
    return PlatformFactory(funds="100", now=database_now())


@pytest.fixture
def worker(db):
    return WorkerFactory(now=database_now())


def body_of(answer, status=200):
    assert answer.status_code == status, answer.content
    return json.loads(answer.content)


def test_a_platform_drafts_funds_opens_and_closes_a_quest(platform):
    api = Api.of(platform, scopes=scope_names())

    drafted = body_of(api.post("quests", QUEST), 201)
    address = f"quests/{drafted['id']}"
    funded = body_of(api.post(f"{address}/fund", {"amount": "50"}))
    opened = body_of(api.post(f"{address}/open"))
    changed = body_of(api.patch(address, {"limit_total": 3}))
    closed = body_of(api.post(f"{address}/close"))

    assert (drafted["status"], drafted["budget"], drafted["fee_bps"]) == ("draft", "0.000000", 200)
    assert (funded["budget"], opened["status"], changed["limit_total"]) == ("50.000000", "open", 3)
    assert (closed["status"], closed["budget"]) == ("closed", "0.000000")
    assert balance(platform, "available") == 100
    types = [event["type"] for event in body_of(api.get("events"))["items"]]
    assert [type_ for type_ in types if type_.startswith("quest.")] == ["quest.opened", "quest.closed"]


def test_a_batch_of_reports_has_a_result_for_each(platform, worker):
    api = Api.of(platform, scopes=scope_names())
    quest = open_quest(platform, budget="50", now=database_now())
    consent(platform, worker, now=database_now())
    stranger = WorkerFactory(now=database_now())
    events = [{"worker_id": str(one.pk)} for one in (worker, worker, stranger)]

    answer = body_of(api.post(f"quests/{quest.pk}/events", {"events": [*events, {"worker_id": 7}]}))

    assert [one["status"] for one in answer["results"]] == [201, 200, 404, 400]
    assert answer["results"][0]["event"]["status"] == "granted"
    assert balance(worker, "available") == 5
    figures = body_of(api.get(f"quests/{quest.pk}/figures"))
    assert (figures["granted"], figures["workers"], figures["granted_amount"]) == (1, 1, "5.000000")
    assert figures["free_amount"] == "45.000000"
    (row,) = body_of(api.get(f"quests/{quest.pk}/events", status="granted"))["items"]
    assert (row["worker_id"], row["amount"]) == (str(worker.pk), "5.000000")


def test_a_worker_sees_why_a_quest_is_not_open_to_them_and_the_numbers(platform, worker):
    now = database_now()
    open_quest(platform, budget="10", now=now)
    open_quest(platform, budget="10", countries=["HU"], min_tier="Gold", now=now)
    consent(platform, worker, now=now)
    open_quest(now=now)
    me = Api.as_worker(worker)

    closed, free = body_of(me.get("me/quests"))["items"]

    assert (free["is_open_to_me"], free["obstacles"], free["used"]) == (True, [], 0)
    assert free["platform_name"] == platform.name
    (obstacle,) = closed["obstacles"]
    assert (closed["is_open_to_me"], obstacle["code"]) == (False, "quest_not_eligible")
    assert obstacle["numbers"]["tier"] == "a score of 500, needs Gold (a score of 700)"
    assert "200 more points" in obstacle["message"]


def test_a_claim_is_answered_with_its_reward_and_a_repetition_with_the_first(platform, worker):
    quest = open_quest(platform, budget="10", now=database_now())
    consent(platform, worker, now=database_now())
    me = Api.as_worker(worker)

    reserved = body_of(me.post(f"me/quests/{quest.pk}/reserve"), 201)
    offered = body_of(me.get("me/quests"))["items"][0]
    claimed = body_of(me.post(f"me/quests/{quest.pk}/claim"))
    again = body_of(me.post(f"me/quests/{quest.pk}/claim"))

    assert (reserved["amount"], offered["reservation"]["id"]) == ("5.000000", reserved["id"])
    assert (claimed["status"], claimed["amount"], claimed["replayed"]) == ("granted", "5.000000", False)
    assert (again["id"], again["replayed"]) == (claimed["id"], True)
    (reward,) = body_of(me.get("me/rewards"))["items"]
    assert (reward["id"], reward["tx_hashes"], reward["settled_at"]) == (claimed["id"], [], None)
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_dry_run_of_a_claim_shows_the_reward_and_books_nothing(platform, worker):
    quest = open_quest(platform, budget="10", now=database_now())
    consent(platform, worker, now=database_now())

    seen = body_of(Api.as_worker(worker).post(f"me/quests/{quest.pk}/claim?dry_run=true"))

    assert (seen["dry_run"], seen["answer"]["status"]) == (True, "granted")
    assert [posting["kind"] for posting in seen["postings"]] == ["reward", "fee"]
    assert balance(worker, "available") == 0
    assert not QuestEvent.objects.exists()


def test_the_quest_of_another_platform_is_not_there(platform):
    quest = open_quest(now=database_now())
    api = Api.of(platform, scopes=scope_names())

    for answer in (
        api.get(f"quests/{quest.pk}"),
        api.post(f"quests/{quest.pk}/fund", {"amount": "1"}),
        api.post(f"quests/{quest.pk}/events", {"events": [{"worker_id": str(quest.pk)}]}),
    ):
        is_problem(answer, 404, "not_found")


def test_a_key_without_the_scope_reports_nothing(platform):
    quest = open_quest(platform, budget="10", now=database_now())
    api = Api.of(platform, scopes=["quests:read"])

    answer = api.post(f"quests/{quest.pk}/events", {"events": [{"worker_id": str(quest.pk)}]})

    is_problem(answer, 403, "insufficient_scope")


@pytest.mark.django_db(transaction=True)
def test_a_claim_that_waits_is_answered_with_202():
    worker = WorkerFactory(now=database_now())
    quest = open_quest(budget="10", now=database_now())
    agreed(quest, worker, now=database_now())
    with acts() as start:
        holder = start(hold(quest), stop_after="FOR NO KEY UPDATE")
        holder.wait_until_stopped()

        answer = body_of(Api.as_worker(worker).post(f"me/quests/{quest.pk}/claim"), 202)
        holder.outcome()

    assert (answer["status"], answer["granted_at"], answer["replayed"]) == ("received", None, False)
