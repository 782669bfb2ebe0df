"""Figures of quests, and what a worker has of them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from gigstream.core import sql
from platforms.models import Consent
from reputation.models import Quest, QuestCount, QuestEvent, QuestOutflow, Reservation
from reputation.quests.enums import REWARDED, QuestEventStatus, QuestStatus

HOURS = 48
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


def figures_of(quest: Quest, *, now: datetime) -> dict[str, Any]:
    """Return the numbers of the quest's events by status, of its workers and reservations, and its sums."""
    rewarded = Q(status__in=REWARDED)
    counted = {status: Count("pk", filter=Q(status=status)) for status in QuestEventStatus.values}
    numbers = QuestEvent.objects.filter(quest=quest).aggregate(
        **{
            **counted,
            "granted": Count("pk", filter=rewarded),
            "workers": Count("worker", filter=rewarded, distinct=True),
            "granted_last_hour": Count("pk", filter=rewarded & Q(granted_at__gt=now - _HOUR)),
            "granted_last_day": Count("pk", filter=rewarded & Q(granted_at__gt=now - _DAY)),
        }
    )
    return {
        **numbers,
        "open_reservations": Reservation.objects.open().filter(quest=quest).count(),
        "budget": quest.budget,
        "granted_amount": quest.granted,
        "reserved_amount": quest.reserved,
        "free_amount": quest.free,
    }


def hours_of(quest: Quest, *, now: datetime) -> list[QuestOutflow]:
    """Return the outflows of the last 48 hours, the present hour last, with those in which nothing was
    granted."""
    this = now.replace(minute=0, second=0, microsecond=0)
    hours = [this - timedelta(hours=ago) for ago in range(HOURS - 1, -1, -1)]
    known = {row.hour: row for row in QuestOutflow.objects.filter(quest=quest, hour__gte=hours[0])}
    return [known.get(hour) or QuestOutflow(quest=quest, hour=hour) for hour in hours]


def quests_for(worker_id: UUID, *, now: datetime) -> QuerySet[Quest]:
    """Return the quests that the worker may see: of the house, of platforms that they have agreed to work
    for, and those that they have taken part in. Drafts are nobody's."""
    consents = Consent.objects.in_force_at(now).filter(worker=worker_id)
    taking_part = QuestCount.objects.filter(worker=worker_id, n__gt=0)
    found = Quest.objects.exclude(status=QuestStatus.DRAFT)
    return found.filter(
        Q(platform=None) | Q(platform__in=consents.values("platform")) | Q(pk__in=taking_part.values("quest"))
    )


@dataclass(frozen=True, slots=True)
class Taken:
    """A worker's events and reservations of some quests: how many places they have taken in the present
    period, by quest, their open reservations, and the time of their latest event."""

    counts: Mapping[UUID, int] = field(default_factory=dict)
    reservations: Mapping[UUID, Reservation] = field(default_factory=dict)
    latest: Mapping[UUID, datetime] = field(default_factory=dict)


def taken_by(worker_id: UUID, quests: Collection[UUID], *, today: date) -> Taken:
    """Return what the worker has taken of these quests, on this date of a daily quest, by three
    statements."""
    counts = QuestCount.objects.filter(worker=worker_id, quest__in=quests, n__gt=0)
    counts = counts.filter(Q(period_date=None) | Q(period_date=today))
    reservations = Reservation.objects.open().filter(worker=worker_id, quest__in=quests)
    events = QuestEvent.objects.filter(worker=worker_id, quest__in=quests)
    counted = events.exclude(status=QuestEventStatus.REJECTED).order_by().values_list("quest")
    return Taken(
        dict(counts.values_list("quest", "n")),
        {row.quest_id: row for row in reservations},
        dict(counted.annotate(latest=Max("created_at"))),
    )


def hashes_of(entry_ids: Sequence[int]) -> dict[int, list[str]]:
    """Return the hashes of the payouts on the chain that carry these entries, by entry."""
    found: dict[int, list[str]] = {}
    rows = sql.run("reputation/quests/payouts_of_entries", entries=list(entry_ids)) if entry_ids else []
    for row in rows:
        if row["tx_hash"]:
            found.setdefault(row["entry_id"], []).append(row["tx_hash"])
    return found
