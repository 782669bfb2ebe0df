"""Approval of reversals of points by a second member of staff."""

from typing import Any

from audit.approvals.services import approval
from audit.models import Approval
from reputation.points.services import reverse_points


def _describe_reversal(approval: Approval) -> list[tuple[str, str]]:
    return [("Points", str(approval.parameters["points"])), ("Entry", approval.subject_id)]


@approval(
    "points.reverse",
    label="Reversal of points",
    permission="reputation.reverse_pointsentry",
    describe=_describe_reversal,
)
def _reverse(approval: Approval) -> dict[str, Any]:
    entry = reverse_points(
        entry_id=int(approval.subject_id),
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"pointsentry": entry.pk}
