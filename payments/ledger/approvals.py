"""Approvals of adjustments and large rewards by a second member of staff."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from audit.approvals import services as approvals
from audit.approvals.services import approval
from audit.log.services import verb
from audit.models import Approval
from audit.staff_movements.services import Part, count_alone, moved_alone, moved_line
from gigstream.core.clock import database_now
from gigstream.core.ids import new_id
from gigstream.core.money import ZERO, exact_amount, usdc
from gigstream.core.people.row_names import title_of
from gigstream.core.postgres.transactions import wait_for_lock
from payments.earnings.limits import REWARD_ALONE_UP_TO
from payments.earnings.services.rewards import grant_reward
from payments.ledger.errors import UnknownSubject
from payments.ledger.services.manual import adjust, require_adjustable
from payments.models import Account, LedgerEntry, Transaction
from payments.settlement.transactions.enums import TransactionType
from workers.models import Worker
from workers.services import require_active as require_active_worker

Lines = Sequence[tuple[str, str]]


# Rewards within this time count together, so that many small rewards are no way around the limit.
REWARDS_WITHIN = timedelta(hours=24)


def _amount_of(approval: Approval) -> Decimal:
    return approval.amount or ZERO


# --- Adjustments --------------------------------------------------------------------------------------------
def request_adjustment(
    *,
    debit_account: int,
    credit_account: int,
    amount: Decimal | str,
    reason: str,
    now: datetime | None = None,
) -> Approval:
    """Request a second person's approval of an adjustment between two accounts. Raises UnknownSubject,
    NotAdjustable or the errors of `approvals.request`."""
    found = list(Account.objects.filter(pk__in=[debit_account, credit_account]))
    if len(found) != 2:
        raise UnknownSubject(f"{debit_account} and {credit_account} are not two accounts")
    require_adjustable(found)
    return approvals.request(
        kind="ledger.adjust",
        subject=("account", str(debit_account)),
        parameters={"credit_account": credit_account},
        amount=exact_amount(amount),
        reason=reason,
        now=now,
    )


def _describe_adjustment(approval: Approval) -> Lines:
    return [("Amount", usdc(_amount_of(approval)))]


def _accounts_of(waiting: Sequence[Approval]) -> dict[int, Account]:
    ids = {number for one in waiting for number in _sides(one)}
    return Account.objects.select_related("worker", "platform").in_bulk(ids)


def _sides(approval: Approval) -> tuple[int, int]:
    return int(approval.subject_id), approval.parameters["credit_account"]


def _name_accounts(waiting: Sequence[Approval]) -> dict[UUID, Lines]:
    """Return both accounts by their owners, with the balances before and after."""
    found = _accounts_of(waiting)
    return {
        one.pk: [
            (label, _before_and_after(found[number], sign * _amount_of(one)))
            for label, number, sign in zip(("Out of", "Into"), _sides(one), (-1, 1), strict=True)
            if number in found
        ]
        for one in waiting
    }


def _before_and_after(account: Account, change: Decimal) -> str:
    owner = account.worker or account.platform
    balances = f"{usdc(account.balance)} → {usdc(account.balance + change)}"
    return f"{account.name} of {title_of(owner) if owner else 'the house'} (account {account.pk}): {balances}"


def _too_little(waiting: Sequence[Approval]) -> dict[UUID, str]:
    """Return why an approval would be refused: the account has less than the amount."""
    found = _accounts_of(waiting)
    refused = {}
    for one in waiting:
        account = found.get(int(one.subject_id))
        if account is not None and not account.may_go_below_zero and account.balance < _amount_of(one):
            refused[one.pk] = f"it is refused: the account has {usdc(account.balance)}"
    return refused


@approval(
    "ledger.adjust",
    label="Adjustment of the ledger",
    permission="payments.adjust_account",
    describe=_describe_adjustment,
    explain=_name_accounts,
    find_obstacles=_too_little,
    distinct_by=("credit_account", "amount"),
)
def _execute_adjustment(approval: Approval) -> dict[str, Any]:
    entry = adjust(
        debit_account=int(approval.subject_id),
        credit_account=approval.parameters["credit_account"],
        amount=_amount_of(approval),
        reason=approval.reason,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        key=f"approval:{approval.pk}",
        now=approval.decided_at,
    )
    return {"ledgerentry": entry.pk}


# --- Rewards ------------------------------------------------------------------------------------------------
@verb("reward.grant", "worker")
def reward_or_request(
    *, worker_id: UUID, amount: Decimal | str, reason: str, now: datetime | None = None
) -> LedgerEntry | Approval:
    """Give the worker a reward of the house, or request a second person's approval where the sum of a day is
    beyond the limit of the worker's rewards or of a person's own decisions. Each call is a reward of its own.

    Raises ReasonMissing, the error of a worker who is not active, or those of `approvals.request`.
    """
    now = now or database_now()
    reason, value = approvals.require_reason(reason), exact_amount(amount)
    require_active_worker(worker=Worker.objects.get(pk=worker_id))
    # Rewards that are given at the same time are counted in turn.
    wait_for_lock(f"reward {worker_id}")
    given = _given_lately(worker_id, now)
    parts = [Part("worker", worker_id, value)]
    if given + value <= REWARD_ALONE_UP_TO.value and count_alone(action="reward.grant", parts=parts, now=now):
        return grant_reward(
            worker_id=worker_id, amount=value, reason=reason, key=f"staff:{new_id()}", now=now
        )
    return approvals.request(
        kind="reward.grant",
        subject=("worker", str(worker_id)),
        parameters={"given": f"{given:.6f}", "moved_alone": f"{moved_alone(now=now):.6f}"},
        amount=value,
        reason=reason,
        now=now,
    )


def _given_lately(worker_id: UUID, now: datetime) -> Decimal:
    """Return the rewards of the house to the worker lately; those of platforms do not count."""
    rewards = Transaction.objects.filter(worker=worker_id, type=TransactionType.REWARD, platform=None)
    total = rewards.filter(created_at__gt=now - REWARDS_WITHIN).aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def _describe_reward(approval: Approval) -> Lines:
    given = usdc(Decimal(approval.parameters["given"]))
    return [
        ("Amount", usdc(_amount_of(approval))),
        ("Given in the day before the request", given),
        moved_line(approval),
    ]


@approval(
    "reward.grant",
    label="Reward beyond the limit",
    permission="workers.reward_worker",
    describe=_describe_reward,
    distinct_by=("amount",),
)
def _execute_reward(approval: Approval) -> dict[str, Any]:
    entry = grant_reward(
        worker_id=UUID(approval.subject_id),
        amount=_amount_of(approval),
        reason=approval.reason,
        key=f"approval:{approval.pk}",
        now=approval.decided_at,
    )
    return {"ledgerentry": entry.pk}
