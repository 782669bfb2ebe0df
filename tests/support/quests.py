"""Given: quests of platforms and of the house, made through the services."""

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from audit.log.context import acting_as
from audit.log.enums import ActorType
from payments import services as payments
from platforms.models import Platform
from reputation.models import Quest, QuestEvent
from reputation.quests import services as quests
from reputation.quests.services import Fact, FactResult, Hold, QuestTerms, assessments, register_assessor
from reputation.quests.services.intake import Intake, find_quest
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, consent, settle
from workers.models import Worker
from workers.profiles.enums import PayoutSchedule

_slugs = itertools.count(1)


def terms(**given: Any) -> QuestTerms:
    """Return the terms of a quest that pays 5 USDC once to each worker, unless others are given."""
    return QuestTerms(
        **{
            "slug": f"quest-{next(_slugs)}",
            "title": "Say hello",
            "kind": "custom",
            "reward_kind": "payout",
            "reward_amount": "5",
            "period": "once",
            "is_claimable": True,
            **given,
        }
    )


def draft(
    platform: Platform | None = None, *, house: bool = False, now: datetime = NOW, **given: Any
) -> Quest:
    """Return a draft of a quest by a platform, by one with 1,000 USDC where none is given, or by the
    house."""
    owner = None if house else (platform or PlatformFactory.create(funds="1000")).pk
    return quests.create_quest(platform_id=owner, terms=terms(**given), now=now)


def open_quest(
    platform: Platform | None = None,
    *,
    house: bool = False,
    budget: str | None = "50",
    now: datetime = NOW,
    **given: Any,
) -> Quest:
    """Return an open quest with a budget of 50 USDC, unless others are given."""
    quest = draft(platform, house=house, now=now, **given)
    if budget is not None:
        quests.fund_quest(quest_id=quest.pk, amount=budget, now=now)
    return quests.open_quest(quest_id=quest.pk, now=now)


def fact(worker: Worker, external_id: str = "", *, on: date | None = None, at: datetime = NOW) -> Fact:
    """Return a fact of the worker's own, unless another external id is given."""
    return Fact(worker.pk, "done", external_id or str(worker.pk), on, at, {"by": "test"})


def agreed(quest: Quest, worker: Worker, *, now: datetime = NOW) -> Worker:
    """Return the worker, who has agreed to work for the quest's platform."""
    if quest.platform is not None:
        consent(quest.platform, worker, now=now)
    return worker


def record(quest: Quest, *facts: Fact, now: datetime = NOW) -> list[FactResult]:
    """Record facts of workers who have agreed to work for the quest's platform."""
    for worker in Worker.objects.filter(pk__in={one.worker_id for one in facts}):
        agreed(quest, worker, now=now)
    return quests.record_events(quest_id=quest.pk, facts=facts, now=now)


def claim(quest: Quest, worker: Worker, external_id: str = "", *, now: datetime = NOW) -> FactResult:
    agreed(quest, worker, now=now)
    return quests.claim_reward(quest_id=quest.pk, worker_id=worker.pk, external_id=external_id, now=now)


def event_of(result: FactResult) -> QuestEvent:
    return QuestEvent.objects.get(pk=result.event_id or 0)


def wait_for_grant(quest: Quest, *workers: Worker, now: datetime = NOW) -> list[QuestEvent]:
    """Record a fact of each worker without granting its reward, as when many claim at the same time."""
    intake = Intake(find_quest(quest.pk), [fact(agreed(quest, worker, now=now)) for worker in workers], now)
    with transaction.atomic():
        intake.record()
    return list(intake.written.values())


DAY = timedelta(days=1)


@contextmanager
def held_rewards() -> Iterator[None]:
    """Have each event that waits held, as by a rule of the apps above."""

    def hold_all(events: Sequence[QuestEvent], now: datetime) -> dict[int, Hold]:
        return {event.pk: Hold("two accounts share an address", {"accounts": 2}) for event in events}

    register_assessor(hold_all)
    try:
        yield
    finally:
        assessments._assessors.remove(hold_all)


@contextmanager
def failing_grants(*workers: Worker, error: Exception | None = None) -> Iterator[None]:
    """Have the grant of each event of these workers raise an error, as by a rule of the apps above that has
    a fault."""

    def fail(events: Sequence[QuestEvent], now: datetime) -> dict[int, Hold]:
        if {event.worker_id for event in events} & {worker.pk for worker in workers}:
            raise error or ZeroDivisionError("a rule with a fault")
        return {}

    register_assessor(fail)
    try:
        yield
    finally:
        assessments._assessors.remove(fail)


@dataclass(frozen=True)
class QuestHistory:
    """Quests in which everything has happened: a platform's that pays, the house's, and one of points."""

    worker: Worker
    paying: Quest
    of_house: Quest
    of_points: Quest


def history_of_quests(platform: Platform, *, at: Callable[[], datetime]) -> QuestHistory:
    """Make quests with rewards that are granted, settled, held, let go and refused, and reservations in each
    state. `at` returns the next time."""
    worker, *others = (WorkerFactory.create(now=at()) for _ in range(6))
    paying = open_quest(platform, budget="40.000001", reward_amount="5.000001", now=at())
    payments.set_payout_schedule(worker_id=others[0].pk, schedule=PayoutSchedule.BY_HAND)
    for one in (worker, others[0]):
        claim(paying, one, now=at())
    payments.cash_out(worker_id=worker.pk, now=at())
    settle(at())
    with held_rewards():
        let_go, kept, _ = (claim(paying, one, now=at()) for one in others[1:4])
    with acting_as(ActorType.STAFF, "4"):
        quests.let_go(event_id=let_go.event_id or 0, reason="two sisters", now=at())
        quests.keep_held(event_id=kept.event_id or 0, reason="one person", now=at())
    quests.reserve_place(quest_id=paying.pk, worker_id=agreed(paying, others[4], now=at()).pk, now=at())
    of_points = open_quest(platform, budget=None, reward_kind="points", reward_amount=20, now=at())
    of_house = open_quest(house=True, budget="3", reward_amount="2", limit_per_worker=None, now=at())
    for quest in (of_points, of_house):
        claim(quest, worker, now=at())
    ended = open_quest(platform, budget="9", now=at())
    quests.reserve_place(quest_id=ended.pk, worker_id=worker.pk, now=at())
    claim(ended, worker, now=at())
    quests.close_quest(quest_id=ended.pk, now=at())
    return QuestHistory(worker, paying, of_house, of_points)
