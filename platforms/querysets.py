from typing import Any, Self

from django.db.models import Q

from gigstream.lib.models import GuardedQuerySet
from platforms.enums import OPEN_STATUSES, DeliveryError, DeliveryStatus


class TaskQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Tasks that a worker has in hand."""
        return self.filter(status__in=OPEN_STATUSES)

    def called(self, external_id: str) -> Self:
        """Which platforms call so. Their index begins with the platform, so each of the few is looked up."""
        platforms: Any = self.model._meta.get_field("platform").related_model
        return self.filter(
            platform__in=list(platforms.objects.order_by().values_list("pk", flat=True)),
            external_task_id=external_id,
        )


# Those that did not get through. What was dropped because the webhook was switched off is not among them.
GIVEN_UP = Q(status__in=[DeliveryStatus.BLOCKED, DeliveryStatus.DEAD]) & ~Q(error=DeliveryError.DISABLED)


class DeliveryQuerySet(GuardedQuerySet):
    def given_up(self) -> Self:
        """Deliveries that ended without the webhook having taken the event."""
        return self.filter(GIVEN_UP)
