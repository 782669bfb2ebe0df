from typing import Any

from payments.models import Distribution
from platforms.events.payloads import money


def of_distribution(found: Distribution) -> dict[str, Any]:
    """Return the distribution as it is now."""
    return {
        "id": found.pk,
        "number": found.number,
        "first": found.first,
        "last": found.last,
        "mode": found.mode,
        "amount": money(found.amount),
        "status": found.status,
        "creators": found.creators,
        "plays": found.plays,
        "total_weight": str(found.total_weight),
        "paid_amount": money(found.paid_amount),
        "approved_at": found.approved_at,
        "paid_at": found.paid_at,
        "created_at": found.created_at,
    }
