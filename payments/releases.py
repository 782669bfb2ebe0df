"""What a batch of releases, or of postings, tells about itself."""

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


@dataclass(frozen=True, slots=True)
class LowBalance:
    """A platform's available money, which was at or above the threshold and is below it now."""

    platform_id: UUID
    available: Decimal
    threshold: Decimal
