"""Advances: requested, decided, paid out, repaid out of earnings or early, written off."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, IntegrityError, transaction
from django.db.models import F, Max

from audit import services as audit
from audit.approvals import require_reason
from audit.context import acting_as, current_actor
from audit.enums import ActorType
from audit.errors import SamePerson
from audit.jobs import ring
from audit.services import Record, verb
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import Refusal
from gigstream.lib.money import LARGEST, usdc
from gigstream.lib.money import amount as exact
from gigstream.lib.states import require_move
from loans.calculations import signatures_for
from loans.enums import LOAN_MOVES, OWING, LoanStatus
from loans.errors import (
    InvalidTerms,
    NothingOwed,
    NotYourPlatform,
    OpenLoanExists,
    StaffNeeded,
    SumChanged,
    TermsChanged,
)
from loans.exposure import lock_limits
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
    loans_written_off,
)
from loans.terms import Terms
from payments.enums import AccountName, EntryKind, TransactionType
from payments.models import LedgerEntry, Transaction
from payments.postings import Posting
from payments.services import accounts, holds, ledger, parts, payouts, transactions
from payments.services.parts import Debit
from platforms.models import Engagement
from workers.models import Worker
from workers.services import lock_active_worker, require_active

logger = logging.getLogger(__name__)

_SQL = Path(__file__).resolve().parent / "sql"
HIGHEST_FEE_BPS = 1000
DISBURSED_AT_ONCE = 100


@verb("loan.request", "worker")
def request_loan(
    *,
    worker_id: UUID,
    amount: Decimal | str,
    fee_bps: int,
    grounds: Standing | None = None,
    tell_platform: UUID | None = None,
    exception_reason: str = "",
    now: datetime | None = None,
) -> Loan:
    """A pending loan of `amount` USDC with a fee of floor(amount * fee_bps / 10000) exists, with its terms as
    accepted now and, where the worker was assessed, what it was decided on. `tell_platform` hears how it goes
    on; without it no platform does.

    Raises OpenLoanExists, InvalidTerms, NotYourPlatform or the worker's standing.
    """
    now = now or database_now()
    value = exact(amount)
    if not 0 <= fee_bps <= HIGHEST_FEE_BPS:
        raise InvalidTerms(f"a fee of {fee_bps} bps is outside 0 to {HIGHEST_FEE_BPS}", fee_bps=fee_bps)
    worker = Worker.objects.get(pk=worker_id)
    require_active(worker)
    require_no_open_loan(worker_id)
    _require_works_for(worker, tell_platform)
    terms = Terms(worker_id, value, fee_bps, settings.LOAN_TERM_DAYS)
    if value + terms.fee > LARGEST:
        raise InvalidTerms(f"{usdc(value)} and its fee are more than a loan can be", amount=value)
    loan = Loan(
        worker=worker,
        amount=value,
        fee=terms.fee,
        fee_bps=fee_bps,
        term_days=terms.term_days,
        terms=terms.text,
        terms_hash=terms.hash,
        terms_accepted_at=now,
        risk_score=grounds.risk.score if grounds else None,
        risk_factors=grounds.factors if grounds else {},
        predicted_earnings=grounds.forecast.amount if grounds else None,
        automatic_up_to=grounds.automatic.amount if grounds else None,
        exception_reason=exception_reason,
        requested_at=now,
        told_platform_id=tell_platform,
        created_at=now,
    )
    try:
        with transaction.atomic():
            loan.save(force_insert=True)
    except IntegrityError as error:
        if "loan_one_open_per_worker" not in str(error):
            raise
        raise OpenLoanExists(f"worker {worker_id} has an open loan") from error
    # Who has left or was suspended since they were read has no loan.
    lock_active_worker(worker_id=worker_id)
    accepted = {"amount": value, "fee": loan.fee, "terms_hash": loan.terms_hash}
    audit.record("loan.request", loan, after=accepted, now=now)
    loans_requested.send(sender=Loan, loans=[loan], now=now)
    return loan


def require_no_open_loan(worker_id: UUID) -> None:
    """Raise OpenLoanExists while the worker has a loan that is open, or in default and still owes."""
    if Loan.objects.owing().filter(worker=worker_id).exists():
        raise OpenLoanExists(f"worker {worker_id} still owes on a loan")


def _require_works_for(worker: Worker, platform_id: UUID | None) -> None:
    if platform_id and not Engagement.objects.filter(worker=worker, platform=platform_id).exists():
        raise NotYourPlatform(f"worker {worker.pk} has no work of platform {platform_id}")


@verb("loan.request", "worker")
def request_advance(
    *,
    worker_id: UUID,
    amount: Decimal | str,
    terms_hash: str,
    tell_platform: UUID | None = None,
    now: datetime | None = None,
) -> Loan:
    """A worker has accepted the terms with this hash. Within its limits the system has approved the advance,
    else it is pending. `tell_platform` hears how it goes on.

    Raises NotEligible with the reasons, AdvanceOutOfRange, TermsChanged when what is accepted is not what is
    offered now, or what `request_loan` raises.
    """
    now = now or database_now()
    lock_limits()
    standing = standing_of(worker_id, now)
    terms = standing.offer(exact(amount))
    if terms.hash != terms_hash:
        raise TermsChanged(
            f"an advance of {usdc(terms.amount)} has a fee of {usdc(terms.fee)}: these are not its terms",
            fee=terms.fee,
            fee_bps=terms.fee_bps,
            terms_hash=terms.hash,
        )
    loan = request_loan(
        worker_id=worker_id,
        amount=terms.amount,
        fee_bps=terms.fee_bps,
        grounds=standing,
        tell_platform=tell_platform,
        now=now,
    )
    if not standing.is_automatic(terms.amount):
        return loan
    with acting_as(ActorType.SYSTEM, ""):
        return approve_loan(loan_id=loan.pk, now=now)


def _move(loan: Loan, after: LoanStatus) -> None:
    require_move(LOAN_MOVES, subject=f"loan {loan.pk}", before=loan.status, after=after)
    loan.status = after


@verb("loan.approve", "loan")
def approve_loan(
    *, loan_id: UUID, requested_by: str = "", reason: str = "", now: datetime | None = None
) -> Loan:
    """The loan's terms are approved by the present actor, so it is paid out soon; where its amount needs two,
    also by who has asked for it (`requested_by`).

    Raises IllegalMove, StaffNeeded, or SamePerson when both are the same.
    """
    loan = Loan.objects.locked().get(pk=loan_id)
    require_move(LOAN_MOVES, subject=f"loan {loan.pk}", before=loan.status, after=LoanStatus.APPROVED)
    _require_may_approve(loan)
    return _approve(loan, _signers(loan, requested_by), reason, now or database_now())


def approve_exception(*, loan_id: UUID, signed_by: Sequence[str], now: datetime) -> Loan:
    """Approve an advance by exception for the two members of staff who decided on it. Raises IllegalMove."""
    loan = Loan.objects.locked().get(pk=loan_id)
    return _approve(loan, signed_by, loan.exception_reason, now)


def _approve(loan: Loan, signers: Sequence[str], reason: str, now: datetime) -> Loan:
    _move(loan, LoanStatus.APPROVED)
    loan.approved_at = now
    loan.is_automatic = current_actor().type == ActorType.SYSTEM and not loan.exception_reason
    loan.save()
    told = {
        "signed_by": signers,
        "terms_hash": loan.terms_hash,
        "reason": reason,
        "automatic_up_to": loan.automatic_up_to,
    }
    audit.record("loan.approve", loan, after={"status": loan.status}, metadata=told, now=now)
    loans_approved.send(sender=Loan, loans=[loan], now=now)
    ring("disburse_loans")
    return loan


def _signers(loan: Loan, requested_by: str) -> list[str]:
    actor = str(current_actor())
    if requested_by == actor:
        raise SamePerson(f"{actor} asked for it: another one approves", requested_by=actor)
    signers = [*filter(None, [requested_by]), actor]
    if len(signers) < signatures_for(loan.amount):
        raise StaffNeeded(
            f"an advance of {usdc(loan.amount)} is approved by two members of staff", amount=loan.amount
        )
    return signers


def _require_may_approve(loan: Loan) -> None:
    """Staff approve any advance; the system one that was judged, within what it may lend by itself."""
    if current_actor().type == ActorType.STAFF:
        return
    limit = loan.automatic_up_to if loan.risk_score is not None else None
    if current_actor().type != ActorType.SYSTEM or limit is None or loan.amount > limit:
        raise StaffNeeded(
            f"an advance of {usdc(loan.amount)} at a score of {loan.risk_score} is for staff to approve",
            amount=loan.amount,
            score=loan.risk_score,
        )


@verb("loan.reject", "loan")
def reject_loan(*, loan_id: UUID, reason: str, now: datetime | None = None) -> Loan:
    """Staff have refused an advance that was not paid out, and the worker can read why. Raises ReasonMissing
    or IllegalMove."""
    return cancel_loan(loan_id=loan_id, reason=require_reason(reason), now=now)


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


def disburse_approved_loans(*, now: datetime | None = None) -> int:
    """Approved advances whose workers can be paid now are on their way; returns how many. What cannot be paid
    stays approved, and may still be cancelled."""
    now = now or database_now()
    approved = list(Loan.objects.payable().values_list("pk", flat=True)[:DISBURSED_AT_ONCE])
    return sum(_disbursed(loan_id, now) for loan_id in approved)


def _disbursed(loan_id: UUID, now: datetime) -> bool:
    try:
        disburse_loan(loan_id=loan_id, now=now)
    except (Refusal, DatabaseError) as error:
        logger.warning("loan %s is not paid out now: %s", loan_id, error)
        return False
    return True


@verb("loan.disburse", "loan")
def disburse_loan(*, loan_id: UUID, reason: str = "", now: datetime | None = None) -> Loan:
    """The advance and its fee are owed, and the transfer of the advance to the worker's wallet is pending.

    Raises IllegalMove, NoWallet or the worker's standing.
    """
    loan = Loan.objects.locked().select_related("worker").get(pk=loan_id)
    now = now or database_now()
    _move(loan, LoanStatus.DISBURSED)
    require_active(loan.worker)
    payouts.require_wallet(loan.worker)
    loan.disbursed_at = now
    loan.repayment_due = now + timedelta(days=loan.term_days)
    loan.save()
    _book_advance(loan, now)
    lock_active_worker(worker_id=loan.worker_id)
    after, told = {"status": loan.status, "amount": loan.amount}, {"reason": reason} if reason else {}
    audit.record("loan.disburse", loan, after=after, metadata=told, now=now)
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
    entries = ledger.post(postings, now=now)
    payouts.hold(
        [(available, loan.amount)],
        TransactionType.ADVANCE,
        now,
        loan_id=loan.pk,
        own_part=entries[f"advance:{loan.pk}"],
    )


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


def _latest_repayments(loans: Sequence[Loan]) -> dict[UUID, datetime]:
    """When each of these loans was last repaid a part: later than now if a clock has stepped back since."""
    if not loans:
        return {}
    booked = LedgerEntry.objects.filter(loan__in=loans, kind=EntryKind.REPAYMENT).values_list("loan")
    return dict(booked.annotate(latest_at=Max("created_at")))


def count_repayments(loans: Sequence[Loan], *, now: datetime) -> None:
    """Write what the locked loans have been repaid (in memory) and move each to where that puts it. One
    statement, however many; those that are repaid move their workers' reputation, so it comes after all that
    is booked."""
    repaid = []
    latest = _latest_repayments([loan for loan in loans if loan.owed == 0])
    for loan in loans:
        if loan.owed == 0:
            loan.status = LoanStatus.REPAID
            loan.repaid_at = max(now, latest.get(loan.pk, now))
            repaid.append(loan)
        elif loan.status == LoanStatus.ACTIVE:
            loan.status = LoanStatus.REPAYING
    sql.rows(
        sql.load(_SQL / "count_repayments.sql"),
        {
            "ids": [loan.pk for loan in loans],
            "repaid": [loan.amount_repaid for loan in loans],
            "statuses": [str(loan.status) for loan in loans],
            "times": [loan.repaid_at for loan in loans],
        },
    )
    if repaid:
        _record_moves("loan.repaid", repaid, now)
        loans_repaid.send(sender=Loan, loans=repaid, now=now)


@verb("loan.repay", "loan")
def repay_early(*, loan_id: UUID, amount: Decimal | str | None = None, now: datetime | None = None) -> Loan:
    """Repay `amount`, or all that is owed, out of what the worker has available and no hold keeps.

    Raises NothingOwed, also for more than is owed, MoneyHeld or InsufficientFunds.
    """
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    value = loan.owed if amount is None else exact(amount)
    if loan.status not in OWING or not 0 < value <= loan.owed:
        raise NothingOwed(
            f"loan {loan.pk} is {loan.status} and owes {usdc(loan.owed)}, not {usdc(value)}",
            owed=loan.owed,
            requested=value,
        )
    posting, movement = RepaymentBook([loan], now).repay(loan, value, fact=f"early:{loan.amount_repaid}")
    available = ledger.lock([posting.debit, posting.credit])[posting.debit]
    holds.require_unheld(available, value)
    entries = ledger.post([posting], now=now)
    parts.cover([Debit(posting.debit, entries[posting.key or ""], value)])
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


def default_overdue_loans(*, now: datetime | None = None) -> int:
    """Put loans unpaid for 30 days after they were due in default, batch by batch in transactions of their
    own; returns how many became so."""
    now = now or database_now()
    defaulted = 0
    while True:
        count = _default_batch(now)
        defaulted += count
        if count < settings.DAILY_BATCH_SIZE:
            return defaulted


@atomic_with_retry
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
    _record_moves("loan.default", loans, now)
    if loans:
        loans_defaulted.send(sender=Loan, loans=loans, now=now)
    return len(loans)


def require_lost(loan: Loan) -> None:
    """Raise NothingOwed unless the loan is in default and owes something."""
    if loan.status != LoanStatus.DEFAULTED or loan.owed == 0:
        raise NothingOwed(f"loan {loan.pk} is {loan.status} and owes {usdc(loan.owed)}", owed=loan.owed)


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
    """What a defaulted loan still owes is the house's loss, by two members of staff, who may have agreed on
    that `amount`.

    Raises SamePerson, NothingOwed, or SumChanged when something was repaid since.
    """
    if requested_by == approved_by:
        raise SamePerson("a write-off needs a second person", requested_by=requested_by)
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    require_lost(loan)
    value = loan.owed
    if amount not in (None, value):
        raise SumChanged(f"loan {loan.pk} owes {usdc(value)} now", owed=value)
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
    loans_written_off.send(sender=Loan, loans=[loan], now=now)
    return loan
