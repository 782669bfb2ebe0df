from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import F

from audit.approvals.errors import SamePerson
from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from gigstream.core.unit import in_unit
from loans.applications.enums import LoanStatus
from loans.applications.services import record_moves
from loans.models import Loan
from loans.recovery.vocabulary import WRITE_OFF
from loans.repayment.errors import NothingOwed, SumChanged
from loans.signals import (
    loans_defaulted,
    loans_written_off,
)
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import LOAN, Subject


def default_overdue_loans(*, now: datetime | None = None) -> int:
    """Put loans unpaid for 30 days after they were due in default, batch by batch in transactions of their
    own; return how many."""
    now = now or database_now()
    defaulted = 0
    while True:
        count = _default_batch(now)
        defaulted += count
        if count < settings.DAILY_BATCH_SIZE:
            return defaulted


@in_unit
def _default_batch(now: datetime) -> int:
    limit = now - timedelta(days=settings.LOAN_DEFAULT_AFTER_DAYS)
    loans = list(
        Loan.objects.locked().filter(
            status__in=[LoanStatus.ACTIVE, LoanStatus.REPAYING], repayment_due__lt=limit
        )[: settings.DAILY_BATCH_SIZE]
    )
    for loan in loans:
        loan.status = LoanStatus.DEFAULTED
        loan.defaulted_at = now
    Loan.unguarded.bulk_update(loans, ["status", "defaulted_at"])
    record_moves("loan.default", loans, now)
    if loans:
        loans_defaulted.send(sender=Loan, loans=loans, now=now)
    return len(loans)


def require_lost(loan: Loan) -> None:
    """Raise NothingOwed unless the loan is in default and owes something."""
    if loan.status != LoanStatus.DEFAULTED or loan.owed == 0:
        raise NothingOwed(
            f"loan {loan.reference} is {loan.status} and owes {usdc(loan.owed)}", owed=loan.owed
        )


@verb("loan.write_off", "loan")
def write_off(
    *,
    loan_id: UUID,
    amount: Decimal | None = None,
    requested_by: str,
    approved_by: str,
    reason: str,
    now: datetime | None = None,
) -> Loan:
    """Write off the outstanding balance of a defaulted loan: the house bears it. Needs two members of staff,
    who may have agreed on the `amount`.

    Raises SamePerson, NothingOwed, or SumChanged when something was repaid since.
    """
    if requested_by == approved_by:
        raise SamePerson("a write-off needs a second person", requested_by=requested_by)
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    require_lost(loan)
    value = loan.owed
    if amount not in (None, value):
        raise SumChanged(f"loan {loan.reference} owes {usdc(value)} now", owed=value)
    loan.amount_written_off = F("amount_written_off") + value
    loan.save()
    loan.refresh_from_db()
    posting = Posting(
        WRITE_OFF,
        accounts.of_house(AccountName.LOSSES),
        accounts.of_worker(loan.worker_id, AccountName.LOAN),
        value,
        key=f"write_off:{loan.pk}",
        subject=Subject(LOAN, loan.pk),
    )
    ledger.post([posting], now=now)
    audit.record(
        "loan.write_off",
        loan,
        after={"amount": value},
        metadata={"requested_by": requested_by, "approved_by": approved_by, "reason": reason},
        now=now,
    )
    loans_written_off.send(sender=Loan, loans=[loan], now=now)
    return loan
