"""Holds on rewards: an event waits with its money, with the evidence, for a decision by a person or for its
time."""

from datetime import datetime
from typing import Any

from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.reasons import require_reason
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from reputation.models import Quest, QuestEvent
from reputation.quests.enums import QuestEventStatus, QuestStatus
from reputation.quests.errors import EventNotHeld, QuestExhausted
from reputation.quests.services import budgets, granting
from reputation.quests.services.assessments import Hold
from reputation.quests.services.granting import Grants
from reputation.quests.vocabulary import HELD_REWARD, HOLD, KEPT, LET_GO, TIMED_OUT
from reputation.signals import quest_events_rejected

ENDED_AT_ONCE = 500
KEPT_CODE = "quest_reward_refused"


@verb("quest_event.hold", "quest_event")
def hold_event(*, event_id: int, hold: Hold, now: datetime | None = None) -> QuestEvent:
    """Hold the reward of an event that waits, for 14 days (setting): its money stays reserved.

    Raises EventNotHeld for an event that is decided, ReasonMissing, or QuestExhausted.
    """
    now = now or database_now()
    reason = require_reason(hold.reason)
    events = granting.lock_events([event_id], status=QuestEventStatus.RECEIVED)
    if not events:
        raise EventNotHeld(f"event {event_id} does not wait to be granted", event=event_id)
    event = events[0]
    grants = Grants([event], now, holds={event.pk: Hold(reason, hold.evidence)})
    grants.make()
    if grants.rejected:
        raise QuestExhausted(event.message, **event.numbers)
    audit.record("quest_event.hold", event, after={"held_until": event.held_until}, now=now)
    return event


@verb("quest_event.let_go", "quest_event")
def let_go(*, event_id: int, reason: str, now: datetime | None = None) -> QuestEvent:
    """Grant a held reward, by a person with a reason. Raises EventNotHeld or ReasonMissing."""
    now = now or database_now()
    event = _held_event(event_id)
    sentence = "The reward is granted: the hold on it was ended."
    decide(HELD_REWARD, _case(event, LET_GO, _inputs(event), sentence, require_reason(reason)), now=now)
    Grants([event], now).make()
    audit.record("quest_event.let_go", event, metadata={"reason": reason}, now=now)
    return event


@verb("quest_event.keep", "quest_event")
def keep_held(*, event_id: int, reason: str, now: datetime | None = None) -> QuestEvent:
    """Refuse a held reward, by a person with a reason: its money is free again, the worker's count and the
    place stay used. Raises EventNotHeld or ReasonMissing."""
    now = now or database_now()
    reason = require_reason(reason)
    event = _held_event(event_id)
    sentence = f"The reward is refused: {reason}"
    decide(HELD_REWARD, _case(event, KEPT, _inputs(event), sentence, reason), now=now)
    quest = Quest.objects.locked().get(pk=event.quest_id)
    quest.reserved -= event.amount
    event.status, event.rejected_at = QuestEventStatus.REJECTED, now
    event.code, event.message = KEPT_CODE, reason
    granting.write_rewards([quest], [event], now)
    if quest.status == QuestStatus.CLOSED:
        budgets.give_back_free(quest, now=now)
    else:
        budgets.follow_budget(quest, now=now)
    audit.record("quest_event.keep", event, metadata={"reason": reason}, now=now)
    quest_events_rejected.send(sender=QuestEvent, events=[event], now=now)
    return event


def end_due_holds(*, now: datetime | None = None) -> int:
    """Grant the held rewards whose time is over without a decision; return how many."""
    at = now or database_now()
    return repeat_batch(lambda: _end_batch(at), size=ENDED_AT_ONCE)


@in_unit
def _end_batch(now: datetime) -> int:
    due = QuestEvent.objects.held_until(now).order_by("held_until", "pk").values_list("pk", flat=True)
    events = granting.lock_events(list(due[:ENDED_AT_ONCE]), status=QuestEventStatus.HELD)
    if not events:
        return 0
    sentence = "The reward is granted: no decision was taken while it was held."
    cases = [
        _case(event, TIMED_OUT, {**_inputs(event), "held_until": event.held_until}, sentence, "")
        for event in events
    ]
    decide(HOLD, *cases, now=now)
    Grants(events, now).make()
    return len(events)


def _held_event(event_id: int) -> QuestEvent:
    events = granting.lock_events([event_id], status=QuestEventStatus.HELD)
    if not events:
        raise EventNotHeld(f"event {event_id} is not held", event=event_id)
    return events[0]


def _inputs(event: QuestEvent) -> dict[str, Any]:
    return {"quest": event.quest.slug, "amount": event.amount, "evidence": event.hold_evidence}


def _case(event: QuestEvent, outcome: str, inputs: dict[str, Any], sentence: str, reason: str) -> Case:
    return Case(
        subject=event,
        worker_id=event.worker_id,
        outcome=outcome,
        inputs=inputs,
        sentence=sentence,
        reason=reason,
    )
