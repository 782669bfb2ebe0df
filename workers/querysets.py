from typing import Self

from gigstream.lib.models import SoftDeletableQuerySet
from workers.enums import WorkerStatus


class WorkerQuerySet(SoftDeletableQuerySet):
    def active(self) -> Self:
        """Workers who may take work and money."""
        return self.present().filter(status=WorkerStatus.ACTIVE)
