"""Schedules by which workers' money is paid out (domain.md, section 4)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import QuerySet

from audit.limits.services import values_of
from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import usdc
from gigstream.jobs.registry import nudge_job
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts, ledger
from payments.models import Account, Transaction
from payments.settlement.payouts.errors import BelowSmallestPayout, TooManyCashOuts
from payments.settlement.payouts.limits import PAYOUT_MINIMUM, PAYOUT_SMALLEST
from payments.settlement.transactions.enums import TransactionType
from workers import services as workers
from workers.models import Worker
from workers.profiles.enums import PayoutSchedule

# Age of the oldest part at which it is paid out. By hand: never.
AGES: Mapping[PayoutSchedule, timedelta] = {
    PayoutSchedule.STANDARD: timedelta(hours=1),
    PayoutSchedule.AT_ONCE: timedelta(hours=1),
    PayoutSchedule.HOURLY: timedelta(hours=1),
    PayoutSchedule.DAILY: timedelta(days=1),
    PayoutSchedule.WEEKLY: timedelta(days=7),
}
MOST_A_DAY = 24


@dataclass(frozen=True, slots=True)
class Limits:
    """Amounts from which on money is paid out by schedule, and at once. Read once for a run."""

    smallest: Decimal
    minimum: Decimal

    @classmethod
    def read(cls) -> "Limits":
        """Return the limits that hold now."""
        return cls(*values_of(PAYOUT_SMALLEST, PAYOUT_MINIMUM))


def due_accounts(now: datetime, limits: Limits, *, ids: Sequence[int] | None = None) -> dict[int, Decimal]:
    """Lock some of the workers' accounts with a payout due, and return the amount to pay out of each: all
    that is not held. A single statement; `ids` limits it to accounts that are locked already."""
    return {row["id"]: row["amount"] for row in sql.rows(*due_statement(now, limits, ids=ids))}


def due_statement(
    now: datetime, limits: Limits, *, ids: Sequence[int] | None = None
) -> tuple[str, dict[str, Any]]:
    """Return the statement of `due_accounts` and its parameters."""
    return sql.text("payments/settlement/payouts/due_accounts"), {
        "schedules": [str(schedule) for schedule in AGES],
        "oldest": [now - age for age in AGES.values()],
        "minimum": limits.minimum,
        "smallest": limits.smallest,
        "most_a_day": MOST_A_DAY,
        "ids": ids,
        "batch": settings.PAYOUT_BATCH_SIZE,
        "now": now,
    }


def may_be_paid_at_once(account: Account, now: datetime) -> bool:
    """Whether, by its schedule, the account is paid out without waiting once it has reached the minimum."""
    if account.payout_schedule not in (PayoutSchedule.STANDARD, PayoutSchedule.AT_ONCE):
        return False
    if account.pay_at_once:
        return True
    is_at_once = account.payout_schedule == PayoutSchedule.AT_ONCE
    return is_at_once and _payouts_today(account.worker_id, now).count() < MOST_A_DAY


def _payouts_today(worker_id: UUID | None, now: datetime) -> QuerySet[Transaction]:
    """Return the worker's payouts of any status, made on the UTC day of `now`."""
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return Transaction.objects.filter(worker=worker_id, type=TransactionType.PAYOUT, created_at__gte=midnight)


def require_cash_out(worker_id: UUID, amount: Decimal, unheld: Decimal, now: datetime) -> None:
    """Raise BelowSmallestPayout or TooManyCashOuts unless the worker may cash out this amount of the money
    that is not held. The worker's account is locked."""
    amounts = list(_payouts_today(worker_id, now).filter(cashed_out=True).values_list("amount", flat=True))
    if len(amounts) >= MOST_A_DAY:
        raise TooManyCashOuts(
            f"{len(amounts)} cash-outs today (UTC): at most {MOST_A_DAY} a day", most=MOST_A_DAY
        )
    smallest = PAYOUT_SMALLEST.value
    if amount >= smallest:
        return
    if amount < unheld:
        raise BelowSmallestPayout(
            f"{usdc(amount)} is less than the smallest payout of {usdc(smallest)}: so little leaves only as"
            f" the whole, {usdc(unheld)}",
            smallest=smallest,
            requested=amount,
        )
    if any(earlier < smallest for earlier in amounts):
        raise BelowSmallestPayout(
            f"less than {usdc(smallest)} leaves once a day (UTC), and has today",
            smallest=smallest,
            requested=amount,
        )


@verb("worker.set_payout_schedule", "worker")
def set_payout_schedule(*, worker_id: UUID, schedule: PayoutSchedule, now: datetime | None = None) -> Worker:
    """Pay the worker out by this schedule from now on; parts that wait keep their age.

    Raises WorkerSuspended.
    """
    now = now or database_now()
    account_id = accounts.of_worker(worker_id, AccountName.AVAILABLE)
    ledger.lock([account_id])
    worker = workers.choose_payout_schedule(worker_id=worker_id, schedule=schedule)
    Account.unguarded.filter(pk=account_id).update(payout_schedule=schedule)
    audit.record("worker.set_payout_schedule", worker, after={"payout_schedule": schedule}, now=now)
    nudge_job("create_due_payouts")
    return worker
