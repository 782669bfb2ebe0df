"""Reserves: what a platform's escrow holds for rows of the apps above, which register it here."""

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from gigstream.core import sql
from gigstream.core.money import ZERO

QUESTS = "quests"
ROYALTIES, DISTRIBUTIONS, POOLS = "royalties", "distributions", "pools"
_reserves: dict[str, str] = {}


def register(name: str, statement: str) -> None:
    """Add a SELECT of (platform_id, amount): money, fees that are due on it included, that escrow holds.
    Raises ValueError for a name that is taken."""
    if name in _reserves:
        raise ValueError(f"the reserve {name} is registered already")
    _reserves[name] = statement


def all_reserves() -> Sequence[str]:
    """Return the registered statements."""
    return list(_reserves.values())


def reserved_for(name: str, platform_id: UUID) -> Decimal:
    """Return what the platform's escrow holds for this reserve."""
    (row,) = sql.rows(
        f"SELECT sum(amount) AS amount FROM ({_reserves[name]}) AS r"  # noqa: S608 - registered by our apps
        " WHERE platform_id = %(platform)s",
        {"platform": platform_id},
    )
    return row["amount"] or ZERO
