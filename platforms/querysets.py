from typing import Self

from django.db.models import Q

from gigstream.lib.models import GuardedQuerySet
from platforms.enums import OPEN_STATUSES, DeliveryError, DeliveryStatus


class TaskQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Tasks that a worker has in hand."""
        return self.filter(status__in=OPEN_STATUSES)


# Those that did not get through. What was dropped because the webhook was switched off is not among them.
GIVEN_UP = Q(status__in=[DeliveryStatus.BLOCKED, DeliveryStatus.DEAD]) & ~Q(error=DeliveryError.DISABLED)


class DeliveryQuerySet(GuardedQuerySet):
    def given_up(self) -> Self:
        """Deliveries that ended without the webhook having taken the event."""
        return self.filter(GIVEN_UP)
