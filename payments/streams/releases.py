"""The releases of a batch, as its signal carries them."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class PlatformReleases:
    """A platform's part of a batch of releases.

    `items` is JSON, [stream id, sequence, amount] of each release. It stays text on its way from the database
    into an event: reading it would cost more than the release.
    """

    platform_id: UUID
    count: int
    total: Decimal
    items: str
