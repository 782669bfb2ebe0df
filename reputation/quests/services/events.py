"""Reports of facts to a quest, and claims of workers: the event is the truth, the reward follows from it."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.db import OperationalError

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.postgres.lock_waits import short_lock_waits
from gigstream.core.postgres.transactions import sqlstate
from gigstream.core.unit import in_unit
from reputation.models import Quest, QuestEvent
from reputation.quests.enums import QuestEventStatus
from reputation.quests.services import granting
from reputation.quests.services.facts import Fact, FactResult
from reputation.quests.services.granting import Grants
from reputation.quests.services.intake import Intake, find_quest
from reputation.signals import devices_reported

LOCK_NOT_AVAILABLE = "55P03"


@verb("quest.report", "quest")
def record_events(*, quest_id: UUID, facts: Sequence[Fact], now: datetime | None = None) -> list[FactResult]:
    """Record the facts as events of the quest and grant their rewards; return the outcome of each.

    A fact that was reported before is answered with its first result. A refused fact leaves nothing behind
    and does not affect the others. Where the quest's budget is not free within 200 ms, the new events stay
    received, and a job grants them within a second. Raises QuestNotFound.
    """
    quest = find_quest(quest_id)
    results = take_facts(quest, facts, now=now or database_now())
    refusals = [result.refusal for result in results if result.refusal]
    audit.record_refusals("quest.report", "quest", quest_id, refusals)
    return results


def take_facts(quest: Quest, facts: Sequence[Fact], *, now: datetime) -> list[FactResult]:
    """Record the facts, and grant their events now or soon; return the results in their order."""
    intake = Intake(quest, facts, now)
    intake.record()
    events = list(intake.written.values())
    devices = [
        (facts[number].worker_id, quest.platform_id, facts[number].device_id)
        for number in intake.written
        if facts[number].device_id
    ]
    if devices:
        devices_reported.send(sender=Quest, devices=devices, now=now)
    # Events that wait come first: those behind them wait as well.
    if events and (intake.is_behind_others or not _granted_now(events, now)):
        granting.nudge_granting()
    return intake.conclude()


def _granted_now(events: Sequence[QuestEvent], now: datetime) -> bool:
    """Whether the events could be granted without a long wait; if not, they are as they were."""
    try:
        _grant_soon(events, now)
    except OperationalError as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
        for event in events:
            event.status, event.entry_id = QuestEventStatus.RECEIVED, None
            event.granted_at = event.rejected_at = None
            granting.end_wait(event)
            granting.forget_factor(event)
        return False
    return True


@in_unit
def _grant_soon(events: Sequence[QuestEvent], now: datetime) -> None:
    with short_lock_waits(settings.QUEST_HOT_WAIT_MS):
        Grants(events, now).make()
