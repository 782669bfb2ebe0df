from datetime import datetime
from typing import Self

from django.db.models import Q

from gigstream.core.models import GuardedQuerySet
from payments.settlement.transactions.enums import OUTGOING, UNDER_WAY, TransactionStatus, TransactionType
from workers.profiles.enums import WorkerStatus


class TransactionQuerySet(GuardedQuerySet):
    def outgoing(self) -> Self:
        """Return the transfers to wallets of workers and platforms."""
        return self.filter(type__in=OUTGOING)

    def to_submit(self, now: datetime) -> Self:
        """Return the transfers that may be submitted to the provider at `now`, not before their time.
        Transfers to a worker, and withdrawals of a platform, that is suspended wait until it is
        reinstated."""
        pending = self.outgoing().filter(status=TransactionStatus.PENDING, next_attempt_at__lte=now)
        pending = pending.filter(Q(not_before=None) | Q(not_before__lte=now))
        pending = pending.exclude(type=TransactionType.WITHDRAWAL, platform__is_active=False)
        return pending.exclude(worker__status=WorkerStatus.SUSPENDED)

    def to_poll(self, now: datetime) -> Self:
        """Return the submitted transfers whose state may be polled at `now`."""
        return self.outgoing().filter(status=TransactionStatus.SUBMITTED, next_attempt_at__lte=now)

    def parked(self) -> Self:
        """Return the transfers under way that no job takes up until staff look."""
        return self.filter(status__in=sorted(UNDER_WAY), next_attempt_at=None)
