from typing import Self

from gigstream.lib.models import GuardedQuerySet
from platforms.enums import OPEN_STATUSES


class TaskQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Tasks that a worker has in hand."""
        return self.filter(status__in=OPEN_STATUSES)
