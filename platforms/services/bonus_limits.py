"""How much a task's bonuses may come to: the platform's own limit, changed by two members of staff."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import approvals
from audit import services as audit
from audit.approvals import Kind
from audit.models import Approval
from audit.services import verb
from gigstream.lib.money import amount as exact
from gigstream.lib.money import usdc
from platforms.models import Platform
from platforms.services.parties import require_active

NO_LIMIT = "what the task itself pays"


@verb("platform.set_bonus_limit", "platform")
def set_bonus_limit(*, platform_id: UUID, limit: Decimal | None, reason: str) -> Platform:
    """Set what the bonuses of one of the platform's tasks come to at most; None is what the task itself pays.

    Raises InvalidAmount or PlatformSuspended.
    """
    platform = Platform.objects.locked().get(pk=platform_id)
    require_active(platform)
    before = platform.bonus_limit
    platform.bonus_limit = None if limit is None else exact(limit, allow_zero=True)
    platform.save(update_fields=["bonus_limit", "updated_at"])
    audit.record(
        "platform.set_bonus_limit",
        platform,
        before={"bonus_limit": before},
        after={"bonus_limit": platform.bonus_limit},
        metadata={"reason": reason},
    )
    return platform


def ask_to_set_bonus_limit(
    *, platform_id: UUID, limit: str, reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval of a platform's limit for bonuses; empty is what the task itself pays. Raises
    InvalidAmount or what `request` raises."""
    platform = Platform.objects.get(pk=platform_id)
    wanted = f"{exact(limit.strip(), allow_zero=True):.6f}" if limit.strip() else None
    before = None if platform.bonus_limit is None else f"{platform.bonus_limit:.6f}"
    return approvals.request(
        kind=SET_BONUS_LIMIT,
        subject=("platform", str(platform.pk)),
        parameters={"limit": wanted, "before": before},
        reason=reason,
        now=now,
    )


def _set_bonus_limit(approval: Approval) -> dict[str, Any]:
    limit = approval.parameters["limit"]
    platform = set_bonus_limit(
        platform_id=UUID(approval.subject_id),
        limit=None if limit is None else Decimal(limit),
        reason=approval.reason,
    )
    return {"platform": platform.pk}


def _describe(approval: Approval) -> list[tuple[str, str]]:
    words = {
        name: NO_LIMIT if value is None else usdc(Decimal(value))
        for name, value in approval.parameters.items()
    }
    return [("A task's bonuses from", words["before"]), ("To", words["limit"])]


SET_BONUS_LIMIT = approvals.register(
    Kind(
        "platform.set_bonus_limit",
        "Change of a platform's limit for bonuses",
        "platforms.set_bonus_limit_platform",
        _set_bonus_limit,
        _describe,
    )
)
