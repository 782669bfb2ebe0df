"""Repayment of advances: the part of each earning that a worker's loan withholds."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Sum

from gigstream.core.money import ZERO, usdc
from loans.models import Loan
from loans.policy.calculations.terms import repayment_from
from loans.repayment import services
from loans.repayment.vocabulary import REPAYMENT
from payments.earnings.deductions import Earning, Explanation, Withheld
from payments.ledger.subjects import LOAN
from payments.models import LedgerEntry

EARLY_FORMULA = "the amount that the worker chose to repay, at most the amount owed"
FORMULA = "the smallest of the amount owed, a fifth of the whole (at least 1 USDC) and half the earning"


@dataclass(frozen=True, slots=True)
class RepaymentRule:
    """Rule that earnings repay the advances of their workers."""

    entry_kind: str = REPAYMENT

    def lock(self, worker_ids: Collection[UUID], now: datetime) -> "Repayments":
        """Lock the loans of these workers that owe something."""
        return Repayments(worker_ids, now)

    def explain(self, entry: LedgerEntry) -> Explanation:
        """Explain a repayment, withheld from an earning or made early by the worker."""
        if entry.subject is None:
            raise ValueError(f"{entry} {entry.pk} repays no loan")
        loan = Loan.objects.get(pk=entry.subject.id)
        earlier = LedgerEntry.objects.of(LOAN, loan.pk).filter(kind=entry.kind, id__lt=entry.pk)
        owed = loan.total_due - (earlier.aggregate(total=Sum("amount"))["total"] or ZERO)
        inputs = {
            "loan_id": loan.pk,
            "total_due": loan.total_due,
            "owed_before": owed,
            "owed_after": owed - entry.amount,
        }
        earning = entry.withheld_from
        if earning is None:
            return Explanation(
                f"{usdc(entry.amount)} were repaid early towards an advance:"
                f" {usdc(owed - entry.amount)} remained owed.",
                EARLY_FORMULA,
                inputs,
            )
        return Explanation(
            f"{usdc(entry.amount)} went towards an advance.",
            FORMULA,
            {**inputs, "earning": earning.fact, "earned": earning.amount},
        )


class Repayments:
    """Repayments out of the earnings of some workers, whose loans are locked.

    A fixed number of statements, however many earnings there are.
    """

    def __init__(self, worker_ids: Collection[UUID], now: datetime) -> None:
        self._now = now
        self._loans = _lock_owing(worker_ids)
        self._book = services.RepaymentBook(self._loans.values(), now) if self._loans else None
        self._touched: dict[UUID, Loan] = {}

    @property
    def accounts(self) -> Collection[int]:
        return self._book.accounts if self._book else ()

    def withhold(self, earnings: Sequence[Earning]) -> list[Withheld]:
        """Return what each earning, in the order given, repays of its worker's loan."""
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
        """Write what the loans have been repaid.

        A repaid loan moves its worker's reputation, and the worker is locked after the accounts.
        """
        if self._touched:
            services.count_repayments(list(self._touched.values()), now=self._now)


def _lock_owing(worker_ids: Collection[UUID]) -> dict[UUID, Loan]:
    """Return the oldest owing loan of each worker, locked."""
    loans: dict[UUID, Loan] = {}
    for loan in Loan.objects.locked().owing().filter(worker_id__in=worker_ids).order_by("pk"):
        loans.setdefault(loan.worker_id, loan)
    return loans
