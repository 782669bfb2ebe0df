from typing import Any
from uuid import UUID

from gigstream.core import sql


def payment_record(platform_id: UUID, *, newest: int) -> dict[str, Any]:
    """Return the platform's record over its newest tasks: how many there are, were completed, cancelled and
    ever disputed, and the seconds from start to approval (median and 95th percentile, None without any)."""
    (row,) = sql.run("platforms/figures/payment_record", platform=platform_id, newest=newest)
    return row
