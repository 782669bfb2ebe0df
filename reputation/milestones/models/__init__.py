from reputation.milestones.models.milestones import CreatorMilestone
from reputation.milestones.models.numbers import CreatorTotal, TokenValue
from reputation.milestones.models.rules import MilestoneCondition, MilestoneRule

__all__ = ["CreatorMilestone", "CreatorTotal", "MilestoneCondition", "MilestoneRule", "TokenValue"]
