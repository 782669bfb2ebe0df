from datetime import datetime
from typing import Self

from gigstream.core.models import GuardedQuerySet
from payments.streams.enums import StreamStatus


class StreamQuerySet(GuardedQuerySet):
    def due(self, now: datetime) -> Self:
        """Return the active streams whose next release lies at or before `now`."""
        return self.filter(status=StreamStatus.ACTIVE, next_release_at__lte=now)

    def parked(self) -> Self:
        """Return the streams whose release is not tried any more until staff look."""
        return self.filter(parked_at__isnull=False)
