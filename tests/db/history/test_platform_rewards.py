"""The sums that the view of platforms reads equal those of all transactions, which it does not read."""

import random
from decimal import Decimal

import pytest
from django.db import connection

from gigstream.core.money import from_micro
from payments.models import PlatformRewards
from platforms import services as platforms
from platforms.services import WorkReport
from reputation.quests import services as quests
from tests.support.books import violated
from tests.support.database.rich_history import History
from tests.support.factories import PlatformFactory, WorkerFactory, started
from tests.support.long_forms import spread
from tests.support.quests import claim, open_quest, wait_for_grant

# The rule: bonuses are confirmed rewards of a task, and the fee is taken on all bonuses of a task together;
# rewards and fees of quests are those that name one.
RULE = """
    SELECT p.id, bonuses.amount, questing.amount, bonuses.fee, questing.fee
    FROM platforms p
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(given.amount), 0) AS amount,
               coalesce(sum(trunc(given.amount * t.fee_bps * 0.0001, 6)), 0) AS fee
        FROM (
            SELECT x.task_id, sum(x.amount) AS amount FROM transactions x
            WHERE x.platform_id = p.id AND x.type = 'reward' AND x.status = 'confirmed'
            GROUP BY x.task_id
        ) given
        JOIN tasks t ON t.id = given.task_id
    ) bonuses
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(x.amount) FILTER (WHERE x.type = 'reward'), 0) AS amount,
               coalesce(sum(x.amount) FILTER (WHERE x.type = 'fee'), 0) AS fee
        FROM transactions x WHERE x.platform_id = p.id AND x.quest_id IS NOT NULL
    ) questing
    ORDER BY p.id
"""
# The fee of tasks and milestones is part of the view's sum as well.
READ = """
    SELECT v.platform_id, v.bonus_amount, v.quest_amount, coalesce(r.bonus_fee, 0), coalesce(r.quest_fee, 0)
    FROM platform_performance_view v LEFT JOIN platform_rewards r USING (platform_id)
    ORDER BY v.platform_id
"""
ALL_FEES = """
    SELECT v.platform_id, v.fee_amount, coalesce(sum(x.amount), 0)
    FROM platform_performance_view v
    LEFT JOIN transactions x ON x.platform_id = v.platform_id AND x.type = 'fee'
        AND (x.task_id IS NOT NULL OR x.quest_id IS NOT NULL)
    GROUP BY v.platform_id, v.fee_amount
"""


def rows(statement: str) -> list[tuple[object, ...]]:
    with connection.cursor() as cursor:
        return cursor.execute(statement).fetchall()


def sums_are_those_of_the_transactions() -> None:
    assert rows(READ) == rows(RULE)
    assert [platform for platform, fees, taken in rows(ALL_FEES) if fees != taken] == []


def test_a_rich_history_has_rewards_of_each_kind_and_their_sums(history):
    kept = PlatformRewards.objects.get(platform=history.platform)

    assert min(kept.bonus_amount, kept.bonus_fee, kept.quest_amount, kept.quest_fee) > 0
    sums_are_those_of_the_transactions()


class Rewarding:
    """Random bonuses and rewards of quests of platforms with different fees, one by one and in batches."""

    def __init__(self, h: History, seed: int) -> None:
        self.h, self.random = h, random.Random(seed)
        self.workers = WorkerFactory.create_batch(5, now=h.later())
        self.platforms = [
            PlatformFactory.create(funds="5000", fee_bps=fee_bps, now=h.later())
            for fee_bps in (0, 1, 333, 10_000)
        ]
        self.tasks = [
            started(self.random.choice(self.workers), platform=platform, amount="1000", now=h.later())
            for platform in self.platforms
            for _ in range(2)
        ]
        self.quests = [
            open_quest(
                platform,
                budget="200",
                reward_amount=self.amount(),
                limit_per_worker=None,
                now=h.later(),
            )
            for platform in self.platforms
        ]
        self.facts = 0

    def amount(self) -> Decimal:
        """Return less than a USDC, often so little that its own fee is less than a micro-USDC."""
        return from_micro(self.random.choice((1, 49, 99, 4_321, self.random.randrange(1, 10**6))))

    def step(self) -> None:
        self.random.choice((self.give_bonuses, self.claim_reward, self.grant_many, self.complete))()

    def give_bonuses(self) -> None:
        platform = self.random.choice(self.platforms)
        tasks = [task for task in self.tasks if task.platform_id == platform.pk]
        reports = [
            WorkReport(self.random.choice(tasks).pk, "bonus", external_id=self.name(), amount=self.amount())
            for _ in range(self.random.randint(1, 4))
        ]
        results = platforms.record_work_events(platform_id=platform.pk, reports=reports, now=self.h.later())
        assert not [result for result in results if isinstance(result, Exception)]

    def claim_reward(self) -> None:
        quest, worker = self.random.choice(self.quests), self.random.choice(self.workers)
        claim(quest, worker, self.name(), now=self.h.later())

    def grant_many(self) -> None:
        worker = WorkerFactory.create(now=self.h.later())
        for quest in self.random.sample(self.quests, 3):
            wait_for_grant(quest, worker, now=self.h.later())
        assert quests.grant_quest_events(now=self.h.later()) == 3

    def complete(self) -> None:
        """Complete a task, of which the pay and the fee are no reward."""
        worker, platform = self.random.choice(self.workers), self.random.choice(self.platforms)
        task = started(worker, platform=platform, amount="0.9", now=self.h.later())
        platforms.complete_task(task_id=task.pk, now=self.h.later())

    def name(self) -> str:
        self.facts += 1
        return f"fact {self.facts}"


@pytest.mark.parametrize("seed", spread(range(20260401, 20260409), of="rewards", one_in=8))
def test_random_rewards_are_summed_up_as_they_are_booked(history, seed):
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL DEFERRED")
    rewarding = Rewarding(history, seed)

    for _ in range(25):
        rewarding.step()
        sums_are_those_of_the_transactions()

    assert PlatformRewards.objects.filter(platform__in=rewarding.platforms, quest_amount__gt=0).count() >= 3
    assert PlatformRewards.objects.filter(platform__in=rewarding.platforms, bonus_amount__gt=0).count() >= 2
    assert violated() == {}
