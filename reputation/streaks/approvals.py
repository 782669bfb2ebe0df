"""Approval of outages by a second member of staff."""

from datetime import datetime
from typing import Any

from audit.approvals.services import approval
from audit.models import Approval
from reputation.streaks.services import declare_outage


def _describe_outage(approval: Approval) -> list[tuple[str, str]]:
    return [("From", approval.parameters["starts_at"]), ("To", approval.parameters["ends_at"])]


@approval(
    "outage.declare",
    label="Outage that breaks no streak",
    permission="reputation.declare_outage",
    describe=_describe_outage,
)
def _declare(approval: Approval) -> dict[str, Any]:
    outage = declare_outage(
        starts_at=datetime.fromisoformat(approval.parameters["starts_at"]),
        ends_at=datetime.fromisoformat(approval.parameters["ends_at"]),
        reason=approval.reason,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        now=approval.decided_at,
    )
    return {"outage": outage.pk}
