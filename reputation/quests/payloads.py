"""Payloads of events about quests: each is complete, so that the latest event is enough."""

from typing import Any

from platforms.events.payloads import money
from reputation.quests.models import Quest, QuestEvent


def of_quest(quest: Quest) -> dict[str, Any]:
    """Return the quest as it is now."""
    return {
        "id": quest.pk,
        "slug": quest.slug,
        "title": quest.title,
        "kind": quest.kind,
        "status": quest.status,
        "reward_kind": quest.reward_kind,
        "reward_amount": money(quest.reward_amount),
        "budget": money(quest.budget),
        "granted": money(quest.granted),
        "reserved": money(quest.reserved),
        "places_taken": quest.places_taken,
        "limit_total": quest.limit_total,
        "starts_at": quest.starts_at,
        "ends_at": quest.ends_at,
        "closed_at": quest.closed_at,
        "created_at": quest.created_at,
        "metadata": quest.metadata,
    }


def of_quest_event(event: QuestEvent) -> dict[str, Any]:
    """Return the event of a quest as its platform knows it."""
    return {
        "id": event.pk,
        "quest_id": event.quest_id,
        "worker_id": event.worker_id,
        "event_type": event.event_type,
        "external_id": event.external_id,
        "event_date": event.event_date,
        "occurred_at": event.occurred_at,
        "status": event.status,
        "reward_kind": event.reward_kind,
        "amount": money(event.amount),
        "factor": str(event.factor),
        "granted_amount": money(event.reward) if event.granted_at else None,
        "waits_until": event.waits_until,
        "granted_at": event.granted_at,
        "rejected_at": event.rejected_at,
        "code": event.code,
        "message": event.message,
        "numbers": event.numbers,
        "created_at": event.created_at,
    }
