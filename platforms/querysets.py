from typing import Self

from gigstream.lib.models import GuardedQuerySet, SoftDeletableQuerySet
from platforms.enums import OPEN_STATUSES


class PlatformQuerySet(SoftDeletableQuerySet):
    def active(self) -> Self:
        """Platforms that may post work and move money."""
        return self.present().filter(is_active=True)


class TaskQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Tasks that a worker has in hand."""
        return self.filter(status__in=OPEN_STATUSES)
