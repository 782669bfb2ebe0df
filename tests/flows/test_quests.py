"""Quests that pay: budgets, claims, reports, and what is refused with its numbers."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments.ledger.enums import AccountName
from payments.ledger.errors import InsufficientFunds
from payments.ledger.services import accounts
from payments.models import LedgerEntry
from reputation.models import PointsBalance, PointsEntry, QuestCount, QuestEvent
from reputation.quests import services as quests
from reputation.quests.errors import (
    InvalidQuest,
    NotClaimable,
    PoolExhausted,
    QuestExhausted,
    QuestLimitReached,
    QuestNotOpen,
)
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance, house_balance
from tests.support.quests import DAY, agreed, claim, draft, event_of, fact, open_quest, record

pytestmark = pytest.mark.django_db


def test_a_budget_is_held_with_the_fee_on_it():
    platform = PlatformFactory(funds="100")

    quest = open_quest(platform, budget="50")

    assert balance(platform, "available") == 49
    assert balance(platform, "escrow") == 51
    quest.refresh_from_db()
    assert (quest.budget, quest.granted, quest.reserved, quest.status) == (50, 0, 0, "open")
    assert violated() == {}


def test_a_budget_needs_the_money_and_the_fee():
    platform = PlatformFactory(funds="50.99")
    quest = draft(platform)

    with pytest.raises(InsufficientFunds, match=r"available 50\.99 USDC, requested 51\.00 USDC"):
        quests.fund_quest(quest_id=quest.pk, amount="50", now=NOW)

    assert balance(platform, "escrow") == 0
    assert violated() == {}


def test_a_claim_pays_the_worker_and_the_fee_once():
    quest, worker = open_quest(), WorkerFactory()

    first = claim(quest, worker)
    again = claim(quest, worker)

    assert (first.state, first.replayed) == ("granted", False)
    assert (again.event_id, again.state, again.replayed) == (first.event_id, "granted", True)
    assert balance(worker, "available") == 5
    assert house_balance("fees") == Decimal("0.1")
    assert balance(quest.platform, "escrow") == Decimal("45.9")
    quest.refresh_from_db()
    assert (quest.granted, quest.places_taken) == (5, 1)
    event = event_of(first)
    assert event.entry.idempotency_key == f"reward:quest_event:{event.pk}"
    assert event.entry.amount == 5
    assert violated() == {}


def test_small_rewards_carry_the_fee_on_their_sum():
    quest = open_quest(reward_amount="0.00004", budget="0.0004")

    for _ in range(5):
        claim(quest, WorkerFactory())

    assert house_balance("fees") == Decimal("0.000004")
    assert violated() == {}


def test_the_last_reward_exhausts_the_quest_and_the_next_claim_is_refused_with_the_numbers():
    quest = open_quest(budget="10")
    claim(quest, WorkerFactory())
    claim(quest, WorkerFactory())
    late = WorkerFactory()

    with pytest.raises(QuestExhausted) as refused:
        claim(quest, late)

    assert refused.value.numbers == {
        "needed": "5.000000",
        "free": "0.000000",
        "budget": "10.000000",
        "granted": "10.000000",
        "reserved": "0.000000",
    }
    quest.refresh_from_db()
    assert quest.status == "exhausted"
    assert balance(late, "available") == 0
    assert not QuestEvent.objects.filter(worker=late).exists()
    quests.fund_quest(quest_id=quest.pk, amount="5", now=NOW)
    assert claim(quest, late).state == "granted"
    assert violated() == {}


def test_a_batch_takes_what_there_is_room_for():
    quest = open_quest(budget="10")
    crowd = [WorkerFactory() for _ in range(3)]

    results = record(quest, *(fact(worker) for worker in crowd))

    assert [result.state for result in results] == ["granted", "granted", "refused"]
    assert results[2].code == "quest_exhausted"
    assert results[2].event_id is None
    assert [balance(worker, "available") for worker in crowd] == [5, 5, 0]
    assert violated() == {}


def test_a_fact_in_one_batch_twice_counts_once():
    quest, worker = open_quest(), WorkerFactory()

    first, second = record(quest, fact(worker), fact(worker))

    assert (first.state, first.replayed, second.state, second.replayed) == ("granted", False, "granted", True)
    assert first.event_id == second.event_id
    assert balance(worker, "available") == 5
    assert violated() == {}


def test_a_shared_fact_belongs_to_its_first_reporter():
    quest = open_quest(kind="on_chain", is_claimable=False)
    first, second = WorkerFactory(), WorkerFactory()

    results = record(quest, fact(first, "0xabc"), fact(second, "0xabc"))
    later = record(quest, fact(second, "0xabc"))

    assert [result.state for result in results] == ["granted", "refused"]
    assert (later[0].state, later[0].code) == ("refused", "fact_already_reported")
    assert balance(second, "available") == 0
    assert violated() == {}


def test_a_limit_counts_each_worker_of_a_batch_in_order():
    quest = open_quest(limit_per_worker=2)
    worker, other = WorkerFactory(), WorkerFactory()

    results = record(quest, *(fact(worker, f"{worker.pk}:{n}") for n in range(3)), fact(other))

    assert [result.state for result in results] == ["granted", "granted", "refused", "granted"]
    assert (results[2].code, results[2].numbers["limit"], results[2].numbers["used"]) == (
        "quest_limit_reached",
        "2",
        "2",
    )
    assert QuestCount.objects.get(worker=worker).n == 2
    with pytest.raises(QuestLimitReached):
        claim(quest, worker, "third")
    assert balance(worker, "available") == 10
    assert violated() == {}


def test_a_daily_quest_counts_by_the_dates_of_the_workers_time_zone():
    quest = open_quest(period="daily")
    worker = WorkerFactory()
    worker.time_zone = "Pacific/Auckland"
    worker.save(update_fields=["time_zone"])
    # 12:00 UTC on 2 March is 01:00 of the 3rd in Auckland, as 10:00 of the 3rd is 23:00.
    first = claim(quest, worker, now=NOW)

    again = claim(quest, worker, now=NOW + timedelta(hours=22))
    next_day = claim(quest, worker, now=NOW + timedelta(hours=24))

    assert event_of(first).event_date.isoformat() == "2026-03-03"
    assert (again.event_id, again.replayed) == (first.event_id, True)
    assert (next_day.state, event_of(next_day).event_date.isoformat()) == ("granted", "2026-03-04")
    assert balance(worker, "available") == 10
    assert violated() == {}


def test_places_of_a_quest_are_counted_over_all_workers():
    quest = open_quest(limit_total=2)
    claim(quest, WorkerFactory())
    claim(quest, WorkerFactory())

    with pytest.raises(QuestExhausted, match="all 2 places of the quest are taken"):
        claim(quest, WorkerFactory())

    quest.refresh_from_db()
    assert (quest.status, quest.granted) == ("exhausted", 10)


@pytest.mark.parametrize(
    "given, code",
    [
        ({"min_tier": "Gold"}, "quest_not_eligible"),
        ({"min_account_age_days": 1}, "quest_not_eligible"),
        ({"countries": ["HU"]}, "quest_not_eligible"),
        ({"starts_at": NOW + DAY}, "quest_not_open"),
        ({"ends_at": NOW + DAY, "starts_at": NOW}, "granted"),
    ],
)
def test_who_may_take_part_and_when(given, code):
    quest, worker = open_quest(**given), WorkerFactory()

    (result,) = record(quest, fact(worker))

    assert code in (result.code, result.state)
    assert balance(worker, "available") == (5 if code == "granted" else 0)


def test_a_fact_of_the_future_is_refused():
    quest, worker = open_quest(), WorkerFactory()

    (result,) = record(quest, fact(worker, at=NOW + timedelta(minutes=6)))

    assert (result.state, result.code) == ("refused", "invalid_fact")
    assert not QuestEvent.objects.exists()


def test_a_cooldown_is_kept():
    quest, worker = open_quest(limit_per_worker=None, cooldown_seconds=3600), WorkerFactory()
    claim(quest, worker, "a")

    (early,) = record(
        quest, fact(worker, "b", at=NOW + timedelta(minutes=59)), now=NOW + timedelta(minutes=59)
    )
    (later,) = record(quest, fact(worker, "b", at=NOW + timedelta(hours=1)), now=NOW + timedelta(hours=1))

    assert (early.code, later.state) == ("quest_cooldown", "granted")
    assert early.numbers["until"] == "2026-03-02T13:00:00+00:00"


def test_only_claimable_quests_are_claimed():
    quest, worker = open_quest(is_claimable=False), WorkerFactory()

    with pytest.raises(NotClaimable):
        claim(quest, worker)

    assert balance(worker, "available") == 0


def test_closing_gives_back_what_is_free_with_its_fee():
    platform = PlatformFactory(funds="100")
    quest = open_quest(platform, budget="50")
    claim(quest, WorkerFactory())

    closed = quests.close_quest(quest_id=quest.pk, now=NOW)

    assert (closed.status, closed.budget) == ("closed", 5)
    assert balance(platform, "escrow") == 0
    assert balance(platform, "available") == Decimal("94.9")
    with pytest.raises(QuestNotOpen, match="the quest is closed"):
        claim(quest, WorkerFactory())
    assert violated() == {}


def test_a_paused_quest_takes_nothing_until_it_goes_on():
    quest, worker = open_quest(), WorkerFactory()
    quests.pause_quest(quest_id=quest.pk, now=NOW)

    with pytest.raises(QuestNotOpen, match="the quest is paused"):
        claim(quest, worker)
    quests.open_quest(quest_id=quest.pk, now=NOW)

    assert claim(quest, worker).state == "granted"


def test_the_house_pays_out_of_its_rewards_within_a_weekly_pool(settings):
    settings.QUEST_POOL_OF_A_WEEK = "60"
    quest, worker = open_quest(house=True, budget="50"), WorkerFactory()

    claim(quest, worker)

    assert balance(worker, "available") == 5
    assert house_balance("rewards") == -5
    with pytest.raises(PoolExhausted, match=r"given 50\.00 USDC of 60\.00 USDC .* requested 10\.000001 USDC"):
        quests.fund_quest(quest_id=quest.pk, amount="10.000001", now=NOW)
    quests.fund_quest(quest_id=quest.pk, amount="10", now=NOW)
    quests.fund_quest(quest_id=quest.pk, amount="60", now=NOW + 7 * DAY)
    assert violated() == {}


@pytest.mark.parametrize(
    "given",
    [
        {"limit_per_worker": 0},
        {"limit_total": 0},
        {"reward_kind": "points", "reward_amount": "1.5"},
        {"starts_at": NOW, "ends_at": NOW},
        *({"slug": slug} for slug in ("", "Hello", "a--b", "a-", "a\n", "d\u00e9j\u00e0")),
        *({"countries": [country]} for country in ("XX", "h\n", "HUN", "")),
    ],
)
def test_terms_that_are_wrong_or_contradict_are_refused(given):
    with pytest.raises(InvalidQuest):
        draft(**given)


def test_changed_rewards_hold_for_new_events():
    quest, first, second = open_quest(), WorkerFactory(), WorkerFactory()
    claim(quest, first)

    quests.change_quest(quest_id=quest.pk, changes={"reward_amount": "7"}, now=NOW)
    claim(quest, second)

    assert [balance(worker, "available") for worker in (first, second)] == [5, 7]
    assert LedgerEntry.objects.filter(kind="reward").count() == 2
    assert violated() == {}


def test_points_go_to_the_owner_of_their_quest_and_need_no_money():
    platform = PlatformFactory()
    of_platform = open_quest(platform, budget=None, reward_kind="points", reward_amount="20")
    of_house = open_quest(house=True, budget="30", reward_kind="points", reward_amount="15")
    worker = WorkerFactory()

    results = [claim(quest, worker) for quest in (of_platform, of_house, of_house)]
    claim(of_house, WorkerFactory())

    assert [result.replayed for result in results] == [False, False, True]
    balances = PointsBalance.objects.filter(worker=worker).values_list("platform", "balance")
    assert set(balances) == {(platform.pk, 20), (None, 15)}
    assert PointsEntry.objects.get(platform=platform).quest_event_id == results[0].event_id
    of_house.refresh_from_db()
    assert (of_house.granted, of_house.budget, of_house.status) == (30, 30, "exhausted")
    assert not LedgerEntry.objects.filter(kind="reward").exists()
    assert violated() == {}


def test_a_batch_takes_hardly_more_statements_than_a_single_fact():
    quest = open_quest(budget="900")
    crowd = [agreed(quest, WorkerFactory()) for _ in range(102)]
    # The first reward of a worker opens their account.
    accounts.of_workers([worker.pk for worker in crowd], AccountName.AVAILABLE)

    with CaptureQueriesContext(connection) as single:
        quests.record_events(quest_id=quest.pk, facts=[fact(crowd[0])], now=NOW)
    with CaptureQueriesContext(connection) as batch:
        results = quests.record_events(quest_id=quest.pk, facts=[fact(one) for one in crowd[1:]], now=NOW)

    assert {result.state for result in results} == {"granted"}
    assert len(batch) <= 1.5 * len(single)
    assert violated() == {}


def test_a_quest_without_a_bound_gets_none_below_what_it_has_given():
    quest = open_quest(house=True, budget=None, reward_kind="points", reward_amount=20, limit_per_worker=None)
    for external_id in ("a", "b"):
        claim(quest, WorkerFactory(), external_id)

    with pytest.raises(InvalidQuest, match=r"has granted and reserved 40.*cannot be 39"):
        quests.fund_quest(quest_id=quest.pk, amount="39", now=NOW)
    quest.refresh_from_db()
    assert quest.budget is None
    quests.fund_quest(quest_id=quest.pk, amount="40", now=NOW)

    with pytest.raises(QuestExhausted):
        claim(quest, WorkerFactory())
    assert violated() == {}
