"""The models of the app, by subject."""

from gigstream.core.rooms import load_rooms
from reputation.milestones.models import (
    CreatorMilestone,
    CreatorTotal,
    MilestoneCondition,
    MilestoneRule,
    TokenValue,
)
from reputation.points.models import PointsBalance, PointsEntry
from reputation.proofs.models import ChainProof, Referral
from reputation.quests.models import (
    Quest,
    QuestCount,
    QuestEvent,
    QuestFunding,
    QuestOutflow,
    Reservation,
    WorkerOutflow,
)
from reputation.scores.models import ReputationEvent
from reputation.streaks.models import CheckIn, Outage, StreakPause, StreakZone
from reputation.submissions.models import Submission, SubmissionReview
from reputation.sybils.models import Clearing, Cluster, ClusterMember, WorkerTie

load_rooms("reputation", "models", "reports")

__all__ = [
    "ChainProof",
    "CheckIn",
    "Clearing",
    "Cluster",
    "ClusterMember",
    "CreatorMilestone",
    "CreatorTotal",
    "MilestoneCondition",
    "MilestoneRule",
    "Outage",
    "PointsBalance",
    "PointsEntry",
    "Quest",
    "QuestCount",
    "QuestEvent",
    "QuestFunding",
    "QuestOutflow",
    "Referral",
    "ReputationEvent",
    "Reservation",
    "StreakPause",
    "StreakZone",
    "Submission",
    "SubmissionReview",
    "TokenValue",
    "WorkerOutflow",
    "WorkerTie",
]
