from datetime import datetime
from typing import Self

from django.db.models import Q

from gigstream.lib.models import GuardedQuerySet
from payments.enums import OUTGOING, UNDER_WAY, StreamStatus, TransactionStatus, TransactionType
from workers.enums import WorkerStatus


class StreamQuerySet(GuardedQuerySet):
    def due(self, now: datetime) -> Self:
        """Active streams whose next release lies at or before `now`."""
        return self.filter(status=StreamStatus.ACTIVE, next_release_at__lte=now)

    def parked(self) -> Self:
        """Streams whose release is not tried any more: staff must look."""
        return self.filter(parked_at__isnull=False)


class TransactionQuerySet(GuardedQuerySet):
    def outgoing(self) -> Self:
        """Transfers to wallets of workers and platforms."""
        return self.filter(type__in=OUTGOING)

    def to_submit(self, now: datetime) -> Self:
        """Transfers that may be handed to the provider at `now`, not before their time. What was made for a
        worker, or is a withdrawal of a platform, that has been suspended since then waits until they are
        reinstated."""
        pending = self.outgoing().filter(status=TransactionStatus.PENDING, next_attempt_at__lte=now)
        pending = pending.filter(Q(not_before=None) | Q(not_before__lte=now))
        pending = pending.exclude(type=TransactionType.WITHDRAWAL, platform__is_active=False)
        return pending.exclude(worker__status=WorkerStatus.SUSPENDED)

    def to_poll(self, now: datetime) -> Self:
        """Transfers whose state may be asked for at `now`."""
        return self.outgoing().filter(status=TransactionStatus.SUBMITTED, next_attempt_at__lte=now)

    def parked(self) -> Self:
        """Transfers under way that no job takes up: staff must look."""
        return self.filter(status__in=sorted(UNDER_WAY), next_attempt_at=None)
