"""Rewards of check-ins: facts for the quests of the kind check_in."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import Q

from platforms.models import Consent
from reputation.models import CheckIn, Quest
from reputation.quests.enums import QuestKind, QuestPeriod, QuestStatus
from reputation.quests.services import Fact, record_events
from reputation.streaks.calculations import bonuses_between, earns_bonus
from workers.models import Worker

BONUS = "streak_bonus"


@dataclass(frozen=True, slots=True)
class Reward:
    """Reward of a quest for a claim: the state of its event, or `refused` with the code and the numbers.
    `streak_days` is the length that a bonus rewards."""

    quest_id: UUID
    streak_days: int | None
    event_id: int | None
    state: str
    code: str
    message: str
    numbers: dict[str, str] = field(default_factory=dict)


def report_claim(*, worker: Worker, check_in: CheckIn, now: datetime) -> list[Reward]:
    """Report the claimed check-in to the house's quests and those of the platforms that the worker works for:
    the date to a daily quest, and the bonuses that the streak has reached to one with `metadata.bonuses`."""
    working_for = Consent.objects.filter(worker=worker, ended_at=None).values("platform")
    quests = Quest.objects.filter(
        Q(platform__isnull=True) | Q(platform__in=working_for),
        kind=QuestKind.CHECK_IN,
        status__in=[QuestStatus.OPEN, QuestStatus.EXHAUSTED],
    )
    reached = _bonuses_of(check_in)
    rewards = []
    for quest in quests.order_by("pk"):
        facts = list(_facts_for(quest, check_in, reached, now))
        if not facts:
            continue
        results = record_events(quest_id=quest.pk, facts=[fact for fact, _ in facts], now=now)
        rewards += [
            Reward(quest.pk, days, result.event_id, result.state, result.code, result.message, result.numbers)
            for (_, days), result in zip(facts, results, strict=True)
        ]
    return rewards


def _facts_for(
    quest: Quest, check_in: CheckIn, reached: list[int], now: datetime
) -> Iterator[tuple[Fact, int | None]]:
    """Yield the facts that the quest rewards, each with the length of the streak if it is a bonus."""
    worker_id, started_on = check_in.worker_id, check_in.streak_started_on
    evidence = {
        "check_in": check_in.pk,
        "streak_started_on": str(started_on),
        "streak_days": check_in.streak_days,
    }
    if quest.period == QuestPeriod.DAILY:
        yield (
            Fact(worker_id, QuestKind.CHECK_IN, str(worker_id), check_in.local_date, now, evidence),
            None,
        )
        return
    for days in reached:
        if earns_bonus(days, _rewarded_lengths(quest)):
            external_id = f"{worker_id}:{started_on}:{days}"
            yield Fact(worker_id, BONUS, external_id, None, now, {**evidence, "bonus": days}), days


def _rewarded_lengths(quest: Quest) -> frozenset[int]:
    """Return the lengths of streaks that the quest rewards; none unless its owner has written a list of whole
    numbers."""
    given = quest.metadata.get("bonuses")
    return frozenset(one for one in given if type(one) is int) if isinstance(given, list) else frozenset()


def _bonuses_of(check_in: CheckIn) -> list[int]:
    """Return the lengths with a bonus that the streak has reached since the claim before. A streak that an
    outage has made longer may have reached several."""
    earlier = CheckIn.objects.filter(
        worker=check_in.worker_id,
        local_date__lt=check_in.local_date,
        streak_started_on=check_in.streak_started_on,
    )
    before = earlier.order_by("-local_date").values_list("streak_days", flat=True).first()
    return bonuses_between(before or 0, check_in.streak_days or 0)
