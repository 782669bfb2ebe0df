"""Limits of a task's bonuses: each platform's own, changed by two members of staff."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.log import services as audit
from audit.log.services import verb
from audit.models import Approval
from gigstream.core.money import exact_amount, usdc
from platforms.models import Platform
from platforms.platforms.services.platforms import require_active

NO_LIMIT = "the task's own pay"


@verb("platform.set_bonus_limit", "platform")
def set_bonus_limit(*, platform_id: UUID, limit: Decimal | None, reason: str) -> Platform:
    """Limit the bonuses of each of the platform's tasks to a sum in USDC; None is the task's own amount.

    Raises InvalidAmount, PlatformDeleted or PlatformSuspended.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform=platform)
    before = platform.bonus_limit
    platform.bonus_limit = None if limit is None else exact_amount(limit, allow_zero=True)
    platform.save(update_fields=["bonus_limit", "updated_at"])
    audit.record(
        "platform.set_bonus_limit",
        platform,
        before={"bonus_limit": before},
        after={"bonus_limit": platform.bonus_limit},
        metadata={"reason": reason},
    )
    return platform


def request_bonus_limit(
    *, platform_id: UUID, limit: str, reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval of a platform's limit for bonuses; empty is the task's own amount. Raises
    InvalidAmount, or as `approvals.request` does."""
    platform = Platform.objects.get(pk=platform_id)
    wanted = f"{exact_amount(limit.strip(), allow_zero=True):.6f}" if limit.strip() else None
    before = None if platform.bonus_limit is None else f"{platform.bonus_limit:.6f}"
    return approvals.request(
        kind="platform.set_bonus_limit",
        subject=("platform", str(platform.pk)),
        parameters={"limit": wanted, "before": before},
        reason=reason,
        now=now,
    )


def _describe_limit(approval: Approval) -> list[tuple[str, str]]:
    words = {
        name: NO_LIMIT if value is None else usdc(Decimal(value))
        for name, value in approval.parameters.items()
    }
    return [("A task's bonuses from", words["before"]), ("To", words["limit"])]


@approval(
    "platform.set_bonus_limit",
    label="Change of a platform's limit for bonuses",
    permission="platforms.set_bonus_limit_platform",
    describe=_describe_limit,
)
def _set_bonus_limit(approval: Approval) -> dict[str, Any]:
    limit = approval.parameters["limit"]
    platform = set_bonus_limit(
        platform_id=UUID(approval.subject_id),
        limit=None if limit is None else Decimal(limit),
        reason=approval.reason,
    )
    return {"platform": platform.pk}
