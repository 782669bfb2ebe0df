"""Rewards of quests, and the fees and refunds of their budgets, in statements and explanations.

The rows of quests are of an app above, whose kind of row is a subject of the ledger.
"""

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q, Sum

from gigstream.core.money import ZERO, rate_text, usdc
from payments.earnings.calculations import fee_on
from payments.earnings.vocabulary import FEE, HOLD, REFUND, REWARD
from payments.ledger.subjects import QUEST
from payments.models import LedgerEntry, Transaction
from payments.statements.selectors.reasons import Explanation, withheld_from


@dataclass(frozen=True, slots=True)
class QuestNote:
    """Title, owner and rate of a quest; the house's has no platform and no fee."""

    title: str
    platform: str | None
    fee_bps: int

    def __str__(self) -> str:
        return f"{self.title} ({self.platform or 'GigStream'})"


def notes_of_quests(ids: Collection[UUID]) -> dict[UUID, QuestNote]:
    """Return the notes of these quests by id, by a statement where there are any."""
    if not ids:
        return {}
    quests: Any = apps.get_model(QUEST.model)._default_manager
    found = quests.filter(pk__in=ids).values_list("pk", "title", "platform__name", "fee_bps")
    return {id_: QuestNote(title, platform, fee_bps) for id_, title, platform, fee_bps in found}


def explain_reward(movement: Transaction) -> Explanation:
    """Explain the reward of a quest: the event that it is for, and what was withheld from it."""
    quest = _quest_of(movement)
    event_id = int(movement.idempotency_key.rpartition(":")[2])
    return Explanation(
        f"A reward of {usdc(movement.amount)} for the quest “{quest}” was granted"
        f" on {movement.created_at:%Y-%m-%d}, for event {event_id}.",
        "the reward of the quest when the event was received",
        {"quest_id": movement.quest_id, "quest_event_id": event_id},
        withheld_from(movement.entries.filter(kind=REWARD)),
    )


def explain_fee(movement: Transaction) -> Explanation:
    """Explain the fee on a reward. Both are booked together: the fee is on the newest reward before it."""
    quest, own = _quest_of(movement), _own_entry(movement)
    rewards = LedgerEntry.objects.of(QUEST, _id_of(movement)).filter(kind=REWARD, id__lt=own)
    paid = rewards.aggregate(total=Sum("amount"))["total"] or ZERO
    charged = paid - (rewards.order_by("-id").values_list("amount", flat=True).first() or ZERO)
    less = f", less the {usdc(fee_on(charged, quest.fee_bps))} taken before" if charged else ""
    return Explanation(
        f"The fee on rewards of the quest “{quest.title}” is {rate_text(quest.fee_bps)} of the"
        f" {usdc(paid)} that workers were given{less}: {usdc(movement.amount)}.",
        "floor(paid * fee_bps / 10000) - floor(charged_before * fee_bps / 10000), at 6 decimals",
        {"paid": paid, "charged_before": charged, "fee_bps": quest.fee_bps},
    )


def explain_refund(movement: Transaction) -> Explanation:
    """Explain the part of a closed quest's budget that came back: what no reward has and nothing reserves."""
    quest, own = _quest_of(movement), _own_entry(movement)
    booked = LedgerEntry.objects.of(QUEST, _id_of(movement)).filter(id__lt=own)
    sums = booked.aggregate(
        **{kind: Sum("amount", filter=Q(kind=kind)) for kind in (HOLD, REWARD, FEE, REFUND)}
    )
    held, paid, fee, before = (sums[kind] or ZERO for kind in (HOLD, REWARD, FEE, REFUND))
    kept = held - paid - fee - before - movement.amount
    return Explanation(
        f"Of the {usdc(held)} that was held for the quest “{quest.title}”, {usdc(paid)} was paid to workers"
        f" and {usdc(fee)} was the fee on that.{_came_back_before(before)}{_kept(kept)} The quest was closed,"
        f" and {usdc(movement.amount)} came back.",
        "held - paid - fee - came_back_before - kept, where held is the budget and the fee on it",
        {"held": held, "paid": paid, "fee": fee, "came_back_before": before, "kept": kept},
    )


def _came_back_before(before: Decimal) -> str:
    return f" {usdc(before)} had come back before." if before else ""


def _kept(kept: Decimal) -> str:
    return f" {usdc(kept)} is kept for places that are reserved and rewards that wait." if kept else ""


def _id_of(movement: Transaction) -> UUID:
    if movement.quest_id is None:
        raise ValueError(f"transaction {movement.pk} belongs to no quest")
    return movement.quest_id


def _quest_of(movement: Transaction) -> QuestNote:
    return notes_of_quests([_id_of(movement)])[_id_of(movement)]


def _own_entry(movement: Transaction) -> int:
    return movement.entries.values_list("id", flat=True).first() or 0
