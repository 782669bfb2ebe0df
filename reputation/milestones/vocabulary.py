from audit.log.action_registry import register_actions
from platforms.events import registry as events

MILESTONE_REACHED = events.register(
    "milestone.reached", payload="milestone of a creator", scope="catalogue:read"
)

register_actions(
    {
        "milestone.act": "Action of a milestone requested",
        "milestone.note": "Milestone taken back in part",
        "milestone.reach": "Milestone reached",
        "milestone.try_again": "Action of a milestone tried again",
        "milestone_rule.change": "Rule of milestones changed",
        "milestone_rule.create": "Rule of milestones created",
        "milestone_rule.retire": "Rule of milestones retired",
        "token_value.report": "Market value of a token reported",
    }
)
