"""Advances by exception: to workers who are not eligible, by two members of staff with a written reason."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.errors import SamePerson
from audit.approvals.services import approval, require_reason
from audit.decisions.services import Case, decide
from audit.log import services as audit
from audit.log.services import verb
from audit.models import Approval
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, exact_amount, usdc
from loans.applications.errors import AdvanceOutOfRange
from loans.applications.services import approve_exception, decision_inputs, request_loan, require_no_open_loan
from loans.models import Loan
from loans.policy.calculations.terms import FEES_BPS, LARGEST_ADVANCE, SMALLEST_ADVANCE, fee_bps_for
from loans.policy.selectors.offers import assess_credit, prospects_of
from loans.vocabulary import EXCEPTION
from workers.models import Worker
from workers.services import require_active


@verb("loan.lend_by_exception", "worker")
def lend_by_exception(
    *,
    worker_id: UUID,
    amount: Decimal | str,
    requested_by: str,
    approved_by: str,
    reason: str,
    now: datetime | None = None,
) -> Loan:
    """Lend up to 500 USDC to a worker who is not eligible, as two members of staff have decided.

    The fee is that of the worker's score, or the highest. Raises ReasonMissing, SamePerson,
    AdvanceOutOfRange, OpenLoanExists (also beside a defaulted loan that still owes), or the error of a worker
    who is not active.
    """
    reason = require_reason(reason)
    now = now or database_now()
    value = _require_amount(amount)
    if requested_by == approved_by:
        raise SamePerson("an advance by exception needs a second person", requested_by=requested_by)
    grounds = assess_credit(worker_id, now)
    loan = request_loan(
        worker_id=worker_id,
        amount=value,
        fee_bps=fee_bps_for(grounds.risk.score) or FEES_BPS[-1][1],
        grounds=grounds,
        exception_reason=reason,
        now=now,
    )
    decided = Case(
        subject=loan,
        worker_id=worker_id,
        outcome="approved",
        inputs=decision_inputs(loan, grounds.reasons),
        sentence=f"Two members of staff approved the advance of {usdc(value)} by exception.",
        reason=reason,
        requested_by=requested_by,
        decided_by=approved_by,
    )
    decide(EXCEPTION, decided, now=now)
    signed = {"requested_by": requested_by, "approved_by": approved_by, "reason": reason}
    audit.record("loan.lend_by_exception", loan, after={"amount": value}, metadata=signed, now=now)
    return approve_exception(loan_id=loan.pk, signed_by=[requested_by, approved_by], now=now)


def _require_amount(amount: Decimal | str) -> Decimal:
    value = exact_amount(amount)
    if not SMALLEST_ADVANCE <= value <= LARGEST_ADVANCE:
        raise AdvanceOutOfRange(
            f"an advance by exception is from {usdc(SMALLEST_ADVANCE)} to {usdc(LARGEST_ADVANCE)},"
            f" not {usdc(value)}",
            maximum=LARGEST_ADVANCE,
            requested=value,
        )
    return value


def request_exception(
    *, worker_id: UUID, amount: Decimal | str, reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval of an advance by exception. Raises AdvanceOutOfRange, OpenLoanExists, the error of
    a worker who is not active, or those of `approvals.request`."""
    value = _require_amount(amount)
    worker = Worker.objects.get(pk=worker_id)
    require_active(worker=worker)
    require_no_open_loan(worker_id)
    return approvals.request(
        kind="loan.lend_by_exception",
        subject=("worker", str(worker_id)),
        parameters={},
        amount=value,
        reason=reason,
        now=now,
    )


def _describe_exception(approval: Approval) -> Sequence[tuple[str, str]]:
    return [("Amount", usdc(approval.amount or ZERO))]


def _explain_exception(waiting: Sequence[Approval]) -> dict[UUID, list[tuple[str, str]]]:
    prospects = prospects_of({UUID(one.subject_id) for one in waiting}, database_now())
    return {
        one.pk: [
            ("Score", str(prospects[UUID(one.subject_id)].risk.score)),
            *(("Against it", reason) for reason in prospects[UUID(one.subject_id)].reasons),
        ]
        for one in waiting
    }


@approval(
    "loan.lend_by_exception",
    label="Advance to a worker who is not eligible",
    permission="workers.lend_by_exception_worker",
    describe=_describe_exception,
    explain=_explain_exception,
)
def _execute_exception(approval: Approval) -> dict[str, Any]:
    loan = lend_by_exception(
        worker_id=UUID(approval.subject_id),
        amount=approval.amount or ZERO,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"loan": loan.pk}
