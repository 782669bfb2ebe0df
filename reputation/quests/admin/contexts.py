"""Context of decisions about the rewards of quests."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Count, Q

from gigstream.adminkit import EMPTY, ContextLine, add_context, against, isolate_text, link_with_reference
from gigstream.core.money import usdc
from reputation.models import Quest, QuestEvent
from reputation.quests.enums import QuestEventStatus, RewardKind
from workers.models import Worker


def amount_in_words(event: QuestEvent) -> str:
    """Return the reward with its unit."""
    if event.reward_kind == RewardKind.POINTS:
        return f"{event.amount:.0f} points"
    return usdc(event.amount)


@dataclass(frozen=True, slots=True)
class QuestRecord:
    """Events of a worker in all quests, and those that ended without a reward."""

    granted: int = 0
    refused: int = 0
    held: int = 0


def quest_records(workers: Collection[UUID]) -> dict[UUID, QuestRecord]:
    """Return the record of each worker, by one statement."""
    counted = {
        "granted": Count("pk", filter=Q(status__in=(QuestEventStatus.GRANTED, QuestEventStatus.SETTLED))),
        "refused": Count("pk", filter=Q(status=QuestEventStatus.REJECTED)),
        "held": Count("pk", filter=Q(status=QuestEventStatus.HELD)),
    }
    rows: Any = QuestEvent.objects.filter(worker__in=workers).order_by().values("worker").annotate(**counted)
    return {row["worker"]: QuestRecord(row["granted"], row["refused"], row["held"]) for row in rows}


def worker_lines(worker: Worker, record: QuestRecord) -> list[ContextLine]:
    """Return who the worker is, and how earlier rewards of quests have ended."""
    rewards = f"{record.granted} rewards of quests granted, {record.refused} refused, {record.held} held"
    age = f"{worker.account_age_days} days, reputation {worker.reputation_score} of 1000"
    return [
        ContextLine("Worker", link_with_reference(worker) or EMPTY),
        ContextLine("Account", f"{age}, {worker.total_tasks} tasks", is_against=worker.total_tasks == 0),
        ContextLine("Rewards so far", rewards, is_against=record.refused > 0),
    ]


def _context_of_events(events: Sequence[QuestEvent]) -> dict[Any, list[ContextLine]]:
    """Return quest, reward, worker and the evidence of the hold, by one statement."""
    records = quest_records({event.worker_id for event in events})
    found = {}
    for event in events:
        lines = [
            ContextLine("Quest", link_with_reference(event.quest) or EMPTY),
            ContextLine("Reward", amount_in_words(event)),
            *worker_lines(event.worker, records.get(event.worker_id, QuestRecord())),
        ]
        if event.hold_reason:
            lines.append(against("Held because", isolate_text(event.hold_reason)))
        lines += _evidence("Evidence of the hold", event.hold_evidence)
        lines += _evidence("Evidence of the event", event.evidence)
        if event.held_until is not None:
            text = f"on {event.held_until:%Y-%m-%d at %H:%M} UTC"
            lines.append(ContextLine("Granted by itself, if nobody decides,", text))
        found[event.pk] = lines
    return found


def _evidence(label: str, values: Mapping[str, Any]) -> list[ContextLine]:
    if not values:
        return []
    text = ", ".join(f"{name.replace('_', ' ')}: {_plain(value)}" for name, value in values.items())
    return [ContextLine(label, isolate_text(text[:600]), on_card=False)]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, default=str)


def _context_of_quests(quests: Sequence[Quest]) -> dict[Any, list[ContextLine]]:
    """Return whose quests they are, and the state of their budgets."""
    return {
        quest.pk: [
            ContextLine("Of", link_with_reference(quest.platform) or "the house"),
            ContextLine("Budget", _budget(quest)),
        ]
        for quest in quests
    }


def _budget(quest: Quest) -> str:
    in_points = quest.reward_kind == RewardKind.POINTS
    granted, reserved = (
        f"{amount:,.0f} points" if in_points else usdc(amount) for amount in (quest.granted, quest.reserved)
    )
    if quest.budget is None:
        return f"{granted} granted, {reserved} reserved, without a bound"
    budget = f"{quest.budget:,.0f} points" if in_points else usdc(quest.budget)
    return f"{granted} granted, {reserved} reserved, of {budget}"


add_context(QuestEvent, _context_of_events)
add_context(Quest, _context_of_quests)
