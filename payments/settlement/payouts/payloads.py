from typing import Any

from payments.settlement.payouts.selectors import PlatformPart
from platforms.events.payloads import money


def of_platform_payout(part: PlatformPart) -> dict[str, Any]:
    """Return a platform's part in a payout as it is now, without the transfer's hash, which leads to the
    whole sum and to the worker's address, and so to the pay by other platforms."""
    payout = part.payout
    return {
        "id": payout.pk,
        "type": payout.type,
        "status": payout.status,
        "worker_id": payout.worker_id,
        "amount": money(part.amount),
        "task_count": part.task_count,
        "tasks": part.tasks,
        "created_at": payout.created_at,
        "submitted_at": payout.submitted_at,
        "confirmed_at": payout.confirmed_at,
        "ended_at": payout.ended_at,
    }
