"""What staff do with money only together with a second person: deposits by hand, adjustments, large rewards,
and letting payouts go on. To stop payouts one is enough: that is the safe direction, and it may be urgent."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from audit import approvals
from audit.approvals import Kind
from audit.models import Approval
from audit.services import verb
from audit.staff_movements import Part, count_alone, moved_alone, moved_line
from gigstream.lib.clock import database_now
from gigstream.lib.db import wait_for_lock
from gigstream.lib.ids import new_id
from gigstream.lib.money import ZERO, usdc
from gigstream.lib.money import amount as exact
from gigstream.lib.states import require_move
from payments.enums import (
    TRANSACTION_MOVES,
    ObservedStatus,
    SwitchScope,
    TransactionStatus,
    TransactionType,
)
from payments.errors import NotForStaff, SwitchedAlready, UnknownSubject
from payments.limits import REWARD_ALONE_UP_TO
from payments.models import Account, LedgerEntry, ObservedTransfer, PaymentSwitch, Transaction
from payments.services.deposits import deposit, normal_hash
from payments.services.hand import adjust, grant_reward, require_adjustable
from payments.services.observing import credit_observed
from payments.services.switches import let_payments_go_on
from payments.services.withdrawals import release_withdrawal
from platforms.models import Platform
from platforms.services import require_active
from workers.models import Worker
from workers.services import require_active as require_active_worker

Lines = Sequence[tuple[str, str]]
# Rewards of so long count together, so that many small ones are no way around the limit.
REWARDS_WITHIN = timedelta(hours=24)


def _amount(approval: Approval) -> Decimal:
    return approval.amount or ZERO


# --- Deposits by hand ---------------------------------------------------------------------------------------
def ask_to_deposit(
    *,
    platform_id: UUID,
    amount: Decimal | str,
    tx_hash: str,
    reason: str,
    now: datetime | None = None,
) -> Approval:
    """A second person is asked to book USDC that arrived with this chain transaction as the platform's.
    Raises the platform's standing or what `request` raises."""
    require_active(Platform.objects.get(pk=platform_id))
    return approvals.request(
        kind=DEPOSIT,
        subject=("platform", str(platform_id)),
        parameters={"tx_hash": normal_hash(tx_hash)},
        amount=exact(amount),
        reason=reason,
        now=now,
    )


def _deposit(approval: Approval) -> dict[str, Any]:
    made = deposit(
        platform_id=UUID(approval.subject_id),
        amount=_amount(approval),
        tx_hash=approval.parameters["tx_hash"],
        now=approval.decided_at,
    )
    return {"transaction": made.pk}


def _tell_deposit(approval: Approval) -> Lines:
    return [("Amount", usdc(_amount(approval))), ("Chain transaction", approval.parameters["tx_hash"])]


DEPOSIT = approvals.register(
    Kind(
        "deposit",
        "Deposit by hand",
        "platforms.deposit_platform",
        _deposit,
        _tell_deposit,
        distinct_by=("tx_hash",),
    )
)


def ask_to_credit(
    *, observed_id: int, platform_id: UUID, reason: str, now: datetime | None = None
) -> Approval:
    """A second person is asked to credit a transfer that was kept for staff to this platform. Raises
    NotForStaff, UnknownSubject or what `request` raises."""
    row = ObservedTransfer.objects.get(pk=observed_id)
    if row.status != ObservedStatus.UNKNOWN_PLATFORM:
        raise NotForStaff(f"{row} is {row.status}", status=row.status)
    if not Platform.objects.filter(pk=platform_id).exists():
        raise UnknownSubject(f"there is no platform {platform_id}")
    return approvals.request(
        kind=CREDIT,
        subject=("observedtransfer", str(row.pk)),
        parameters={"platform": platform_id, "tx_hash": row.tx_hash},
        amount=row.amount,
        reason=reason,
        now=now,
    )


def _credit(approval: Approval) -> dict[str, Any]:
    made = credit_observed(
        observed_id=int(approval.subject_id),
        platform_id=UUID(approval.parameters["platform"]),
        by=approval.requested_by,
        now=approval.decided_at,
    )
    return {"transaction": made.pk}


def _tell_credit(approval: Approval) -> Lines:
    platform = Platform.objects.filter(pk=approval.parameters["platform"]).first()
    return [
        ("Amount", usdc(_amount(approval))),
        ("Chain transaction", approval.parameters["tx_hash"]),
        ("To the platform", f"{platform or 'gone'} ({approval.parameters['platform']})"),
    ]


CREDIT = approvals.register(
    Kind(
        "deposit.credit_observed",
        "Deposit of a transfer that nobody could place",
        "payments.credit_observedtransfer",
        _credit,
        _tell_credit,
    )
)


# --- Adjustments --------------------------------------------------------------------------------------------
def ask_to_adjust(
    *,
    debit_account: int,
    credit_account: int,
    amount: Decimal | str,
    reason: str,
    now: datetime | None = None,
) -> Approval:
    """A second person is asked to move so much from one account to another. Raises UnknownSubject,
    NotAdjustable or what `request` raises."""
    found = list(Account.objects.filter(pk__in=[debit_account, credit_account]))
    if len(found) != 2:
        raise UnknownSubject(f"{debit_account} and {credit_account} are not two accounts")
    require_adjustable(found)
    return approvals.request(
        kind=ADJUST,
        subject=("account", str(debit_account)),
        parameters={"credit_account": credit_account},
        amount=exact(amount),
        reason=reason,
        now=now,
    )


def _adjust(approval: Approval) -> dict[str, Any]:
    entry = adjust(
        debit_account=int(approval.subject_id),
        credit_account=approval.parameters["credit_account"],
        amount=_amount(approval),
        reason=approval.reason,
        requested_by=approval.requested_by,
        approved_by=approval.decided_by,
        key=f"approval:{approval.pk}",
        now=approval.decided_at,
    )
    return {"ledgerentry": entry.pk}


def _tell_adjust(approval: Approval) -> Lines:
    ids = {"Out of": int(approval.subject_id), "Into": approval.parameters["credit_account"]}
    named = {account.pk: str(account) for account in Account.objects.filter(pk__in=ids.values())}
    sides = [(words, f"account {number}, {named.get(number, 'gone')}") for words, number in ids.items()]
    return [("Amount", usdc(_amount(approval))), *sides]


ADJUST = approvals.register(
    Kind(
        "ledger.adjust",
        "Adjustment of the ledger",
        "payments.adjust_account",
        _adjust,
        _tell_adjust,
        distinct_by=("credit_account", "amount"),
    )
)


# --- Rewards ------------------------------------------------------------------------------------------------
@verb("reward.grant", "worker")
def reward_or_ask(
    *, worker_id: UUID, amount: Decimal | str, reason: str, now: datetime | None = None
) -> LedgerEntry | Approval:
    """The house has given the worker a reward; or, where that would be more within a day than the worker is
    given, or one of the staff may move, without a second person, one is asked. Each call is a reward of its
    own.

    Raises ReasonMissing, the worker's standing, or what `request` raises.
    """
    now = now or database_now()
    reason, value = approvals.require_reason(reason), exact(amount)
    require_active_worker(Worker.objects.get(pk=worker_id))
    # Two who give at the same time are counted one after the other.
    wait_for_lock(f"reward {worker_id}")
    given = _given_lately(worker_id, now)
    parts = [Part("worker", worker_id, value)]
    if given + value <= REWARD_ALONE_UP_TO.value and count_alone(action="reward.grant", parts=parts, now=now):
        return grant_reward(
            worker_id=worker_id, amount=value, reason=reason, key=f"staff:{new_id()}", now=now
        )
    return approvals.request(
        kind=REWARD,
        subject=("worker", str(worker_id)),
        parameters={"given": f"{given:.6f}", "moved_alone": f"{moved_alone(now=now):.6f}"},
        amount=value,
        reason=reason,
        now=now,
    )


def _given_lately(worker_id: UUID, now: datetime) -> Decimal:
    """What the house has given the worker, not the platforms."""
    rewards = Transaction.objects.filter(worker=worker_id, type=TransactionType.REWARD, platform=None)
    total = rewards.filter(created_at__gt=now - REWARDS_WITHIN).aggregate(total=Sum("amount"))["total"]
    return total or ZERO


def _reward(approval: Approval) -> dict[str, Any]:
    entry = grant_reward(
        worker_id=UUID(approval.subject_id),
        amount=_amount(approval),
        reason=approval.reason,
        key=f"approval:{approval.pk}",
        now=approval.decided_at,
    )
    return {"ledgerentry": entry.pk}


def _tell_reward(approval: Approval) -> Lines:
    given = usdc(Decimal(approval.parameters["given"]))
    return [
        ("Amount", usdc(_amount(approval))),
        ("Given in the day before it was asked for", given),
        moved_line(approval),
    ]


REWARD = approvals.register(
    Kind(
        "reward.grant",
        "Reward beyond the limit",
        "workers.reward_worker",
        _reward,
        _tell_reward,
        distinct_by=("amount",),
    )
)


# --- Withdrawals --------------------------------------------------------------------------------------------
def ask_to_release_withdrawal(*, transaction_id: UUID, reason: str, now: datetime | None = None) -> Approval:
    """Ask a second person to let a withdrawal go at once instead of at the end of its waiting time. Raises
    IllegalMove unless it still waits, or what `request` raises."""
    row = Transaction.objects.get(pk=transaction_id, type=TransactionType.WITHDRAWAL)
    require_move(
        TRANSACTION_MOVES,
        subject=f"withdrawal {row.pk}",
        before=row.status,
        after=TransactionStatus.SUBMITTED,
    )
    return approvals.request(
        kind=RELEASE_WITHDRAWAL,
        subject=("transaction", str(row.pk)),
        parameters={"to_wallet": row.to_wallet, "not_before": row.not_before},
        amount=row.amount,
        reason=reason,
        now=now,
    )


def _release_withdrawal(approval: Approval) -> dict[str, Any]:
    row = release_withdrawal(
        transaction_id=UUID(approval.subject_id), reason=approval.reason, now=approval.decided_at
    )
    return {"transaction": row.pk}


def _tell_withdrawal(approval: Approval) -> Lines:
    return [
        ("Amount", usdc(_amount(approval))),
        ("To", approval.parameters["to_wallet"]),
        ("Would leave at", approval.parameters["not_before"]),
        ("To be done", "it leaves at once"),
    ]


RELEASE_WITHDRAWAL = approvals.register(
    Kind(
        "withdrawal.release",
        "Letting a withdrawal go at once",
        "payments.release_transaction",
        _release_withdrawal,
        _tell_withdrawal,
    )
)


# --- Switches -----------------------------------------------------------------------------------------------
def ask_to_go_on(
    *, scope: SwitchScope, subject: str = "", reason: str, now: datetime | None = None
) -> Approval:
    """A second person is asked to let payouts of this scope go on. Raises SwitchedAlready or what `request`
    raises."""
    switch = PaymentSwitch.objects.filter(scope=scope, subject=subject, on_at=None).first()
    if switch is None:
        raise SwitchedAlready(f"{scope} {subject}".strip() + " is not stopped")
    return approvals.request(
        kind=GO_ON,
        subject=("paymentswitch", str(switch.pk)),
        parameters={"scope": scope, "subject": subject, "stopped_for": switch.reason},
        reason=reason,
        now=now,
    )


def _go_on(approval: Approval) -> dict[str, Any]:
    told = approval.parameters
    stands = PaymentSwitch.objects.filter(pk=approval.subject_id, on_at=None).exists()
    if not stands:
        raise SwitchedAlready("payouts were let go on meanwhile: another stop is another matter")
    switch = let_payments_go_on(
        scope=SwitchScope(told["scope"]),
        subject=told["subject"],
        by=approval.decided_by,
        reason=approval.reason,
        now=approval.decided_at,
    )
    return {"paymentswitch": switch.pk}


def _tell_go_on(approval: Approval) -> Lines:
    told = approval.parameters
    return [
        ("Payouts", f"{told['scope']} {told['subject']}".strip()),
        ("Were stopped for", told["stopped_for"]),
        ("To be done", "they go on"),
    ]


GO_ON = approvals.register(
    Kind("payments.go_on", "Letting payouts go on", "payments.go_on_paymentswitch", _go_on, _tell_go_on)
)
