"""Signals of the reputation app."""

from django.dispatch import Signal

# events: list[ReputationEvent], now: datetime
reputation_changed = Signal()
# Each: quests: list[Quest], now: datetime
quests_opened = Signal()
quests_exhausted = Signal()
quests_closed = Signal()
# devices: list of worker's id, platform's id and the platform's id of the device, now: datetime
devices_reported = Signal()
# Each: events: list[QuestEvent] with their quests, now: datetime; once per batch
quest_events_granted = Signal()
quest_events_rejected = Signal()
# Each: submissions: list[Submission] with their quests, now: datetime
submissions_received = Signal()
submissions_approved = Signal()
submissions_rejected = Signal()
submissions_appealed = Signal()
# milestones: list[CreatorMilestone] of creators, now: datetime
milestones_reached = Signal()
