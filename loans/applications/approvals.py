"""Approvals of advances by a second member of staff."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.log.context import current_actor
from audit.log.enums import ActorType
from audit.log.services import verb
from audit.models import Approval
from audit.staff_movements.services import Part, count_alone
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from gigstream.core.states import require_move
from loans.applications.enums import LOAN_MOVES, LoanStatus
from loans.applications.errors import TermsChanged
from loans.applications.services import approve_loan
from loans.models import Loan
from loans.policy.calculations.terms import signatures_for

Lines = Sequence[tuple[str, str]]


def request_for_loan(kind: str, loan: Loan, amount: Decimal, reason: str, now: datetime | None) -> Approval:
    """Request an approval about a loan, of its present terms."""
    parameters = {"terms_hash": loan.terms_hash}
    subject = ("loan", str(loan.pk))
    return approvals.request(
        kind=kind, subject=subject, parameters=parameters, amount=amount, reason=reason, now=now
    )


@verb("loan.approve", "loan")
def approve_or_request(*, loan_id: UUID, reason: str, now: datetime | None = None) -> Loan | Approval:
    """Approve the loan for the present member of staff, or request a second person's approval where its
    amount needs two people or is beyond the sum that a person moves alone.

    Raises ReasonMissing, or the errors of `approve_loan` and `approvals.request`.
    """
    reason = approvals.require_reason(reason)
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    if current_actor().type != ActorType.STAFF or _may_approve_alone(loan, now):
        return approve_loan(loan_id=loan_id, reason=reason, now=now)
    require_move(LOAN_MOVES, subject=f"loan {loan.reference}", before=loan.status, after=LoanStatus.APPROVED)
    return request_for_loan("loan.approve", loan, loan.amount, reason, now)


def _may_approve_alone(loan: Loan, now: datetime) -> bool:
    parts = [Part("worker", loan.worker_id, loan.amount)]
    return signatures_for(loan.amount) == 1 and count_alone(action="loan.approve", parts=parts, now=now)


def _describe_terms(approval: Approval) -> Lines:
    return [("Amount", usdc(approval.amount or ZERO))]


def _explain_terms(waiting: Sequence[Approval]) -> dict[UUID, Lines]:
    loans = _loans_of(waiting)
    return {
        one.pk: [("Terms", loans[one.subject_id].terms.replace("\n", "; "))]
        for one in waiting
        if one.subject_id in loans
    }


def _loans_of(waiting: Sequence[Approval]) -> dict[str, Loan]:
    found = Loan.objects.filter(pk__in=[one.subject_id for one in waiting])
    return {str(loan.pk): loan for loan in found}


def _find_obstacles(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would be refused: the loan is decided, or has other terms."""
    loans = _loans_of(waiting)
    found = {}
    for one in waiting:
        loan = loans.get(one.subject_id)
        if loan is None:
            found[one.pk] = "it changes nothing: the loan is gone"
        elif loan.status != LoanStatus.PENDING:
            found[one.pk] = f"it changes nothing: the loan is {loan.get_status_display().lower()} already"
        elif loan.terms_hash != one.parameters["terms_hash"]:
            found[one.pk] = "it is refused: the loan has other terms now"
    return found


@approval(
    "loan.approve",
    label="Approval of a large advance",
    permission="loans.approve_loan",
    describe=_describe_terms,
    explain=_explain_terms,
    find_obstacles=_find_obstacles,
)
def _execute_approval(approval: Approval) -> dict[str, Any]:
    loan = Loan.objects.locked().get(pk=approval.subject_id)
    if loan.terms_hash != approval.parameters["terms_hash"]:
        raise TermsChanged(f"loan {loan.reference} has other terms now", terms_hash=loan.terms_hash)
    approve_loan(
        loan_id=loan.pk,
        requested_by=approval.requested_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"loan": loan.pk}
