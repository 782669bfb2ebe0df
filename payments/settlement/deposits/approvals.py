from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.models import Approval
from gigstream.core.money import exact_amount, usdc
from payments.ledger.approvals import Lines, _amount_of
from payments.ledger.errors import UnknownSubject
from payments.models import ObservedTransfer
from payments.settlement.deposits.enums import ObservedStatus
from payments.settlement.deposits.services.deposits import book_deposit, normal_hash
from payments.settlement.deposits.services.observing import credit_observed
from payments.settlement.transfers.errors import NotForStaff
from platforms.models import Platform
from platforms.services import require_active


# --- Deposits by hand ---------------------------------------------------------------------------------------
def request_deposit(
    *,
    platform_id: UUID,
    amount: Decimal | str,
    tx_hash: str,
    reason: str,
    now: datetime | None = None,
) -> Approval:
    """Request the approval to book USDC that arrived with this chain transaction as the platform's. Raises
    PlatformSuspended or an error of `approvals.request`."""
    require_active(platform=Platform.objects.get(pk=platform_id))
    return approvals.request(
        kind="deposit",
        subject=("platform", str(platform_id)),
        parameters={"tx_hash": normal_hash(tx_hash)},
        amount=exact_amount(amount),
        reason=reason,
        now=now,
    )


def _describe_deposit(approval: Approval) -> Lines:
    return [("Amount", usdc(_amount_of(approval))), ("Chain transaction", approval.parameters["tx_hash"])]


@approval(
    "deposit",
    label="Deposit by hand",
    permission="platforms.deposit_platform",
    describe=_describe_deposit,
    distinct_by=("tx_hash",),
)
def _book_deposit(approval: Approval) -> dict[str, Any]:
    made = book_deposit(
        platform_id=UUID(approval.subject_id),
        amount=_amount_of(approval),
        tx_hash=approval.parameters["tx_hash"],
        now=approval.decided_at,
    )
    return {"transaction": made.pk}


def request_credit(
    *, observed_id: int, platform_id: UUID, reason: str, now: datetime | None = None
) -> Approval:
    """Request the approval to credit a transfer that was kept for staff to this platform. Raises NotForStaff,
    UnknownSubject or an error of `approvals.request`."""
    row = ObservedTransfer.objects.get(pk=observed_id)
    if row.status != ObservedStatus.UNKNOWN_PLATFORM:
        raise NotForStaff(f"{row} is {row.status}", status=row.status)
    if not Platform.objects.filter(pk=platform_id).exists():
        raise UnknownSubject(f"there is no platform {platform_id}")
    return approvals.request(
        kind="deposit.credit_observed",
        subject=("observedtransfer", str(row.pk)),
        parameters={"platform": platform_id, "tx_hash": row.tx_hash},
        amount=row.amount,
        reason=reason,
        now=now,
    )


def _describe_credit(approval: Approval) -> Lines:
    platform = Platform.objects.filter(pk=approval.parameters["platform"]).first()
    return [
        ("Amount", usdc(_amount_of(approval))),
        ("Chain transaction", approval.parameters["tx_hash"]),
        ("To the platform", f"{platform or 'gone'} ({approval.parameters['platform']})"),
    ]


@approval(
    "deposit.credit_observed",
    label="Deposit of a transfer that nobody could place",
    permission="payments.credit_observedtransfer",
    describe=_describe_credit,
)
def _credit_transfer(approval: Approval) -> dict[str, Any]:
    made = credit_observed(
        observed_id=int(approval.subject_id),
        platform_id=UUID(approval.parameters["platform"]),
        by=approval.requested_by,
        now=approval.decided_at,
    )
    return {"transaction": made.pk}
