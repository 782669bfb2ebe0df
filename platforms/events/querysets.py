from typing import Self

from django.db.models import Q

from gigstream.core.models import GuardedQuerySet
from platforms.events.enums import DeliveryError, DeliveryStatus

# Deliveries that did not get through. Those dropped because the webhook was switched off do not count.
GIVEN_UP = Q(status__in=[DeliveryStatus.BLOCKED, DeliveryStatus.DEAD]) & ~Q(error=DeliveryError.DISABLED)


class DeliveryQuerySet(GuardedQuerySet):
    def given_up(self) -> Self:
        """Keep deliveries that ended without the webhook having taken the event."""
        return self.filter(GIVEN_UP)
