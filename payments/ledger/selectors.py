from datetime import datetime
from typing import Any
from uuid import UUID

from gigstream.core import sql
from payments.earnings import reserves


def platform_balance(platform_id: UUID, now: datetime) -> dict[str, Any]:
    """Return the platform's available money and escrow, the sums that open streams have yet to release and
    release in an hour, what its quests hold, and for how many days `available` lasts at the average of the
    last seven. In USDC."""
    (row,) = sql.run("payments/ledger/platform_balance", platform=platform_id, now=now)
    spent = row["posted_per_day"]
    return {
        **row,
        "quest_budgets": reserves.reserved_for(reserves.QUESTS, platform_id),
        "runway_days": f"{row['available'] / spent:.1f}" if spent else None,
    }
