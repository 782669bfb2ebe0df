"""Rewards that wait as a reason why a worker cannot leave."""

from django.db.models import Q

from reputation.models import QuestEvent
from reputation.quests.enums import QuestEventStatus
from reputation.quests.errors import RewardsNotDecided
from workers.departures import worker_departures
from workers.models import Worker


@worker_departures.register
def _require_decided_rewards(worker: Worker) -> None:
    undecided = Q(status__in=[QuestEventStatus.RECEIVED, QuestEventStatus.HELD])
    count = QuestEvent.objects.filter(undecided, worker=worker).count()
    if count:
        raise RewardsNotDecided(f"{worker} has {count} rewards of quests that wait", rewards=count)
