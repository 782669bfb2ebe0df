from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.db import DatabaseError

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.unit import in_unit
from loans.applications.enums import LoanStatus
from loans.applications.services import logger, move_loan, record_moves
from loans.disbursement.vocabulary import ADVANCE, LOAN_FEE
from loans.models import Loan
from loans.signals import (
    loans_activated,
    loans_disbursed,
)
from payments.ledger.enums import AccountName
from payments.ledger.postings import Posting
from payments.ledger.services import accounts, ledger
from payments.ledger.subjects import LOAN, Subject
from payments.models import Transaction
from payments.settlement.payouts.services import payouts
from payments.settlement.transactions.enums import TransactionType
from workers.services import lock_active_worker, require_active

DISBURSED_AT_ONCE = 100


def disburse_approved_loans(*, now: datetime | None = None) -> int:
    """Disburse the approved advances whose workers can be paid now; return how many. The others stay
    approved, and may still be cancelled."""
    now = now or database_now()
    approved = list(Loan.objects.payable().values_list("pk", flat=True)[:DISBURSED_AT_ONCE])
    return sum(_try_disbursing(loan_id, now) for loan_id in approved)


def _try_disbursing(loan_id: UUID, now: datetime) -> bool:
    try:
        disburse_loan(loan_id=loan_id, now=now)
    except (Refusal, DatabaseError) as error:
        logger.warning("loan %s is not paid out now: %s", loan_id, error)
        return False
    return True


@verb("loan.disburse", "loan")
def disburse_loan(*, loan_id: UUID, reason: str = "", now: datetime | None = None) -> Loan:
    """Book the advance and its fee as owed, and make the transfer to the worker's wallet, which is pending.

    Raises IllegalMove, NoWallet, or the error of a worker who is not active.
    """
    loan = Loan.objects.locked().select_related("worker").get(pk=loan_id)
    now = now or database_now()
    move_loan(loan, LoanStatus.DISBURSED)
    require_active(worker=loan.worker)
    payouts.require_wallet(loan.worker)
    loan.disbursed_at = now
    loan.repayment_due = now + timedelta(days=loan.term_days)
    loan.save()
    _book_advance(loan, now)
    lock_active_worker(worker_id=loan.worker_id)
    after, metadata = {"status": loan.status, "amount": loan.amount}, {"reason": reason} if reason else {}
    audit.record("loan.disburse", loan, after=after, metadata=metadata, now=now)
    loans_disbursed.send(sender=Loan, loans=[loan], now=now)
    return loan


def _book_advance(loan: Loan, now: datetime) -> None:
    debt = accounts.of_worker(loan.worker_id, AccountName.LOAN)
    available = payouts.lock_available_account(loan.worker_id)
    subject = Subject(LOAN, loan.pk)
    postings = [Posting(ADVANCE, debt, available.pk, loan.amount, key=f"advance:{loan.pk}", subject=subject)]
    if loan.fee:
        fees = accounts.of_house(AccountName.FEES)
        postings.append(Posting(LOAN_FEE, debt, fees, loan.fee, key=f"loan_fee:{loan.pk}", subject=subject))
    in_transit = accounts.of_worker(loan.worker_id, AccountName.IN_TRANSIT)
    ledger.lock([available.pk, in_transit, debt])
    entries = ledger.post(postings, now=now)
    payouts.make_transfers(
        [(available, loan.amount)],
        TransactionType.ADVANCE,
        now,
        loan_id=loan.pk,
        own_part=entries[f"advance:{loan.pk}"],
    )


def activate_advances(transactions: Sequence[Transaction], *, now: datetime) -> None:
    """Activate the advances among transactions that have ended.

    A confirmed advance has reached the wallet; a failed or cancelled advance is back in the worker's
    available money and leaves with the next payout. Either way the worker has it, and repayment begins."""
    advances = [moved for moved in transactions if moved.type == TransactionType.ADVANCE]
    loan_ids = [moved.loan_id for moved in advances if moved.loan_id]
    if loan_ids:
        activate_loans(loan_ids, now=now)


@in_unit
def activate_loans(loan_ids: Sequence[UUID], *, now: datetime) -> list[Loan]:
    """Activate advances that have reached their workers: earnings repay them from now on."""
    loans = list(Loan.objects.locked().filter(pk__in=loan_ids, status=LoanStatus.DISBURSED))
    for loan in loans:
        loan.status = LoanStatus.ACTIVE
    Loan.unguarded.bulk_update(loans, ["status"])
    record_moves("loan.activate", loans, now)
    if loans:
        loans_activated.send(sender=Loan, loans=loans, now=now)
    return loans
