"""Bounds of the outflow: rewards beyond a quest's hour or a worker's day wait, and follow."""

from datetime import timedelta
from decimal import Decimal

import pytest

from audit.approvals import services as approvals
from audit.log.context import acting_as
from audit.log.enums import ActorType
from reputation.models import QuestEvent, QuestOutflow, WorkerOutflow
from reputation.quests import services as quests
from reputation.quests.errors import InvalidQuest, RewardAboveLimit, RewardsNotDecided
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, balance
from tests.support.pages.admin import member
from tests.support.quests import claim, draft, event_of, fact, held_rewards, open_quest, record
from workers import services as workers

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
NEXT_HOUR = NOW.replace(minute=0) + HOUR


def limited(limit, **given):
    quest = open_quest(**given)
    return quests.set_outflow_limit(quest_id=quest.pk, limit=Decimal(limit), reason="new", now=NOW)


def test_a_reward_beyond_the_hour_of_its_quest_waits_with_the_numbers_and_follows():
    quest, crowd = limited("10"), [WorkerFactory() for _ in range(3)]

    results = [claim(quest, worker) for worker in crowd]

    assert [result.state for result in results] == ["granted", "granted", "received"]
    assert (results[2].code, results[2].numbers) == (
        "quest_outflow_reached",
        {
            "limit": "10.000000",
            "granted": "10.000000",
            "reward": "5.000000",
            "waits_until": NEXT_HOUR.isoformat(),
        },
    )
    assert results[2].message == (
        "the quest grants at most 10.00 USDC an hour and has granted 10.00 USDC: yours, of 5.00 USDC, follows"
        f" from {NEXT_HOUR:%Y-%m-%d %H:%M} UTC on"
    )
    assert event_of(results[2]).waits_until == NEXT_HOUR
    assert balance(crowd[2], "available") == 0
    assert violated() == {}
    assert quests.grant_quest_events(now=NEXT_HOUR - timedelta(seconds=1)) == 0
    assert quests.grant_quest_events(now=NEXT_HOUR) == 1
    event = event_of(results[2])
    assert (event.status, event.code, event.message, event.waits_until) == ("granted", "", "", None)
    assert balance(crowd[2], "available") == 5
    assert list(QuestOutflow.objects.order_by("hour").values_list("hour", "granted", "events")) == [
        (NOW.replace(minute=0), 10, 2),
        (NEXT_HOUR, 5, 1),
    ]
    assert violated() == {}


def test_a_smaller_reward_does_not_overtake_those_that_wait_for_the_hour():
    quest = limited("12", reward_amount="5")
    record(quest, *(fact(WorkerFactory()) for _ in range(3)))
    quests.change_quest(quest_id=quest.pk, changes={"reward_amount": Decimal(1)}, now=NOW)

    late = claim(quest, WorkerFactory())

    assert (late.state, late.code) == ("received", "quest_outflow_reached")
    quests.grant_quest_events(now=NEXT_HOUR)
    events = QuestEvent.objects.order_by("granted_at", "pk")
    assert list(events.values_list("amount", flat=True)) == [5, 5, 5, 1]
    assert violated() == {}


def test_a_worker_gets_a_days_rewards_of_all_quests_and_the_rest_on_the_next(settings):
    settings.QUEST_OUTFLOW_OF_A_DAY = "12"
    worker, other = WorkerFactory(), WorkerFactory()
    platform = PlatformFactory(funds="1000")
    offers = [open_quest(platform) for _ in range(3)]

    results = [claim(quest, worker) for quest in offers]

    assert [result.state for result in results] == ["granted", "granted", "received"]
    assert (results[2].code, results[2].numbers["limit"], results[2].numbers["granted"]) == (
        "worker_outflow_reached",
        "12.000000",
        "10.000000",
    )
    # Nobody else waits for it.
    assert claim(offers[2], other).state == "granted"
    midnight = NOW.replace(hour=0, minute=0) + timedelta(days=1)
    assert event_of(results[2]).waits_until == midnight
    assert quests.grant_quest_events(now=midnight) == 1
    assert balance(worker, "available") == 15
    assert list(
        WorkerOutflow.objects.filter(worker=worker).order_by("date").values_list("date", "granted")
    ) == [
        (NOW.date(), 10),
        (midnight.date(), 5),
    ]
    assert violated() == {}


def test_points_have_the_bound_that_their_quest_is_given():
    unbounded = open_quest(house=True, budget=None, reward_kind="points", reward_amount=20)
    bounded = limited("30", house=True, budget=None, reward_kind="points", reward_amount=20)

    assert [claim(unbounded, WorkerFactory()).state for _ in range(3)] == ["granted"] * 3
    results = [claim(bounded, WorkerFactory()) for _ in range(2)]

    assert [result.state for result in results] == ["granted", "received"]
    assert "at most 30 points an hour and has granted 20 points" in results[1].message
    assert violated() == {}


def test_a_higher_limit_lets_those_that_wait_go_on():
    quest = limited("5")
    first, second = claim(quest, WorkerFactory()), claim(quest, WorkerFactory())
    assert (first.state, second.state) == ("granted", "received")

    quests.set_outflow_limit(quest_id=quest.pk, limit=Decimal(10), reason="many are real", now=NOW)

    assert quests.grant_quest_events(now=NOW) == 1
    assert event_of(second).status == "granted"
    assert violated() == {}


def test_two_members_of_staff_change_a_limit():
    quest = open_quest()
    first, second = member("ann"), member("bob")
    approval = first.does(
        quests.request_outflow_limit, quest_id=quest.pk, limit="25", reason="a leak", now=NOW
    )
    quest.refresh_from_db()
    assert quest.outflow_limit is None

    second.does(approvals.approve, approval_id=approval.pk, now=NOW + timedelta(minutes=1))

    quest.refresh_from_db()
    assert quest.outflow_limit == 25


def test_a_held_reward_that_is_let_go_counts_and_does_not_wait():
    quest, worker = limited("5"), WorkerFactory()
    with held_rewards():
        held = claim(quest, worker)
    claim(quest, WorkerFactory())

    with acting_as(ActorType.STAFF, "4"):
        quests.let_go(event_id=held.event_id, reason="two sisters", now=NOW)

    assert event_of(held).status == "granted"
    assert QuestOutflow.objects.get().granted == 10
    assert claim(quest, WorkerFactory()).state == "received"
    assert violated() == {}


def test_a_quest_whose_single_reward_passes_a_bound_is_not_opened():
    quest = draft(PlatformFactory(funds="1000"), reward_amount="500.000001")
    quests.fund_quest(quest_id=quest.pk, amount="501", now=NOW)

    with pytest.raises(RewardAboveLimit, match=r"500\.000001 is above the 500 .* a worker a day") as refused:
        quests.open_quest(quest_id=quest.pk, now=NOW)

    assert refused.value.numbers == {"reward": "500.000001", "limit": "500"}
    quest.refresh_from_db()
    assert quest.status == "draft"


@pytest.mark.parametrize("limit, refusal", [("0.5", InvalidQuest), ("10", RewardAboveLimit)])
def test_a_limit_that_cannot_hold_is_refused(limit, refusal):
    quest = open_quest(house=True, budget=None, reward_kind="points", reward_amount=20)

    with pytest.raises(refusal):
        quests.set_outflow_limit(quest_id=quest.pk, limit=Decimal(limit), reason="less", now=NOW)

    quest.refresh_from_db()
    assert quest.outflow_limit is None


def test_a_worker_whose_reward_waits_stays_until_it_is_decided():
    quest, worker = limited("5"), WorkerFactory()
    claim(quest, WorkerFactory())
    claim(quest, worker)

    with pytest.raises(RewardsNotDecided) as refused:
        workers.delete_worker(worker_id=worker.pk)

    assert refused.value.numbers == {"rewards": "1"}
