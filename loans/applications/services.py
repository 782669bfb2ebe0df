"""Advances: requested, decided, paid out, repaid out of earnings or early, written off."""

import functools
import logging
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from audit.approvals.errors import SamePerson
from audit.approvals.services import require_reason
from audit.decisions.services import Case, decide, draft_decision, save_decisions
from audit.log import services as audit
from audit.log.context import SYSTEM, acting_as, current_actor
from audit.log.enums import ActorType
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.money import LARGEST, exact_amount, usdc
from gigstream.core.states import require_move
from gigstream.core.unit import after
from gigstream.jobs.registry import nudge_job
from loans.applications.enums import LOAN_MOVES, LoanStatus
from loans.applications.errors import (
    InvalidTerms,
    NotEligible,
    NotYourPlatform,
    OpenLoanExists,
    StaffNeeded,
    TermsChanged,
)
from loans.applications.terms import Terms
from loans.exposure.services import lock_limits
from loans.models import Loan
from loans.policy.calculations.terms import signatures_for
from loans.policy.selectors.offers import CreditAssessment, assess_credit
from loans.signals import (
    loans_approved,
    loans_cancelled,
    loans_requested,
)
from loans.vocabulary import ADVANCE
from platforms.models import Engagement
from reputation.models import ReputationEvent
from reputation.scores import services as reputation
from reputation.scores.enums import ReputationEventType
from workers.models import Worker
from workers.services import lock_active_worker, require_active

logger = logging.getLogger(__name__)


HIGHEST_FEE_BPS = 1000


@verb("loan.request", "worker")
def request_loan(
    *,
    worker_id: UUID,
    amount: Decimal | str,
    fee_bps: int,
    grounds: CreditAssessment | None = None,
    tell_platform: UUID | None = None,
    exception_reason: str = "",
    now: datetime | None = None,
) -> Loan:
    """Create a pending loan of `amount` USDC with a fee of floor(amount * fee_bps / 10000), its terms
    accepted now and, where the worker was assessed, the grounds of the decision. Only `tell_platform` is
    notified of its progress.

    Raises OpenLoanExists, InvalidTerms, NotYourPlatform, or the error of a worker who is not active.
    """
    now = now or database_now()
    value = exact_amount(amount)
    if not 0 <= fee_bps <= HIGHEST_FEE_BPS:
        raise InvalidTerms(f"a fee of {fee_bps} bps is outside 0 to {HIGHEST_FEE_BPS}", fee_bps=fee_bps)
    worker = Worker.objects.get(pk=worker_id)
    require_active(worker=worker)
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
    # A worker who has left or was suspended since the first look has no loan.
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
        raise NotYourPlatform(f"worker {worker.reference} has no work of platform {platform_id}")


@verb("loan.request", "worker")
def request_advance(
    *,
    worker_id: UUID,
    amount: Decimal | str,
    terms_hash: str,
    tell_platform: UUID | None = None,
    now: datetime | None = None,
) -> Loan:
    """Request an advance on the terms with this hash. Within its limits the system approves it at once.
    `tell_platform` is notified of its progress.

    Raises NotEligible with the reasons, AdvanceOutOfRange, TermsChanged when other terms are offered now, or
    the errors of `request_loan`.
    """
    now = now or database_now()
    lock_limits()
    assessment = assess_credit(worker_id, now)
    value = exact_amount(amount)
    try:
        terms = assessment.offer(value)
    except NotEligible:
        _record_ineligible(assessment, value, now)
        raise
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
        grounds=assessment,
        tell_platform=tell_platform,
        now=now,
    )
    if not assessment.is_automatic(terms.amount):
        return loan
    with acting_as(ActorType.SYSTEM, ""):
        return approve_loan(loan_id=loan.pk, now=now)


def _record_ineligible(assessment: CreditAssessment, amount: Decimal, now: datetime) -> None:
    """Write the system's decision against an advance when the refused request has ended."""
    case = Case(
        subject=assessment.risk.worker,
        worker_id=assessment.risk.worker_id,
        outcome="refused",
        inputs={
            "amount": amount,
            "risk_score": assessment.risk.score,
            "risk_factors": assessment.factors,
            "predicted_earnings": assessment.forecast.amount,
            "automatic_up_to": assessment.automatic.amount,
            "objections": assessment.reasons,
        },
        sentence=f"No advance of {usdc(amount)} now: {'; '.join(assessment.reasons)}.",
        decided_by=str(SYSTEM),
    )
    after(functools.partial(save_decisions, [draft_decision(ADVANCE, case, now=now)]))


def decision_inputs(loan: Loan, objections: Sequence[str] = ()) -> dict[str, Any]:
    """Return the inputs of a decision on the loan: its assessment, and the objections to an advance."""
    return {
        "amount": loan.amount,
        "risk_score": loan.risk_score,
        "risk_factors": loan.risk_factors,
        "predicted_earnings": loan.predicted_earnings,
        "automatic_up_to": loan.automatic_up_to,
        "objections": objections,
    }


def _record_decision(
    loan: Loan, outcome: str, sentence: str, reason: str, requested_by: str, now: datetime
) -> None:
    case = Case(
        subject=loan,
        worker_id=loan.worker_id,
        outcome=outcome,
        inputs=decision_inputs(loan),
        sentence=sentence,
        reason=reason,
        requested_by=requested_by,
    )
    decide(ADVANCE, case, now=now)


def move_loan(loan: Loan, target: LoanStatus) -> None:
    """Set the status of a locked loan (in memory). Raises IllegalMove."""
    require_move(LOAN_MOVES, subject=f"loan {loan.reference}", before=loan.status, after=target)
    loan.status = target


@verb("loan.approve", "loan")
def approve_loan(
    *, loan_id: UUID, requested_by: str = "", reason: str = "", now: datetime | None = None
) -> Loan:
    """Approve the loan's terms for the present actor, so that it is paid out soon; where its amount needs two
    people, the other is `requested_by`.

    Raises IllegalMove, StaffNeeded, or SamePerson when both are the same.
    """
    loan = Loan.objects.locked().get(pk=loan_id)
    require_move(LOAN_MOVES, subject=f"loan {loan.reference}", before=loan.status, after=LoanStatus.APPROVED)
    _require_may_approve(loan)
    now = now or database_now()
    signers = _signers_of(loan, requested_by)
    _record_decision(loan, "approved", _approval_in_words(loan), reason, requested_by, now)
    return _approve_loan(loan, signers, reason, now)


def _approval_in_words(loan: Loan) -> str:
    if current_actor().type == ActorType.STAFF or loan.automatic_up_to is None:
        return f"Staff approved the advance of {usdc(loan.amount)}."
    return (
        f"The advance of {usdc(loan.amount)} was approved: at a score of {loan.risk_score} the system"
        f" approves up to {usdc(loan.automatic_up_to)}."
    )


def approve_exception(*, loan_id: UUID, signed_by: Sequence[str], now: datetime) -> Loan:
    """Approve an advance by exception for the two members of staff who decided on it. Raises IllegalMove."""
    loan = Loan.objects.locked().get(pk=loan_id)
    return _approve_loan(loan, signed_by, loan.exception_reason, now)


def _approve_loan(loan: Loan, signers: Sequence[str], reason: str, now: datetime) -> Loan:
    move_loan(loan, LoanStatus.APPROVED)
    loan.approved_at = now
    loan.is_automatic = current_actor().type == ActorType.SYSTEM and not loan.exception_reason
    loan.save()
    metadata = {
        "signed_by": signers,
        "terms_hash": loan.terms_hash,
        "reason": reason,
        "automatic_up_to": loan.automatic_up_to,
    }
    audit.record("loan.approve", loan, after={"status": loan.status}, metadata=metadata, now=now)
    loans_approved.send(sender=Loan, loans=[loan], now=now)
    nudge_job("disburse_loans")
    return loan


def _signers_of(loan: Loan, requested_by: str) -> list[str]:
    actor = str(current_actor())
    if requested_by == actor:
        raise SamePerson(f"{actor} has requested it: another person approves", requested_by=actor)
    signers = [*filter(None, [requested_by]), actor]
    if len(signers) < signatures_for(loan.amount):
        raise StaffNeeded(
            f"an advance of {usdc(loan.amount)} is approved by two members of staff", amount=loan.amount
        )
    return signers


def _require_may_approve(loan: Loan) -> None:
    """Raise StaffNeeded unless the present actor may approve: staff any advance, the system an assessed
    advance within its limits."""
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
    """Refuse an advance that is not paid out; the worker can read the reason. Raises ReasonMissing or
    IllegalMove."""
    reason, now = require_reason(reason), now or database_now()
    loan = cancel_loan(loan_id=loan_id, reason=reason, now=now)
    _record_decision(loan, "refused", f"Staff refused the advance of {usdc(loan.amount)}.", reason, "", now)
    return loan


@verb("loan.cancel", "loan")
def cancel_loan(*, loan_id: UUID, reason: str = "", now: datetime | None = None) -> Loan:
    """Cancel a loan that is not paid out; `reason` says why it was refused. Raises IllegalMove."""
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    move_loan(loan, LoanStatus.CANCELLED)
    loan.cancelled_at = now
    loan.rejection_reason = reason
    loan.save()
    audit.record("loan.cancel", loan, after={"status": loan.status}, metadata={"reason": reason}, now=now)
    loans_cancelled.send(sender=Loan, loans=[loan], now=now)
    return loan


def record_moves(action: str, loans: Sequence[Loan], now: datetime) -> None:
    """Write an audit line for the new status of each loan."""
    audit.record_each(action, loans, after=lambda loan: {"status": loan.status}, now=now)


def record_reputation(
    loans: Sequence[Loan], event_type: ReputationEventType, delta: int, *, now: datetime
) -> None:
    """Record that each of these loans has moved its worker's reputation."""
    events = [
        ReputationEvent(
            worker_id=loan.worker_id,
            event_type=event_type,
            delta=delta,
            source_key=f"{event_type}:{loan.pk}",
            metadata={"loan": str(loan.pk)},
        )
        for loan in loans
    ]
    reputation.record_events(events, now=now)
