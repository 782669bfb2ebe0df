from typing import Any, Self

from gigstream.core.models import GuardedQuerySet
from platforms.tasks.enums import OPEN_STATUSES


class TaskQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Narrow to tasks that a worker has in hand."""
        return self.filter(status__in=OPEN_STATUSES)

    def with_external_id(self, external_id: str) -> Self:
        """Narrow to tasks with this external id. The index begins with the platform, so it is looked up under
        each of the few platforms."""
        platforms: Any = self.model._meta.get_field("platform").related_model
        return self.filter(
            platform__in=list(platforms.objects.order_by().values_list("pk", flat=True)),
            external_task_id=external_id,
        )
