from typing import Any

from reputation.milestones.models import CreatorMilestone


def of_milestone(milestone: CreatorMilestone) -> dict[str, Any]:
    """Return the milestone as it is now, with its rule."""
    return {
        "id": milestone.pk,
        "creator_id": milestone.creator_id,
        "rule_id": milestone.rule_id,
        "rule": milestone.rule.name,
        "version": milestone.rule.version,
        "description": milestone.description,
        "action": milestone.action,
        "status": milestone.status,
        "month": milestone.month,
        "current_value": milestone.current_value,
        "reached_at": milestone.reached_at,
    }
