"""Events that platforms receive about their quests, and the settlement of rewards by payouts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from payments.models import Transaction
from payments.signals import transactions_confirmed
from platforms.events.services.events import NewEvent, publish_events
from reputation.models import Quest, QuestEvent
from reputation.quests import payloads
from reputation.quests.services import settling
from reputation.quests.vocabulary import (
    QUEST_CLOSED,
    QUEST_EXHAUSTED,
    QUEST_GRANTED,
    QUEST_OPENED,
    QUEST_REJECTED,
)
from reputation.signals import (
    quest_events_granted,
    quest_events_rejected,
    quests_closed,
    quests_exhausted,
    quests_opened,
)


def _publish_quests(quests: Sequence[Quest], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(quest.platform_id, type_, payloads.of_quest(quest), now)
        for quest in quests
        if quest.platform_id is not None
    )


def _publish_quest_events(events: Sequence[QuestEvent], type_: str, now: datetime) -> None:
    publish_events(
        NewEvent.of(event.quest.platform_id, type_, payloads.of_quest_event(event), now)
        for event in events
        if event.quest.platform_id is not None
    )


@receiver(quests_opened)
def publish_quests_opened(quests: Sequence[Quest], now: datetime, **kwargs: Any) -> None:
    _publish_quests(quests, QUEST_OPENED, now)


@receiver(quests_exhausted)
def publish_quests_exhausted(quests: Sequence[Quest], now: datetime, **kwargs: Any) -> None:
    _publish_quests(quests, QUEST_EXHAUSTED, now)


@receiver(quests_closed)
def publish_quests_closed(quests: Sequence[Quest], now: datetime, **kwargs: Any) -> None:
    _publish_quests(quests, QUEST_CLOSED, now)


@receiver(quest_events_granted)
def publish_quest_events_granted(events: Sequence[QuestEvent], now: datetime, **kwargs: Any) -> None:
    _publish_quest_events(events, QUEST_GRANTED, now)


@receiver(quest_events_rejected)
def publish_quest_events_rejected(events: Sequence[QuestEvent], now: datetime, **kwargs: Any) -> None:
    _publish_quest_events(events, QUEST_REJECTED, now)


@receiver(transactions_confirmed)
def settle_rewards_of_payouts(transactions: Sequence[Transaction], now: datetime, **kwargs: Any) -> None:
    """Settle the rewards that these payouts have carried as a whole."""
    settling.settle_after(transactions, now=now)
