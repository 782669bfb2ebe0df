from reputation.quests.models.events import QuestEvent
from reputation.quests.models.outflows import QuestOutflow, WorkerOutflow
from reputation.quests.models.places import QuestCount, Reservation
from reputation.quests.models.quests import Quest, QuestFunding

__all__ = [
    "Quest",
    "QuestCount",
    "QuestEvent",
    "QuestFunding",
    "QuestOutflow",
    "Reservation",
    "WorkerOutflow",
]
