"""Approval of limits of quests by a second member of staff."""

from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals.services import approval
from audit.models import Approval
from reputation.quests.services import set_outflow_limit

NO_LIMIT = "the limit of the house"


def _describe_limit(approval: Approval) -> list[tuple[str, str]]:
    words = {name: value or NO_LIMIT for name, value in approval.parameters.items()}
    return [("Granted in an hour at most from", words["before"]), ("To", words["limit"])]


@approval(
    "quest.set_outflow_limit",
    label="Change of a quest's hourly limit",
    permission="reputation.set_outflow_limit_quest",
    describe=_describe_limit,
)
def _set_outflow_limit(approval: Approval) -> dict[str, Any]:
    limit = approval.parameters["limit"]
    quest = set_outflow_limit(
        quest_id=UUID(approval.subject_id),
        limit=None if limit is None else Decimal(limit),
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"quest": quest.pk}
