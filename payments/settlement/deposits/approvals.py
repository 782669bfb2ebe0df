from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.errors import RequestedAlready
from audit.approvals.services import approval
from audit.models import Approval
from gigstream.core.money import exact_amount, usdc
from gigstream.core.people.row_names import title_of
from gigstream.core.people.staff_names import name_actor
from payments.ledger.approvals import Lines, _amount_of
from payments.ledger.errors import UnknownSubject
from payments.models import ObservedTransfer, Transaction
from payments.settlement.deposits.enums import ObservedStatus
from payments.settlement.deposits.errors import CreditedAlready
from payments.settlement.deposits.services.deposits import book_deposit, normal_hash
from payments.settlement.deposits.services.observing import credit_observed
from payments.settlement.transfers.errors import NotForStaff
from platforms.models import Platform
from platforms.services import require_active

# The kinds of requests that credit a transfer on the chain.
BY_HAND, OBSERVED = "deposit", "deposit.credit_observed"
KINDS = (BY_HAND, OBSERVED)


def _credited(hashes: Collection[str]) -> dict[str, Transaction]:
    """Return the deposits that these transfers on the chain have become, by their hashes, by one
    statement."""
    found = Transaction.objects.filter(tx_hash__in=hashes).select_related("platform")
    return {row.tx_hash: row for row in found if row.tx_hash is not None}


def _credit_in_words(row: Transaction) -> str:
    return (
        f"this transfer is on the books already: {usdc(row.amount)} for {row.platform or row.worker}, on"
        f" {row.created_at:%Y-%m-%d at %H:%M} UTC"
    )


def _require_not_credited(tx_hash: str) -> None:
    known = _credited([tx_hash]).get(tx_hash)
    if known is not None:
        raise CreditedAlready(_credit_in_words(known), transaction=known.pk)


def _require_not_requested(kinds: Collection[str], tx_hash: str) -> None:
    """Raise RequestedAlready while a request of these kinds for the same transfer waits, for any platform."""
    waiting = Approval.objects.filter(kind__in=kinds, decision=None, parameters__tx_hash=tx_hash)
    first = waiting.order_by("requested_at").first()
    if first is not None:
        by = name_actor(first.requested_by)
        raise RequestedAlready(
            f"{by} has requested to credit this transfer already: it waits for a second person",
            approval=first.pk,
        )


def _credited_meanwhile(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would be refused: the transfer is on the books."""
    known = _credited({one.parameters["tx_hash"] for one in waiting})
    return {
        one.pk: f"it changes nothing: {_credit_in_words(known[one.parameters['tx_hash']])}"
        for one in waiting
        if one.parameters["tx_hash"] in known
    }


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
    PlatformSuspended, CreditedAlready, or an error of `approvals.request`, also where the same transfer waits
    to be credited to somebody else."""
    require_active(platform=Platform.objects.get(pk=platform_id))
    approvals.require_may_request(BY_HAND)
    chain_hash = normal_hash(tx_hash)
    _require_not_credited(chain_hash)
    _require_not_requested(KINDS, chain_hash)
    return approvals.request(
        kind=BY_HAND,
        subject=("platform", str(platform_id)),
        parameters={"tx_hash": chain_hash},
        amount=exact_amount(amount),
        reason=reason,
        now=now,
    )


def _describe_deposit(approval: Approval) -> Lines:
    return [("Amount", usdc(_amount_of(approval))), ("Chain transaction", approval.parameters["tx_hash"])]


@approval(
    BY_HAND,
    label="Deposit by hand",
    permission="platforms.deposit_platform",
    describe=_describe_deposit,
    distinct_by=("tx_hash",),
    find_obstacles=_credited_meanwhile,
)
def _book_deposit(approval: Approval) -> dict[str, Any]:
    _require_not_credited(approval.parameters["tx_hash"])
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
    approvals.require_may_request(OBSERVED)
    _require_not_requested([BY_HAND], row.tx_hash)
    return approvals.request(
        kind=OBSERVED,
        subject=("observedtransfer", str(row.pk)),
        parameters={"platform": platform_id, "tx_hash": row.tx_hash},
        amount=row.amount,
        reason=reason,
        now=now,
    )


def _describe_credit(approval: Approval) -> Lines:
    return [
        ("Amount", usdc(_amount_of(approval))),
        ("Chain transaction", approval.parameters["tx_hash"]),
    ]


def _name_platforms(waiting: Sequence[Approval]) -> dict[UUID, Lines]:
    found = Platform.objects.filter(pk__in={one.parameters["platform"] for one in waiting})
    names = {str(platform.pk): title_of(platform) for platform in found}
    return {
        one.pk: [("To the platform", names.get(one.parameters["platform"], "which is gone"))]
        for one in waiting
    }


@approval(
    OBSERVED,
    label="Deposit of a transfer that nobody could place",
    permission="payments.credit_observedtransfer",
    describe=_describe_credit,
    explain=_name_platforms,
    find_obstacles=_credited_meanwhile,
)
def _credit_transfer(approval: Approval) -> dict[str, Any]:
    made = credit_observed(
        observed_id=int(approval.subject_id),
        platform_id=UUID(approval.parameters["platform"]),
        by=approval.requested_by,
        now=approval.decided_at,
    )
    return {"transaction": made.pk}
