from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.approvals.services import approval
from audit.models import Approval
from gigstream.core.money import ZERO, usdc
from loans.applications.approvals import Lines, request_for_loan
from loans.models import Loan
from loans.recovery.services import require_lost, write_off


def request_write_off(*, loan_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """Request a second person's approval that the house bears the debt of a defaulted loan. A repayment in
    between makes it another sum, which needs another request.

    Raises NothingOwed, or the errors of `approvals.request`.
    """
    loan = Loan.objects.get(pk=loan_id)
    require_lost(loan)
    return request_for_loan("loan.write_off", loan, loan.owed, reason, now)


def _describe_loss(approval: Approval) -> Lines:
    return [("The house bears", usdc(approval.amount or ZERO))]


def _find_obstacles(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would be refused: another sum is owed now."""
    found = Loan.objects.filter(pk__in=[one.subject_id for one in waiting])
    owed = {str(loan.pk): loan.owed for loan in found}
    return {
        one.pk: f"it is refused: {usdc(owed.get(one.subject_id, ZERO))} is owed now"
        for one in waiting
        if owed.get(one.subject_id) != one.amount
    }


@approval(
    "loan.write_off",
    label="Write-off of an advance",
    permission="loans.write_off_loan",
    describe=_describe_loss,
    find_obstacles=_find_obstacles,
)
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
