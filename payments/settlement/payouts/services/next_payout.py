"""Time of a worker's next payout by schedule, and the condition that it waits for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Min

from audit.limits.services import values_of
from payments.ledger.enums import AccountName
from payments.models import Account, PayoutHold
from payments.settlement.payouts.enums import PayoutWait
from payments.settlement.payouts.limits import PAYOUT_MINIMUM, PAYOUT_SMALLEST
from payments.settlement.payouts.services.holds import Held, held_by
from payments.settlement.payouts.services.schedules import AGES, may_be_paid_at_once
from workers.models import Worker
from workers.profiles.enums import PayoutSchedule, WorkerStatus
from workers.services import find_open_change


@dataclass(frozen=True, slots=True)
class NextPayout:
    """Expected time of the next payout (None for never), and the condition that it waits for."""

    at: datetime | None
    waits_for: PayoutWait


@dataclass(frozen=True, slots=True)
class WorkerMoney:
    """A worker's accounts by their names, and the open holds on the available money, the newest first."""

    accounts: Mapping[str, Account]
    holds: Sequence[PayoutHold]

    @property
    def held(self) -> Held:
        """Money that the holds keep together."""
        return held_by(self.holds)


def money_of_worker(worker_id: UUID) -> WorkerMoney:
    """Return the worker's accounts and open holds, by two statements."""
    accounts = {account.name: account for account in Account.objects.filter(worker=worker_id)}
    holds = PayoutHold.objects.open().filter(worker=worker_id).order_by("-created_at", "-pk")
    return WorkerMoney(accounts, list(holds))


def next_payout(worker: Worker, money: WorkerMoney, *, now: datetime) -> NextPayout:
    """Return the time of the worker's next payout: never under the schedule by hand. An obstacle counts
    before the age."""
    account = money.accounts.get(AccountName.AVAILABLE)
    if account is None or account.balance == 0:
        return NextPayout(None, PayoutWait.NOTHING_EARNED)
    if worker.status != WorkerStatus.ACTIVE:
        return NextPayout(None, PayoutWait.SUSPENDED)
    if worker.wallet_address is None:
        return NextPayout(None, PayoutWait.NO_ADDRESS)
    by_hand = worker.payout_schedule == PayoutSchedule.BY_HAND
    change = find_open_change(worker=worker)
    if change is not None:
        return NextPayout(None if by_hand else change.effective_at, PayoutWait.ADDRESS_CHANGE)
    if money.held.unheld(account.balance) == 0:
        return NextPayout(None if by_hand else _end_of_holds(money.holds), PayoutWait.HOLD)
    if by_hand:
        return NextPayout(None, PayoutWait.BY_HAND)
    return _by_schedule(account, money.held, now)


def _end_of_holds(holds: Sequence[PayoutHold]) -> datetime | None:
    """Return the time at which the first of the holds ends by itself; where holds keep everything, the time
    at which the last of those ends. None if that never comes."""
    everything = [hold for hold in holds if hold.amount is None]
    if any(hold.expires_at is None for hold in everything):
        return None
    ends = [hold.expires_at for hold in everything or holds if hold.expires_at is not None]
    return max(ends) if everything else min(ends, default=None)


def _by_schedule(account: Account, held: Held, now: datetime) -> NextPayout:
    unheld = held.unheld(account.balance)
    smallest, minimum = values_of(PAYOUT_SMALLEST, PAYOUT_MINIMUM)
    if unheld < smallest:
        return NextPayout(None, PayoutWait.SMALLEST)
    if account.oldest_part_at is None:
        return NextPayout(None, PayoutWait.BY_HAND)
    if unheld >= minimum and may_be_paid_at_once(account, now):
        return NextPayout(now, PayoutWait.NEXT_RUN)
    due = account.oldest_part_at + AGES[PayoutSchedule(account.payout_schedule or "")]
    return NextPayout(max(due, now), PayoutWait.AGE if due > now else PayoutWait.NEXT_RUN)


def first_payout_due(now: datetime) -> datetime | None:
    """Return the time at which the first payout of all workers is due by its age, `now` at the earliest; None
    while no worker has earnings that are neither paid out nor held."""
    oldest: dict[str | None, datetime | None] = dict(
        Account.objects.filter(oldest_part_at__isnull=False, payout_schedule__in=list(AGES))
        .order_by()
        .values_list("payout_schedule")
        .annotate(oldest=Min("oldest_part_at"))
    )
    due = [at + _age_of_schedule(schedule) for schedule, at in oldest.items() if at is not None]
    return max(min(due), now) if due else None


def _age_of_schedule(schedule: str | None) -> timedelta:
    return AGES[PayoutSchedule(schedule or "")]
