"""Creators' numbers as the sums of usage by day say them."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from gigstream.core import sql
from payments.oracle.calculations import CreatorNumbers
from platforms.models import UsageBatch

# Days within which different people count as listeners.
LISTENER_DAYS = 30


class UsageNumbers:
    """The source of creators' numbers: plays, followers, likes less unlikes, and the money of purchases and
    tips of all days, and the different people of the last 30 days that end with a play."""

    def numbers_of(self, creators: Sequence[UUID]) -> Mapping[UUID, CreatorNumbers]:
        """Return the numbers of these creators, by one statement."""
        rows = sql.run("payments/oracle/numbers_of_creators", creators=list(creators), days=LISTENER_DAYS)
        return {row.pop("creator_id"): CreatorNumbers(**row) for row in rows}

    def count_events(self, platform: UUID | None, *, after: datetime, until: datetime) -> int:
        """Return how many events were taken in batches in this time."""
        batches = UsageBatch.objects.filter(received_at__gt=after, received_at__lte=until)
        if platform is not None:
            batches = batches.filter(platform=platform)
        return int(batches.aggregate(all=Sum("accepted"))["all"] or 0)
