from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.models import Approval
from gigstream.core.money import usdc
from gigstream.core.states import require_move
from payments.ledger.approvals import Lines, _amount_of
from payments.models import Transaction
from payments.settlement.transactions.enums import TRANSACTION_MOVES, TransactionStatus, TransactionType
from payments.withdrawals.services import release_withdrawal


# --- Withdrawals --------------------------------------------------------------------------------------------
def request_withdrawal_release(*, transaction_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """Request the approval to let a withdrawal go at once instead of at the end of its waiting time. Raises
    IllegalMove unless it still waits, or an error of `approvals.request`."""
    row = Transaction.objects.get(pk=transaction_id, type=TransactionType.WITHDRAWAL)
    require_move(
        TRANSACTION_MOVES,
        subject=f"withdrawal {row.reference}",
        before=row.status,
        after=TransactionStatus.SUBMITTED,
    )
    return approvals.request(
        kind="withdrawal.release",
        subject=("transaction", str(row.pk)),
        parameters={"to_wallet": row.to_wallet, "not_before": row.not_before},
        amount=row.amount,
        reason=reason,
        now=now,
    )


def _describe_withdrawal(approval: Approval) -> Lines:
    return [
        ("Amount", usdc(_amount_of(approval))),
        ("To", approval.parameters["to_wallet"]),
        ("Would leave at", approval.parameters["not_before"]),
        ("To be done", "it leaves at once"),
    ]


def _left_already(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would change nothing: the withdrawal does not wait any more."""
    found = Transaction.objects.filter(pk__in=[one.subject_id for one in waiting])
    statuses = {str(key): status for key, status in found.values_list("pk", "status")}
    return {
        one.pk: f"it changes nothing: the withdrawal is {statuses.get(one.subject_id, 'gone')}"
        for one in waiting
        if statuses.get(one.subject_id) != TransactionStatus.PENDING
    }


@approval(
    "withdrawal.release",
    label="Letting a withdrawal go at once",
    permission="payments.release_transaction",
    describe=_describe_withdrawal,
    find_obstacles=_left_already,
)
def _release_withdrawal(approval: Approval) -> dict[str, Any]:
    row = release_withdrawal(
        transaction_id=UUID(approval.subject_id), reason=approval.reason, now=approval.decided_at
    )
    return {"transaction": row.pk}
