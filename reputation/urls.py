from django.urls import path

from reputation.milestones.api import platforms as milestones
from reputation.quests.api import platforms as quests
from reputation.scores.api import workers

urlpatterns = [
    path("workers", workers.Workers.as_view(), name="workers"),
    path("workers/<id:worker_id>", workers.OneWorker.as_view(), name="worker"),
    path("quests", quests.Quests.as_view(), name="quests"),
    path("quests/<id:quest_id>", quests.OneQuest.as_view(), name="quest"),
    path("quests/<id:quest_id>/fund", quests.Fund.as_view(), name="quest-fund"),
    path("quests/<id:quest_id>/open", quests.Open.as_view(), name="quest-open"),
    path("quests/<id:quest_id>/pause", quests.Pause.as_view(), name="quest-pause"),
    path("quests/<id:quest_id>/close", quests.Close.as_view(), name="quest-close"),
    path("quests/<id:quest_id>/figures", quests.Figures.as_view(), name="quest-figures"),
    path("quests/<id:quest_id>/events", quests.QuestEvents.as_view(), name="quest-events"),
    path("milestone-rules", milestones.Rules.as_view(), name="milestone-rules"),
    path("milestone-rules/<id:rule_id>", milestones.OneRule.as_view(), name="milestone-rule"),
    path(
        "milestone-rules/<id:rule_id>/versions",
        milestones.RuleVersions.as_view(),
        name="milestone-rule-versions",
    ),
    path("milestone-rules/<id:rule_id>/retire", milestones.Retire.as_view(), name="milestone-rule-retire"),
    path("milestones", milestones.Milestones.as_view(), name="milestones"),
    path(
        "creators/<id:creator_id>/milestones", milestones.CreatorProgress.as_view(), name="creator-milestones"
    ),
    path(
        "creators/<id:creator_id>/token-values", milestones.TokenValues.as_view(), name="creator-token-values"
    ),
]
