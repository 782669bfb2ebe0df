from typing import Self

from django.db.models import F

from gigstream.core.models import GuardedQuerySet
from loans.applications.enums import OPEN_LOANS, OWING, LoanStatus
from workers.models import WalletChange, Worker
from workers.profiles.enums import WorkerStatus


class LoanQuerySet(GuardedQuerySet):
    def open(self) -> Self:
        """Loans that keep their worker from taking another."""
        return self.filter(status__in=OPEN_LOANS)

    def payable(self) -> Self:
        """Approved loans whose workers may be paid and have a settled wallet, the oldest first."""
        able = Worker.objects.filter(
            status=WorkerStatus.ACTIVE, deleted_at=None, wallet_address__isnull=False
        ).exclude(pk__in=WalletChange.objects.open().values("worker"))
        approved = self.filter(status=LoanStatus.APPROVED, worker__in=able)
        return approved.order_by("approved_at", "pk")

    def owing(self) -> Self:
        """Loans that earnings repay: something is still owed."""
        return self.filter(status__in=OWING, total_due__gt=F("amount_repaid") + F("amount_written_off"))
