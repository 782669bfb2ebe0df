"""Sums of the rewards that platforms have paid, kept with the rewards."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from payments import services as payments
from payments.figures.reports import PlatformPerformance
from payments.models import PlatformRewards
from platforms import services as platforms
from platforms.services import WorkReport
from platforms.tasks.errors import BonusTooLarge
from reputation.quests import services as quests
from tests.support.books import violated
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, started
from tests.support.histories import bonus
from tests.support.quests import open_quest, wait_for_grant

pytestmark = pytest.mark.django_db


def sums_of(platform):
    return PlatformRewards.objects.values_list("bonus_amount", "bonus_fee", "quest_amount", "quest_fee").get(
        platform=platform
    )


def statements_on_rewards(act):
    with CaptureQueriesContext(connection) as captured:
        act()
    return [query["sql"] for query in captured if "platform_rewards" in query["sql"]]


def test_bonuses_and_rewards_of_quests_are_summed_up_with_their_fees():
    platform = PlatformFactory(funds="1000", fee_bps=300)
    first, second = (started(platform=platform, amount="10") for _ in range(2))

    bonus(first, "3", at=NOW)
    # The fee on each of two bonuses of 0.00002 is nothing, that on both of a task is a micro-USDC.
    bonus(second, "0.00002", at=NOW)
    wait_for_grant(open_quest(platform, reward_amount="0.5"), WorkerFactory(), WorkerFactory())
    quests.grant_quest_events(now=NOW)

    assert sums_of(platform) == (Decimal("3.00002"), Decimal("0.09"), Decimal(1), Decimal("0.03"))
    performance = PlatformPerformance.objects.get(platform=platform)
    assert (performance.bonus_amount, performance.quest_amount) == (Decimal("3.00002"), Decimal(1))
    assert performance.fee_amount == Decimal("0.12")
    assert violated() == {}


def test_pay_without_rewards_and_gifts_of_the_house_cost_no_statement():
    task = started(platform=PlatformFactory(funds="100"), amount="10")

    def act():
        platforms.complete_task(task_id=task.pk, now=NOW)
        payments.grant_reward(worker_id=task.worker_id, amount="4", reason="welcome", key="hello", now=NOW)

    assert statements_on_rewards(act) == []
    assert not PlatformRewards.objects.exists()


def test_a_batch_with_rewards_of_many_platforms_writes_them_in_a_statement():
    workers = [WorkerFactory() for _ in range(3)]
    owners = [PlatformFactory(funds="1000") for _ in range(3)]
    for owner in owners:
        wait_for_grant(open_quest(owner, reward_amount="2"), *workers)

    statements = statements_on_rewards(lambda: quests.grant_quest_events(now=NOW))

    assert len(statements) == 1
    assert {sums_of(owner) for owner in owners} == {(0, 0, Decimal(6), Decimal("0.12"))}


def test_a_bonus_that_is_refused_adds_nothing():
    task = started(platform=PlatformFactory(funds="100"), amount="10")
    bonus(task, "3", at=NOW)
    before = sums_of(task.platform)

    # A report that was booked before, and one beyond the task's amount.
    bonus(task, "3", at=NOW)
    report = WorkReport(task.pk, "bonus", external_id="another", amount="8")
    with pytest.raises(BonusTooLarge):
        platforms.record_work_event(platform_id=task.platform_id, report=report, now=NOW)

    assert sums_of(task.platform) == before == (Decimal(3), Decimal("0.06"), 0, 0)
