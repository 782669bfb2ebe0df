"""Bounds of the outflow: of a quest in an hour, and of a worker's USDC in a day over all quests (UTC).

A reward that would pass the bound of its quest waits for the next hour, and all later ones of the quest with
it, so that they are granted in the order of their ids; one that would pass its worker's waits for the next
day. The rows that count are locked, so that a bound is exact, and outlive a restart.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.limits.services import values_of
from gigstream.core import sql
from gigstream.core.money import ZERO, usdc
from reputation.models import Quest, QuestEvent
from reputation.quests.enums import RewardKind
from reputation.quests.errors import RewardAboveLimit
from reputation.quests.limits import QUEST_OUTFLOW_OF_A_DAY, QUEST_OUTFLOW_OF_AN_HOUR

OF_THE_QUEST, OF_THE_WORKER = "quest_outflow_reached", "worker_outflow_reached"


def hour_of(at: datetime) -> datetime:
    """Return the beginning of the hour."""
    return at.replace(minute=0, second=0, microsecond=0)


@dataclass(frozen=True, slots=True)
class Wait:
    """A bound that is reached: its code, the sentence, and the numbers."""

    until: datetime
    code: str
    message: str
    numbers: dict[str, str]


@dataclass(slots=True)
class _Hour:
    granted: Decimal = ZERO
    is_reached: bool = False
    added: Decimal = ZERO
    events: int = 0


@dataclass(slots=True)
class Outflows:
    """Outflows of the hour and the day of `now`, and the rewards that are added to them in a transaction."""

    now: datetime
    _hours: dict[UUID, _Hour] = field(default_factory=dict)
    _days: dict[UUID, Decimal] = field(default_factory=dict)
    _added: dict[UUID, Decimal] = field(default_factory=dict)
    _bounds: tuple[Decimal, Decimal] = (ZERO, ZERO)

    def lock_days(self, worker_ids: Collection[UUID]) -> None:
        """Lock the day of each of these workers; a worker's own rows come before the quests."""
        if worker_ids:
            rows = sql.run("reputation/quests/lock_days", workers=list(worker_ids), date=self.now.date())
            self._days = {row["worker_id"]: row["granted"] for row in rows}
            hour, day = values_of(QUEST_OUTFLOW_OF_AN_HOUR, QUEST_OUTFLOW_OF_A_DAY)
            self._bounds = (hour, day)

    def read_hours(self, quest_ids: Collection[UUID]) -> None:
        """Read the present hour of these quests, whose rows are locked."""
        rows = sql.run("reputation/quests/read_hours", quests=list(quest_ids), hour=hour_of(self.now))
        self._hours = {quest_id: _Hour() for quest_id in quest_ids}
        for row in rows:
            self._hours[row["quest_id"]] = _Hour(row["granted"], row["is_reached"])

    def find_wait(self, event: QuestEvent, quest: Quest) -> Wait | None:
        """Return the bound that the event's reward would pass, if any."""
        return self._wait_of_quest(event, quest) or self._wait_of_worker(event)

    def _wait_of_quest(self, event: QuestEvent, quest: Quest) -> Wait | None:
        hour, limit = self._hours[quest.pk], self._limit_of(quest)
        granted = hour.granted + hour.added
        if limit is None or (not hour.is_reached and granted + event.reward <= limit):
            return None
        # Whoever comes later in this hour waits as well, also with a smaller reward.
        hour.is_reached = True
        until = hour_of(self.now) + timedelta(hours=1)
        show = quest.amount_text
        return Wait(
            until,
            OF_THE_QUEST,
            f"the quest grants at most {show(limit)} an hour and has granted {show(granted)}: yours, of"
            f" {show(event.reward)}, follows from {until:%Y-%m-%d %H:%M} UTC on",
            _numbers(limit, granted, event.reward, until),
        )

    def _wait_of_worker(self, event: QuestEvent) -> Wait | None:
        if event.reward_kind != RewardKind.PAYOUT:
            return None
        limit, granted = self._bounds[1], self._of_day(event.worker_id)
        if granted + event.reward <= limit:
            return None
        midnight = self.now.replace(hour=0, minute=0, second=0, microsecond=0)
        until = midnight + timedelta(days=1)
        return Wait(
            until,
            OF_THE_WORKER,
            f"quests grant a worker at most {usdc(limit)} a day and have granted {usdc(granted)}: yours, of"
            f" {usdc(event.reward)}, follows from {until:%Y-%m-%d %H:%M} UTC on",
            _numbers(limit, granted, event.reward, until),
        )

    def _limit_of(self, quest: Quest) -> Decimal | None:
        if quest.outflow_limit is not None:
            return quest.outflow_limit
        return self._bounds[0] if quest.reward_kind == RewardKind.PAYOUT else None

    def _of_day(self, worker_id: UUID) -> Decimal:
        return self._days.get(worker_id, ZERO) + self._added.get(worker_id, ZERO)

    def add(self, event: QuestEvent) -> None:
        """Count a reward that is granted."""
        hour = self._hours[event.quest_id]
        hour.added += event.reward
        hour.events += 1
        if event.reward_kind == RewardKind.PAYOUT:
            self._added[event.worker_id] = self._added.get(event.worker_id, ZERO) + event.reward

    def as_columns(self) -> dict[str, Any]:
        """Return what was added, and which quests have reached their bound, as columns to write."""
        moved = {quest_id: hour for quest_id, hour in self._hours.items() if hour.events or hour.is_reached}
        return {
            "hour": hour_of(self.now),
            "date": self.now.date(),
            "flowing": list(moved),
            "flowed": [hour.added for hour in moved.values()],
            "events": [hour.events for hour in moved.values()],
            "reached": [hour.is_reached for hour in moved.values()],
            "paid_workers": list(self._added),
            "paid_amounts": list(self._added.values()),
        }


def limit_of(quest: Quest) -> Decimal | None:
    """Return what the quest may grant in an hour: its own limit, that of the house for USDC, or None."""
    if quest.outflow_limit is not None or quest.reward_kind == RewardKind.POINTS:
        return quest.outflow_limit
    return QUEST_OUTFLOW_OF_AN_HOUR.value


def require_within_bounds(quest: Quest) -> None:
    """Raise RewardAboveLimit for a quest of which a single reward passes a bound: it could never be
    granted."""
    is_payout = quest.reward_kind == RewardKind.PAYOUT
    day = QUEST_OUTFLOW_OF_A_DAY.value if is_payout else None
    for bound, words in ((limit_of(quest), "the quest an hour"), (day, "a worker a day")):
        if bound is not None and quest.reward_amount > bound:
            raise RewardAboveLimit(
                f"a reward of {quest.reward_amount.normalize():f} is above the {bound.normalize():f} that are"
                f" granted to {words} at most",
                reward=quest.reward_amount,
                limit=bound,
            )


def _numbers(limit: Decimal, granted: Decimal, reward: Decimal, until: datetime) -> dict[str, str]:
    shown = {"limit": limit, "granted": granted, "reward": reward}
    return {**{name: f"{value:.6f}" for name, value in shown.items()}, "waits_until": until.isoformat()}
