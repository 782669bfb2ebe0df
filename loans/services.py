"""Advances: requested, decided, paid out, repaid out of earnings or early, written off."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F

from audit import services as audit
from audit.services import Record, verb
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import IllegalMove
from gigstream.lib.money import amount as exact
from gigstream.lib.money import usdc
from gigstream.lib.states import require_move
from loans.calculations import SMALLEST_ADVANCE, loan_fee
from loans.enums import LOAN_MOVES, OWING, LoanStatus
from loans.errors import AdvanceOutOfRange, InvalidTerms, NotEligible, NothingOwed, OpenLoanExists
from loans.models import Loan
from loans.offers import Standing, standing_of
from loans.signals import (
    loans_activated,
    loans_approved,
    loans_cancelled,
    loans_defaulted,
    loans_disbursed,
    loans_repaid,
    loans_requested,
)
from payments.enums import AccountName, EntryKind, TransactionType
from payments.errors import SamePerson
from payments.models import Transaction
from payments.postings import Posting
from payments.services import accounts, ledger, payouts, transactions
from workers.models import Worker
from workers.services import require_active

HIGHEST_FEE_BPS = 1000


@verb("loan.request", "worker")
def request_loan(
    *,
    worker_id: UUID,
    amount: Decimal | str,
    fee_bps: int,
    grounds: Standing | None = None,
    now: datetime | None = None,
) -> Loan:
    """A pending loan of `amount` USDC with a fee of floor(amount * fee_bps / 10000) exists, and what it was
    judged by, the `grounds`, is kept on it.

    Raises OpenLoanExists, InvalidTerms or the worker's standing.
    """
    now = now or database_now()
    value = exact(amount)
    if not 0 <= fee_bps <= HIGHEST_FEE_BPS:
        raise InvalidTerms(f"a fee of {fee_bps} bps is outside 0 to {HIGHEST_FEE_BPS}", fee_bps=fee_bps)
    worker = Worker.objects.get(pk=worker_id)
    require_active(worker)
    if Loan.objects.owing().filter(worker=worker).exists():
        raise OpenLoanExists(f"worker {worker_id} still owes on a loan")
    loan = Loan(
        worker=worker,
        amount=value,
        fee=loan_fee(value, fee_bps),
        fee_bps=fee_bps,
        requested_at=now,
        created_at=now,
        risk_score=grounds.risk.score if grounds else None,
        risk_factors=grounds.factors if grounds else {},
        predicted_earnings=grounds.forecast.amount if grounds else None,
    )
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError as error:
        if "loan_one_open_per_worker" not in str(error):
            raise
        raise OpenLoanExists(f"worker {worker_id} has an open loan") from error
    audit.record("loan.request", loan, after={"amount": value, "fee": loan.fee}, now=now)
    loans_requested.send(sender=Loan, loans=[loan], now=now)
    return loan


@verb("loan.request", "worker")
def request_advance(*, worker_id: UUID, amount: Decimal | str, now: datetime | None = None) -> Loan:
    """A worker has asked for an advance: it is pending, with the fee of their risk score.

    Raises NotEligible with the reasons, AdvanceOutOfRange, or what `request_loan` raises.
    """
    now = now or database_now()
    value = exact(amount)
    standing = standing_of(worker_id, now)
    if standing.fee_bps is None or standing.maximum is None:
        raise NotEligible("no advance now: " + "; ".join(standing.reasons), score=standing.risk.score)
    if not SMALLEST_ADVANCE <= value <= standing.maximum:
        raise AdvanceOutOfRange(
            f"an advance is from {usdc(SMALLEST_ADVANCE)} to {usdc(standing.maximum)} now, not {usdc(value)}",
            maximum=standing.maximum,
            requested=value,
        )
    return request_loan(
        worker_id=worker_id, amount=value, fee_bps=standing.fee_bps, grounds=standing, now=now
    )


def _move(loan: Loan, after: LoanStatus) -> None:
    require_move(LOAN_MOVES, subject=f"loan {loan.pk}", before=loan.status, after=after)
    loan.status = after


@verb("loan.approve", "loan")
def approve_loan(*, loan_id: UUID, now: datetime | None = None) -> Loan:
    """The loan may be paid out. Raises IllegalMove."""
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    _move(loan, LoanStatus.APPROVED)
    loan.approved_at = now
    loan.save()
    audit.record("loan.approve", loan, after={"status": loan.status}, now=now)
    loans_approved.send(sender=Loan, loans=[loan], now=now)
    return loan


@verb("loan.cancel", "loan")
def cancel_loan(*, loan_id: UUID, reason: str = "", now: datetime | None = None) -> Loan:
    """A loan that was not paid out is off; `reason` says why it was refused. Raises IllegalMove."""
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    _move(loan, LoanStatus.CANCELLED)
    loan.cancelled_at = now
    loan.rejection_reason = reason
    loan.save()
    audit.record("loan.cancel", loan, after={"status": loan.status}, metadata={"reason": reason}, now=now)
    loans_cancelled.send(sender=Loan, loans=[loan], now=now)
    return loan


@verb("loan.cancel", "loan")
def withdraw_request(*, loan_id: UUID, reason: str = "", now: datetime | None = None) -> Loan:
    """The worker wants the advance no more, while nobody has decided on it. Raises IllegalMove."""
    loan = Loan.objects.locked().get(pk=loan_id)
    if loan.status != LoanStatus.PENDING:
        raise IllegalMove(f"loan {loan.pk} is {loan.status}: only a pending request is withdrawn")
    return cancel_loan(loan_id=loan_id, reason=reason, now=now)


@verb("loan.disburse", "loan")
def disburse_loan(*, loan_id: UUID, now: datetime | None = None) -> Loan:
    """The advance and its fee are owed, and the transfer of the advance to the worker's wallet is pending.

    Raises IllegalMove, NoWallet or the worker's standing.
    """
    loan = Loan.objects.locked().select_related("worker").get(pk=loan_id)
    now = now or database_now()
    _move(loan, LoanStatus.DISBURSED)
    require_active(loan.worker)
    payouts.require_wallet(loan.worker)
    loan.disbursed_at = now
    loan.repayment_due = now + timedelta(days=settings.LOAN_TERM_DAYS)
    loan.save()
    _book_advance(loan, now)
    audit.record("loan.disburse", loan, after={"status": loan.status, "amount": loan.amount}, now=now)
    loans_disbursed.send(sender=Loan, loans=[loan], now=now)
    return loan


def _book_advance(loan: Loan, now: datetime) -> None:
    debt = accounts.of_worker(loan.worker_id, AccountName.LOAN)
    available = payouts.available_account(loan.worker_id)
    postings = [
        Posting(EntryKind.ADVANCE, debt, available.pk, loan.amount, key=f"advance:{loan.pk}", loan_id=loan.pk)
    ]
    if loan.fee:
        fees = accounts.of_house(AccountName.FEES)
        postings.append(
            Posting(EntryKind.LOAN_FEE, debt, fees, loan.fee, key=f"loan_fee:{loan.pk}", loan_id=loan.pk)
        )
    in_transit = accounts.of_worker(loan.worker_id, AccountName.IN_TRANSIT)
    ledger.lock([available.pk, in_transit, debt])
    ledger.post(postings, now=now)
    payouts.hold([(available, loan.amount)], TransactionType.ADVANCE, now, loan_id=loan.pk)


@atomic_with_retry
def activate_loans(loan_ids: Sequence[UUID], *, now: datetime) -> list[Loan]:
    """The advances have reached their workers: earnings repay them from now on."""
    loans = list(Loan.objects.locked().filter(pk__in=loan_ids, status=LoanStatus.DISBURSED))
    for loan in loans:
        loan.status = LoanStatus.ACTIVE
    Loan.unguarded.bulk_update(loans, ["status"])
    _record_moves("loan.activate", loans, now)
    if loans:
        loans_activated.send(sender=Loan, loans=loans, now=now)
    return loans


def _record_moves(action: str, loans: Sequence[Loan], now: datetime) -> None:
    audit.record_many(
        (Record(action, "loan", str(loan.pk), after={"status": loan.status}) for loan in loans), now=now
    )


def count_repayments(loans: Sequence[Loan], *, now: datetime) -> None:
    """Write what the locked loans have been repaid (in memory) and move each to where that puts it."""
    repaid = []
    for loan in loans:
        if loan.owed == 0:
            loan.status = LoanStatus.REPAID
            loan.repaid_at = now
            repaid.append(loan)
        elif loan.status == LoanStatus.ACTIVE:
            loan.status = LoanStatus.REPAYING
    Loan.unguarded.bulk_update(loans, ["amount_repaid", "status", "repaid_at"])
    if repaid:
        _record_moves("loan.repaid", repaid, now)
        loans_repaid.send(sender=Loan, loans=repaid, now=now)


@verb("loan.repay", "loan")
def repay_early(*, loan_id: UUID, amount: Decimal | str, now: datetime | None = None) -> Loan:
    """The worker has repaid `amount` out of their available money, at most what is owed.

    Raises NothingOwed, or InsufficientFunds.
    """
    value = exact(amount)
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    if loan.status not in OWING or value > loan.owed:
        raise NothingOwed(
            f"loan {loan.pk} is {loan.status} and owes {usdc(loan.owed)}, not {usdc(value)}",
            owed=loan.owed,
            requested=value,
        )
    posting, movement = RepaymentBook([loan], now).repay(loan, value, fact=f"early:{loan.amount_repaid}")
    ledger.post([posting], now=now)
    transactions.insert([movement], now)
    audit.record("loan.repay", loan, after={"amount": value, "owed": loan.owed}, now=now)
    count_repayments([loan], now=now)
    return loan


class RepaymentBook:
    """Repayments of locked loans: counts each on its loan (in memory) and says how to book it."""

    def __init__(self, loans: Iterable[Loan], now: datetime) -> None:
        worker_ids = [loan.worker_id for loan in loans]
        self._now = now
        self._available = accounts.of_workers(worker_ids, AccountName.AVAILABLE)
        self._debt = accounts.of_workers(worker_ids, AccountName.LOAN)

    @property
    def accounts(self) -> set[int]:
        """All that its postings may move."""
        return {*self._available.values(), *self._debt.values()}

    def repay(self, loan: Loan, amount: Decimal, *, fact: str) -> tuple[Posting, Transaction]:
        """The posting and the transaction row of one repayment, keyed by the loan and what repaid it."""
        key = f"repayment:{loan.pk}:{fact}"
        loan.amount_repaid += amount
        movement = transactions.internal(
            self._now,
            type=TransactionType.REPAYMENT,
            amount=amount,
            worker_id=loan.worker_id,
            loan=loan,
            idempotency_key=key,
        )
        posting = Posting(
            EntryKind.REPAYMENT,
            self._available[loan.worker_id],
            self._debt[loan.worker_id],
            amount,
            key=key,
            transaction_id=movement.pk,
            loan_id=loan.pk,
        )
        return posting, movement


@atomic_with_retry
def default_overdue_loans(*, now: datetime | None = None) -> int:
    """Loans unpaid for 30 days after they were due are in default; returns how many became so."""
    now = now or database_now()
    limit = now - timedelta(days=settings.LOAN_DEFAULT_AFTER_DAYS)
    loans = list(
        Loan.objects.locked().filter(
            status__in=[LoanStatus.ACTIVE, LoanStatus.REPAYING], repayment_due__lt=limit
        )
    )
    for loan in loans:
        loan.status = LoanStatus.DEFAULTED
        loan.defaulted_at = now
    Loan.unguarded.bulk_update(loans, ["status", "defaulted_at"])
    _record_moves("loan.default", loans, now)
    if loans:
        loans_defaulted.send(sender=Loan, loans=loans, now=now)
    return len(loans)


@verb("loan.write_off", "loan")
def write_off(
    *, loan_id: UUID, requested_by: str, approved_by: str, reason: str, now: datetime | None = None
) -> Loan:
    """What a defaulted loan still owes is the house's loss, by two members of staff.

    Raises SamePerson or NothingOwed.
    """
    if requested_by == approved_by:
        raise SamePerson("a write-off needs a second person", requested_by=requested_by)
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    if loan.status != LoanStatus.DEFAULTED or loan.owed == 0:
        raise NothingOwed(f"loan {loan.pk} is {loan.status} and owes {usdc(loan.owed)}", owed=loan.owed)
    value = loan.owed
    loan.amount_written_off = F("amount_written_off") + value
    loan.save()
    loan.refresh_from_db()
    posting = Posting(
        EntryKind.WRITE_OFF,
        accounts.of_house(AccountName.LOSSES),
        accounts.of_worker(loan.worker_id, AccountName.LOAN),
        value,
        key=f"write_off:{loan.pk}",
        loan_id=loan.pk,
    )
    ledger.post([posting], now=now)
    audit.record(
        "loan.write_off",
        loan,
        after={"amount": value},
        metadata={"requested_by": requested_by, "approved_by": approved_by, "reason": reason},
        now=now,
    )
    return loan
