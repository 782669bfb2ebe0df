"""The repayment rule: what each earning gives back, set-based, inside the earning's own transaction."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from loans import services
from loans.calculations import repayment_from
from loans.models import Loan
from payments.deductions import Earning, Withheld


def repay_from_earnings(earnings: Sequence[Earning], now: datetime) -> list[Withheld]:
    """Each earning repays its worker's loan by the formula of domain.md, section 7, in the order given.

    A fixed number of statements, however many earnings there are.
    """
    loans = _owing({earning.worker_id for earning in earnings})
    if not loans:
        return []
    books = services.RepaymentBook(loans.values(), now)
    withheld = []
    for earning in earnings:
        loan = loans.get(earning.worker_id)
        if loan is None:
            continue
        part = repayment_from(earning.amount, owed=loan.owed, total_due=loan.amount + loan.fee)
        if part:
            posting, movement = books.repay(loan, part, fact=earning.key)
            withheld.append(Withheld(earning.key, posting, movement))
    services.count_repayments(list(loans.values()), now=now)
    return withheld


def _owing(worker_ids: set[UUID]) -> dict[UUID, Loan]:
    """The oldest owing loan of each worker, locked."""
    loans: dict[UUID, Loan] = {}
    for loan in Loan.objects.locked().owing().filter(worker_id__in=worker_ids).order_by("pk"):
        loans.setdefault(loan.worker_id, loan)
    return loans
