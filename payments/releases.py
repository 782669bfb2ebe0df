"""What a batch of releases tells about itself."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlatformReleases:
    """One platform's part of a batch: (stream id, sequence, amount) of each release."""

    platform_id: UUID
    items: list[tuple[str, int, Decimal]]

    @property
    def total(self) -> Decimal:
        return sum((amount for _, _, amount in self.items), Decimal(0))
