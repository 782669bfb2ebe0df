"""Services of milestones."""

from reputation.milestones.services.actions import act_on_milestones, try_action_again
from reputation.milestones.services.reaching import count_changes, recount_totals
from reputation.milestones.services.rules import (
    change_milestone_rule,
    create_milestone_rule,
    retire_milestone_rule,
)
from reputation.milestones.services.token_values import report_token_value

__all__ = [
    "act_on_milestones",
    "change_milestone_rule",
    "count_changes",
    "create_milestone_rule",
    "recount_totals",
    "report_token_value",
    "retire_milestone_rule",
    "try_action_again",
]
