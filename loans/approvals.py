"""What staff do with advances only together with a second person: large ones, and write-offs."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import approvals
from audit.approvals import Kind
from audit.context import current_actor
from audit.enums import ActorType
from audit.models import Approval
from audit.services import verb
from audit.staff_movements import Part, count_alone
from gigstream.lib.clock import database_now
from gigstream.lib.money import ZERO, usdc
from gigstream.lib.states import require_move
from loans.calculations import signatures_for
from loans.decision_lines import decision_lines
from loans.enums import LOAN_MOVES, LoanStatus
from loans.errors import TermsChanged
from loans.models import Loan
from loans.services import approve_loan, require_lost, write_off

Lines = Sequence[tuple[str, str]]


def _ask(kind: Kind, loan: Loan, amount: Decimal, reason: str, now: datetime | None) -> Approval:
    told = {"terms_hash": loan.terms_hash}
    subject = ("loan", str(loan.pk))
    return approvals.request(
        kind=kind, subject=subject, parameters=told, amount=amount, reason=reason, now=now
    )


@verb("loan.approve", "loan")
def approve_or_ask(*, loan_id: UUID, reason: str, now: datetime | None = None) -> Loan | Approval:
    """The present member of staff has approved the loan's terms; or, where its amount needs two or is more
    than one may move alone, a second one is asked to. Raises ReasonMissing or what `approve_loan` and
    `request` raise."""
    reason = approvals.require_reason(reason)
    loan = Loan.objects.locked().get(pk=loan_id)
    now = now or database_now()
    if current_actor().type != ActorType.STAFF or _may_approve_alone(loan, now):
        return approve_loan(loan_id=loan_id, reason=reason, now=now)
    require_move(LOAN_MOVES, subject=f"loan {loan.pk}", before=loan.status, after=LoanStatus.APPROVED)
    return _ask(APPROVE, loan, loan.amount, reason, now)


def _may_approve_alone(loan: Loan, now: datetime) -> bool:
    parts = [Part("worker", loan.worker_id, loan.amount)]
    return signatures_for(loan.amount) == 1 and count_alone(action="loan.approve", parts=parts, now=now)


def _approve(approval: Approval) -> dict[str, Any]:
    loan = Loan.objects.locked().get(pk=approval.subject_id)
    if loan.terms_hash != approval.parameters["terms_hash"]:
        raise TermsChanged(f"loan {loan.pk} has other terms now", terms_hash=loan.terms_hash)
    approve_loan(
        loan_id=loan.pk,
        requested_by=approval.requested_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"loan": loan.pk}


def _tell_terms(approval: Approval) -> Lines:
    loan = Loan.objects.select_related("worker").filter(pk=approval.subject_id).first()
    terms = loan.terms.split("\n") if loan else ["the loan is gone"]
    return [
        ("Amount", usdc(approval.amount or ZERO)),
        *(decision_lines(loan) if loan else ()),
        *[("Terms", line) for line in terms],
        ("Hash of the terms", approval.parameters["terms_hash"]),
    ]


APPROVE = approvals.register(
    Kind("loan.approve", "Approval of a large advance", "loans.approve_loan", _approve, _tell_terms)
)


def ask_to_write_off(*, loan_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """A second person is asked to let the house bear what a defaulted loan owes now. What is repaid in
    between makes it another sum, to be asked for anew. Raises NothingOwed or what `request` raises."""
    loan = Loan.objects.get(pk=loan_id)
    require_lost(loan)
    return _ask(WRITE_OFF, loan, loan.owed, reason, now)


def _write_off(approval: Approval) -> dict[str, Any]:
    loan = write_off(
        loan_id=UUID(approval.subject_id),
        amount=approval.amount,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"loan": loan.pk}


def _tell_loss(approval: Approval) -> Lines:
    return [("The house bears", usdc(approval.amount or ZERO)), ("Terms", approval.parameters["terms_hash"])]


WRITE_OFF = approvals.register(
    Kind("loan.write_off", "Write-off of an advance", "loans.write_off_loan", _write_off, _tell_loss)
)
