"""What a batch of releases tells about itself."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlatformReleases:
    """One platform's part of a batch.

    `items` is JSON, [stream id, sequence, amount] of each release. It stays text on its way from the database
    into an event: reading it would cost more than the release.
    """

    platform_id: UUID
    count: int
    total: Decimal
    items: str
