"""Sums of rewards that are written at once, and rebuilt while rewards are paid."""

from functools import partial

import pytest

from payments import services as payments
from payments.models import PlatformRewards
from platforms import services as platforms
from platforms.services import WorkReport
from reputation.quests.services import claim_reward, grant_quest_events
from tests.support.database.interleaving import acts
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, started
from tests.support.quests import agreed, open_quest

pytestmark = pytest.mark.django_db(transaction=True)


def giving(task, amount, name="b"):
    report = WorkReport(task.pk, "bonus", external_id=name, amount=amount)
    return partial(platforms.record_work_event, platform_id=task.platform_id, report=report, now=NOW)


def test_a_bonus_and_a_reward_of_a_quest_at_once_are_both_counted(at_once, books_balance):
    platform, worker = PlatformFactory(funds="1000"), WorkerFactory()
    tasks = [started(platform=platform, amount="10") for _ in range(4)]
    quest = open_quest(platform, reward_amount="2", limit_per_worker=None)
    agreed(quest, worker)
    claims = [
        partial(claim_reward, quest_id=quest.pk, worker_id=worker.pk, external_id=str(n), now=NOW)
        for n in range(4)
    ]

    _, refusals = at_once(*(giving(task, "3") for task in tasks), *claims)
    grant_quest_events(now=NOW)

    assert refusals == []
    kept = PlatformRewards.objects.get(platform=platform)
    assert (kept.bonus_amount, kept.quest_amount) == (12, 8)
    books_balance()


@pytest.mark.parametrize("is_first", [True, False], ids=["the first reward", "a later reward"])
def test_a_rebuild_waits_for_a_reward_that_is_being_paid(books_balance, is_first):
    task = started(platform=PlatformFactory(funds="1000"), amount="10")
    if not is_first:
        giving(task, "1", name="a")()

    with acts() as start:
        reward = start(giving(task, "3"), stop_after="INSERT INTO platform_rewards")
        reward.wait_until_stopped()
        rebuild = start(payments.recompute_platform_rewards)
        rebuild.wait_until_blocked(by=reward)
        reward.outcome()
        assert rebuild.outcome() == 0

    assert PlatformRewards.objects.get().bonus_amount == (3 if is_first else 4)
    books_balance()


def test_a_reward_waits_for_a_rebuild(books_balance):
    task = started(platform=PlatformFactory(funds="1000"), amount="10")
    giving(task, "1", name="a")()
    PlatformRewards._base_manager.update(bonus_amount=7)

    with acts() as start:
        rebuild = start(payments.recompute_platform_rewards, stop_after="DELETE FROM platform_rewards")
        rebuild.wait_until_stopped()
        reward = start(giving(task, "3"))
        reward.wait_until_blocked(by=rebuild)
        assert rebuild.outcome() == 1
        reward.outcome()

    assert PlatformRewards.objects.get().bonus_amount == 4
    books_balance()
