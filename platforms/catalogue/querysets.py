from typing import Any, Self

from django.db.models import Q

from gigstream.core.models import CommonQuerySet, GuardedQuerySet
from platforms.catalogue.enums import CreatorStatus


class CreatorQuerySet(CommonQuerySet):
    def open(self) -> Self:
        """Narrow to creators that are not closed."""
        return self.exclude(status=CreatorStatus.CLOSED)


class WorkQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Narrow to works that were not withdrawn."""
        return self.filter(withdrawn_at=None)

    def with_external_id(self, external_id: str) -> Self:
        """Narrow to works with this external id. The index begins with the platform, so it is looked up under
        each of the few platforms."""
        platforms: Any = self.model._meta.get_field("platform").related_model
        return self.filter(
            platform__in=list(platforms.objects.order_by().values_list("pk", flat=True)),
            external_id=external_id,
        )


class ListenerKeyQuerySet(CommonQuerySet):
    def current(self) -> Self:
        """Narrow to the keys under which new listeners are kept."""
        return self.filter(retired_at=None)

    def usable(self) -> Self:
        """Narrow to keys that were not destroyed."""
        return self.filter(destroyed_at=None)


class FollowQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Narrow to follows that have not ended."""
        return self.filter(until=None)


def is_address_or_empty(column: str) -> Q:
    """Return the condition that a column is empty or an EVM address in its stored form."""
    return Q(**{column: ""}) | Q(**{f"{column}__regex": "^0x[0-9a-f]{40}$"})
