from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class LowBalance:
    """A platform's available money that has fallen below the threshold."""

    platform_id: UUID
    available: Decimal
    threshold: Decimal
