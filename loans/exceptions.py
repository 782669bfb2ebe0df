"""Advances to workers who are not eligible: by two members of staff, with a written reason."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit import approvals
from audit import services as audit
from audit.approvals import Kind, require_reason
from audit.errors import SamePerson
from audit.models import Approval
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.money import ZERO, usdc
from gigstream.lib.money import amount as exact
from loans.calculations import FEES_BPS, LARGEST_ADVANCE, SMALLEST_ADVANCE, fee_bps_for
from loans.errors import AdvanceOutOfRange
from loans.models import Loan
from loans.offers import standing_of
from loans.services import approve_exception, request_loan, require_no_open_loan
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
    AdvanceOutOfRange, OpenLoanExists (also beside one in default that still owes), or the worker's standing.
    """
    reason = require_reason(reason)
    now = now or database_now()
    value = _require_amount(amount)
    if requested_by == approved_by:
        raise SamePerson("an advance by exception needs a second person", requested_by=requested_by)
    grounds = standing_of(worker_id, now)
    loan = request_loan(
        worker_id=worker_id,
        amount=value,
        fee_bps=fee_bps_for(grounds.risk.score) or FEES_BPS[-1][1],
        grounds=grounds,
        exception_reason=reason,
        now=now,
    )
    told = {"requested_by": requested_by, "approved_by": approved_by, "reason": reason}
    audit.record("loan.lend_by_exception", loan, after={"amount": value}, metadata=told, now=now)
    return approve_exception(loan_id=loan.pk, signed_by=[requested_by, approved_by], now=now)


def _require_amount(amount: Decimal | str) -> Decimal:
    value = exact(amount)
    if not SMALLEST_ADVANCE <= value <= LARGEST_ADVANCE:
        raise AdvanceOutOfRange(
            f"an advance by exception is from {usdc(SMALLEST_ADVANCE)} to {usdc(LARGEST_ADVANCE)},"
            f" not {usdc(value)}",
            maximum=LARGEST_ADVANCE,
            requested=value,
        )
    return value


def ask_to_lend_by_exception(
    *, worker_id: UUID, amount: Decimal | str, reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval of an advance by exception. Raises AdvanceOutOfRange, OpenLoanExists, the worker's
    standing, or what `request` raises."""
    value = _require_amount(amount)
    worker = Worker.objects.get(pk=worker_id)
    require_active(worker)
    require_no_open_loan(worker_id)
    return approvals.request(
        kind=LEND_BY_EXCEPTION,
        subject=("worker", str(worker_id)),
        parameters={},
        amount=value,
        reason=reason,
        now=now,
    )


def _lend(approval: Approval) -> dict[str, Any]:
    loan = lend_by_exception(
        worker_id=UUID(approval.subject_id),
        amount=approval.amount or ZERO,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"loan": loan.pk}


def _describe(approval: Approval) -> Sequence[tuple[str, str]]:
    standing = standing_of(UUID(approval.subject_id), database_now())
    return [
        ("Amount", usdc(approval.amount or ZERO)),
        ("Score", f"{standing.risk.score}"),
        *[("Against it", reason) for reason in standing.reasons],
    ]


LEND_BY_EXCEPTION = approvals.register(
    Kind(
        "loan.lend_by_exception",
        "Advance to a worker who is not eligible",
        "workers.lend_by_exception_worker",
        _lend,
        _describe,
    )
)
