from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Max

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import exact_amount, usdc
from loans.applications.enums import OWING, LoanStatus
from loans.applications.services import record_moves
from loans.models import Loan
from loans.repayment.errors import NothingOwed
from loans.repayment.vocabulary import REPAYMENT
from loans.signals import (
    loans_repaid,
)
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import LOAN, Subject
from payments.models import LedgerEntry, Transaction
from payments.settlement.payouts.services import holds, parts
from payments.settlement.payouts.services.parts import Debit
from payments.settlement.transactions import services as transactions
from payments.settlement.transactions.enums import TransactionType


def _latest_repayments(loans: Sequence[Loan]) -> dict[UUID, datetime]:
    """Return when each of these loans was last repaid in part: later than now if a clock has stepped back."""
    if not loans:
        return {}
    entries = LedgerEntry.objects.of(LOAN, *(loan.pk for loan in loans))
    booked = entries.filter(kind=REPAYMENT).values_list("subject_id")
    return dict(booked.annotate(latest_at=Max("created_at")))


def count_repayments(loans: Sequence[Loan], *, now: datetime) -> None:
    """Write the repaid sums of the locked loans (in memory) and the status that follows from each.

    One statement, however many loans. Repaid loans move their workers' reputation, so it comes after all that
    is booked.
    """
    repaid = []
    latest = _latest_repayments([loan for loan in loans if loan.owed == 0])
    for loan in loans:
        if loan.owed == 0:
            loan.status = LoanStatus.REPAID
            loan.repaid_at = max(now, latest.get(loan.pk, now))
            repaid.append(loan)
        elif loan.status == LoanStatus.ACTIVE:
            loan.status = LoanStatus.REPAYING
    sql.run(
        "loans/repayment/count_repayments",
        ids=[loan.pk for loan in loans],
        repaid=[loan.amount_repaid for loan in loans],
        statuses=[str(loan.status) for loan in loans],
        times=[loan.repaid_at for loan in loans],
    )
    if repaid:
        record_moves("loan.repaid", repaid, now)
        loans_repaid.send(sender=Loan, loans=repaid, now=now)


@verb("loan.repay", "loan")
def repay_early(*, loan_id: UUID, amount: Decimal | str | None = None, now: datetime | None = None) -> Loan:
    """Repay `amount`, or the whole debt, out of the worker's available money that no hold keeps.

    Raises NothingOwed, also for more than is owed, MoneyHeld or InsufficientFunds.
    """
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    value = loan.owed if amount is None else exact_amount(amount)
    if loan.status not in OWING or not 0 < value <= loan.owed:
        raise NothingOwed(
            f"loan {loan.reference} is {loan.status} and owes {usdc(loan.owed)}, not {usdc(value)}",
            owed=loan.owed,
            requested=value,
        )
    posting, movement = RepaymentBook([loan], now).repay(loan, value, fact=f"early:{loan.amount_repaid}")
    available = ledger.lock([posting.debit, posting.credit])[posting.debit]
    holds.require_unheld(available, value)
    entries = ledger.post([posting], now=now)
    parts.cover_debits([Debit(posting.debit, entries[posting.key or ""], value)])
    transactions.insert([movement], now)
    audit.record("loan.repay", loan, after={"amount": value, "owed": loan.owed}, now=now)
    count_repayments([loan], now=now)
    return loan


class RepaymentBook:
    """Repayments of locked loans: each is counted on its loan (in memory) and made a posting."""

    def __init__(self, loans: Iterable[Loan], now: datetime) -> None:
        worker_ids = [loan.worker_id for loan in loans]
        self._now = now
        self._available = accounts.of_workers(worker_ids, AccountName.AVAILABLE)
        self._debt = accounts.of_workers(worker_ids, AccountName.LOAN)

    @property
    def accounts(self) -> set[int]:
        """Accounts that its postings may move."""
        return {*self._available.values(), *self._debt.values()}

    def repay(self, loan: Loan, amount: Decimal, *, fact: str) -> tuple[Posting, Transaction]:
        """Count a repayment on the loan; return its posting and its transaction, keyed by the loan and the
        fact that repaid it."""
        key = f"repayment:{loan.pk}:{fact}"
        loan.amount_repaid += amount
        movement = transactions.new_internal(
            self._now,
            type=TransactionType.REPAYMENT,
            amount=amount,
            worker_id=loan.worker_id,
            loan=loan,
            idempotency_key=key,
        )
        posting = Posting(
            REPAYMENT,
            self._available[loan.worker_id],
            self._debt[loan.worker_id],
            amount,
            key=key,
            transaction_id=movement.pk,
            subject=Subject(LOAN, loan.pk),
        )
        return posting, movement
