from django.urls import path

from reputation.milestones.api import me as milestones
from reputation.points.api import me as points
from reputation.quests.api import me as quests
from reputation.scores.api import me
from reputation.streaks.api import me as streaks

urlpatterns = [
    path("me/reputation", me.MyReputation.as_view(), name="me-reputation"),
    path("me/reputation/history", me.MyReputationHistory.as_view(), name="me-reputation-history"),
    path("me/check-ins", streaks.MyCheckIns.as_view(), name="me-check-ins"),
    path("me/check-ins/claim", streaks.ClaimMyCheckIn.as_view(), name="me-check-in-claim"),
    path("me/check-ins/pauses", streaks.MyStreakPauses.as_view(), name="me-streak-pauses"),
    path("me/quests", quests.MyQuests.as_view(), name="me-quests"),
    path("me/quests/<id:quest_id>/reserve", quests.Reserve.as_view(), name="me-quest-reserve"),
    path("me/quests/<id:quest_id>/claim", quests.Claim.as_view(), name="me-quest-claim"),
    path("me/rewards", quests.MyRewards.as_view(), name="me-rewards"),
    path("me/points", points.MyPoints.as_view(), name="me-points"),
    path("me/milestones", milestones.MyMilestones.as_view(), name="me-milestones"),
    path("me/milestones/progress", milestones.MyProgress.as_view(), name="me-milestones-progress"),
    path("leaderboards/<str:period>", points.MyLeaderboard.as_view(), name="leaderboard"),
]
