"""The repayment rule: what each earning gives back, set-based, inside the earning's own transaction."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

from loans import services
from loans.calculations import repayment_from
from loans.models import Loan
from payments.deductions import Earning, Withheld


class Repayments:
    """What these workers' earnings give back of what they owe; their loans are locked.

    A fixed number of statements, however many earnings there are.
    """

    def __init__(self, worker_ids: Collection[UUID], now: datetime) -> None:
        self._now = now
        self._loans = _owing(worker_ids)
        self._book = services.RepaymentBook(self._loans.values(), now) if self._loans else None
        self._touched: dict[UUID, Loan] = {}

    @property
    def accounts(self) -> Collection[int]:
        return self._book.accounts if self._book else ()

    def withhold(self, earnings: Sequence[Earning]) -> list[Withheld]:
        """Each earning in its order repays its worker's loan by the formula of domain.md, section 7."""
        if self._book is None:
            return []
        withheld = []
        for earning in earnings:
            loan = self._loans.get(earning.worker_id)
            if loan is None:
                continue
            part = repayment_from(earning.amount, owed=loan.owed, total_due=loan.amount + loan.fee)
            if part:
                posting, movement = self._book.repay(loan, part, fact=earning.key)
                withheld.append(Withheld(earning.key, posting, movement))
                self._touched[loan.pk] = loan
        return withheld

    def conclude(self) -> None:
        """The loans have counted what was booked. One that is repaid speaks for its worker, whose row is
        locked after the accounts."""
        if self._touched:
            services.count_repayments(list(self._touched.values()), now=self._now)


def _owing(worker_ids: Collection[UUID]) -> dict[UUID, Loan]:
    """The oldest owing loan of each worker, locked."""
    loans: dict[UUID, Loan] = {}
    for loan in Loan.objects.locked().owing().filter(worker_id__in=worker_ids).order_by("pk"):
        loans.setdefault(loan.worker_id, loan)
    return loans
