"""Approvals about platforms: the fee."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.models import Approval
from platforms.models import Platform
from platforms.platforms.services.platforms import require_fee, set_fee

Lines = Sequence[tuple[str, str]]


# --- Fees ---------------------------------------------------------------------------------------------------
def request_fee(*, platform_id: UUID, fee_bps: int, reason: str, now: datetime | None = None) -> Approval:
    """Request the approval of a fee for tasks posted from then on. Raises InvalidFee, or as
    `approvals.request` does."""
    require_fee(fee_bps=fee_bps)
    platform = Platform.objects.get(pk=platform_id)
    return approvals.request(
        kind="platform.set_fee",
        subject=("platform", str(platform.pk)),
        parameters={"fee_bps": fee_bps, "before": platform.fee_bps},
        reason=reason,
        now=now,
    )


def _describe_fee(approval: Approval) -> Lines:
    given = approval.parameters
    return [
        ("Fee", f"{_percent(given['before'])} → {_percent(given['fee_bps'])}"),
        ("Holds for", "tasks posted after the approval"),
    ]


def _percent(bps: int) -> str:
    return f"{bps / 100:g} %"


def _same_fees(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would change nothing: the platform has this fee."""
    found = Platform.objects.filter(pk__in=[one.subject_id for one in waiting])
    fees = {str(key): bps for key, bps in found.values_list("pk", "fee_bps")}
    return {
        one.pk: f"it changes nothing: the fee is {_percent(one.parameters['fee_bps'])} already"
        for one in waiting
        if fees.get(one.subject_id) == one.parameters["fee_bps"]
    }


@approval(
    "platform.set_fee",
    label="Change of a platform's fee",
    permission="platforms.set_fee_platform",
    describe=_describe_fee,
    find_obstacles=_same_fees,
)
def _set_fee(approval: Approval) -> dict[str, Any]:
    platform = set_fee(
        platform_id=UUID(approval.subject_id), fee_bps=approval.parameters["fee_bps"], reason=approval.reason
    )
    return {"platform": platform.pk}
