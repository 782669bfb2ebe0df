from datetime import datetime
from typing import Self

from django.db.models import Q

from gigstream.core.models import GuardedQuerySet
from reputation.quests.enums import FAILED, QuestEventStatus, ReservationStatus, RewardKind


class QuestEventQuerySet(GuardedQuerySet):
    def waiting(self) -> Self:
        """Narrow to events that are to be granted or rejected."""
        return self.filter(status=QuestEventStatus.RECEIVED)

    def due(self, now: datetime) -> Self:
        """Narrow to waiting events for which no hour or day must begin first."""
        return self.waiting().filter(Q(waits_until__isnull=True) | Q(waits_until__lte=now))

    def deferred(self) -> Self:
        """Narrow to waiting events whose grant has failed."""
        return self.waiting().filter(code=FAILED)

    def unsettled(self) -> Self:
        """Narrow to rewards in USDC of which not the whole has left."""
        return self.filter(status=QuestEventStatus.GRANTED, reward_kind=RewardKind.PAYOUT)

    def held_until(self, now: datetime) -> Self:
        """Narrow to held events whose hold is over."""
        return self.filter(status=QuestEventStatus.HELD, held_until__lte=now)


class ReservationQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Narrow to reservations that hold a place."""
        return self.filter(status=ReservationStatus.OPEN)
