"""Bugs that could have been written into quests, and the races that find them; the play finds the others."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any
from unittest.mock import patch

from django.test import override_settings

from gigstream.core import sql
from gigstream.core.errors import Refusal
from reputation.models import PointsBalance, QuestEvent
from reputation.quests import services as quests
from reputation.quests.services import facts
from reputation.quests.services.intake import Intake
from tests.support.database.interleaving import acts
from tests.support.factories import NOW, WorkerFactory
from tests.support.mutants.detectors import broken_rules
from tests.support.mutants.mutations import Effect, replaced, run
from tests.support.quests import agreed, fact, open_quest
from tests.support.rewards.play import play

# What is booked stands in the transaction then, and the budget is about to be written.
BEFORE_THE_BUDGET = "Write the sums and the status"
STEPS = 400


def one_meets_another(first: Callable[[], Any], second: Callable[[], Any], *, stop_before: str) -> list[str]:
    """Have the second act run while the first stands at a statement; return the codes of refusals."""
    # No act gives up while the other has its row, however busy the machine is.
    with override_settings(QUEST_HOT_WAIT_MS=10_000), acts() as start:
        leading = start(first, stop_before=stop_before)
        leading.wait_until_stopped()
        following = start(second)
        following.wait_until_blocked_or_done()
        outcomes = [leading.outcome(), following.outcome()]
    while QuestEvent.objects.waiting().exists():
        quests.grant_quest_events(now=NOW)
    return [one.code for one in outcomes if isinstance(one, Refusal)]


def _unless_one(rewards: int) -> list[str]:
    return [f"{rewards} rewards"] * (rewards != 1) + broken_rules()


# Detectors


def a_play_differs() -> list[str]:
    """Play acts by chance; return the sort of the difference from the model, if there is any."""
    with override_settings(
        QUEST_HOT_WAIT_MS=1, QUEST_OUTFLOW_OF_AN_HOUR="1000000", QUEST_OUTFLOW_OF_A_DAY="1000000"
    ):
        try:
            play(seed=11, steps=STEPS)
        except AssertionError:
            return ["the play differs"]
    return broken_rules()


def two_workers_report_a_fact() -> list[str]:
    quest, pair = open_quest(), [WorkerFactory.create() for _ in range(2)]
    reports = [
        partial(quests.record_events, quest_id=quest.pk, facts=[fact(agreed(quest, one), "post 7")], now=NOW)
        for one in pair
    ]
    one_meets_another(*reports, stop_before="INSERT INTO quest_events")
    return _unless_one(QuestEvent.objects.filter(status="granted").count())


def two_claims_of_the_last_place_meet() -> list[str]:
    quest = open_quest(house=True, reward_kind="points", reward_amount=10, budget="10")
    claims = [
        partial(quests.claim_reward, quest_id=quest.pk, worker_id=WorkerFactory.create().pk, now=NOW)
        for _ in range(2)
    ]
    one_meets_another(*claims, stop_before=BEFORE_THE_BUDGET)
    return _unless_one(QuestEvent.objects.filter(status="granted").count())


def two_rewards_of_points_meet() -> list[str]:
    worker = WorkerFactory.create()
    pair = [
        open_quest(house=True, reward_kind="points", reward_amount=10, budget=None, title=f"Quest {number}")
        for number in range(3)
    ]
    claim_first, *claims = [
        partial(quests.claim_reward, quest_id=quest.pk, worker_id=worker.pk, now=NOW) for quest in pair
    ]
    claim_first()
    one_meets_another(*claims, stop_before=BEFORE_THE_BUDGET)
    balance = PointsBalance.objects.get(worker=worker).balance
    return [f"a balance of {balance}"] * (balance != 30) + broken_rules()


# Mutations


@contextmanager
def distinct_nulls() -> Iterator[list[Effect]]:
    """Let the unique key of facts take dates that are missing for different dates."""
    name = "quest_event_reported_once"
    definition = run(f"SELECT pg_get_constraintdef(oid) FROM pg_constraint WHERE conname = '{name}'")
    usual = definition.replace(" NULLS NOT DISTINCT", "")
    run(f"ALTER TABLE quest_events DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {usual}")
    try:
        yield [Effect(reached=int(usual != definition))]
    finally:
        # Facts that were recorded twice meanwhile do not fit the key any more.
        run("TRUNCATE quest_events CASCADE")
        run(f"ALTER TABLE quest_events DROP CONSTRAINT {name}, ADD CONSTRAINT {name} {definition}")


def lease_ignored() -> AbstractContextManager[list[Effect]]:
    """Let a reservation be used, however long ago its lease was over."""

    def change(real: Callable[..., Any]) -> Callable[..., Any]:
        def reservation_for(intake: Intake, fact_: Any, dated: Any) -> Any:
            found = intake._reserved.get(fact_.worker_id)
            return found if found is not None and found.period_date == dated else None

        return reservation_for

    return replaced(Intake, "_reservation_for", change)


@contextmanager
def points_added_in_python() -> Iterator[list[Effect]]:
    """Let balances of points be read without a lock and written as they were computed then."""
    effect, read = Effect(), sql.text
    missing = (
        "WHERE NOT EXISTS (SELECT FROM points_balances b WHERE b.worker_id = wanted.worker_id"
        " AND b.platform_id IS NOT DISTINCT FROM wanted.platform_id) ORDER BY worker_id"
    )
    changes = {
        # An insert that conflicts waits for a change of the row, as a lock does.
        "reputation/points/make_balances": [("ORDER BY worker_id", missing)],
        "reputation/points/lock_balances": [("FOR NO KEY UPDATE OF b", "")],
        "reputation/points/book_points": [
            ("SET balance = b.balance + change.amount", "SET balance = change.amount"),
            (
                "SELECT balance_id, sum(amount) AS amount FROM fresh",
                "SELECT balance_id, max(balance_after) AS amount FROM fresh",
            ),
        ],
    }

    def changed(name: str) -> str:
        text = read(name)
        for old, new in changes.get(name, ()):
            effect.reached += old in text
            text = text.replace(old, new)
        return text

    with patch.object(sql, "text", changed):
        yield [effect]


def dates_of_utc() -> AbstractContextManager[list[Effect]]:
    """Let the dates of all workers be those of Greenwich."""
    return replaced(facts, "local_date", lambda real: lambda at, time_zone: at.date())
