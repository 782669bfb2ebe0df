"""Holds on money: by staff, or since a payout has failed for good (domain.md, section 4).

A worker's hold keeps their payouts, a platform's its withdrawals. Making a hold and taking money out lock the
available account first, so held money never leaves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.approvals.errors import SamePerson
from audit.approvals.services import require_reason
from audit.log import services as audit
from audit.log.context import current_actor
from audit.log.services import Record, verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, exact_amount, usdc
from gigstream.core.unit import in_unit
from gigstream.jobs.batches import repeat_batch
from gigstream.jobs.registry import nudge_job
from gigstream.letters.services import enqueue_letter
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts, ledger
from payments.models import Account, PayoutHold, PayoutHoldPart, Transaction
from payments.settlement.payouts.enums import HoldEnd, PayoutHoldKind
from payments.settlement.payouts.errors import (
    HeldAlready,
    HoldEnded,
    HoldExceedsAvailable,
    InvalidExpiry,
    MoneyHeld,
)
from payments.settlement.payouts.services import hold_notices, parts
from payments.settlement.payouts.services.hold_decisions import decide_to_end, decide_to_hold

ENDED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Held:
    """Available money of a worker or a platform that open holds keep."""

    everything: bool = False
    amount: Decimal = ZERO

    def unheld(self, balance: Decimal) -> Decimal:
        """Return the part of this balance that may leave."""
        return ZERO if self.everything else max(balance - self.amount, ZERO)


NOTHING_HELD = Held()


def held_by(holds: Iterable[PayoutHold]) -> Held:
    """Return the money that these open holds of an owner keep together."""
    amounts = [hold.amount for hold in holds]
    return Held(None in amounts, sum((amount for amount in amounts if amount is not None), ZERO))


def held_of_workers(worker_ids: Collection[UUID]) -> dict[UUID, Held]:
    """Return the held money of each worker with an open hold, by a single statement."""
    rows = sql.run("payments/settlement/payouts/held", workers=list(worker_ids), platforms=[])
    return {row["worker_id"]: Held(row["everything"], row["amount"]) for row in rows}


def held_of_worker(worker_id: UUID) -> Held:
    """Return the held money of the worker."""
    return held_of_workers([worker_id]).get(worker_id, NOTHING_HELD)


def held_of_platform(platform_id: UUID) -> Held:
    """Return the held money of the platform."""
    rows = sql.run("payments/settlement/payouts/held", workers=[], platforms=[platform_id])
    return Held(rows[0]["everything"], rows[0]["amount"]) if rows else NOTHING_HELD


def _held_of_owner(account: Account) -> Held:
    if account.worker_id is not None:
        return held_of_worker(account.worker_id)
    return NOTHING_HELD if account.platform_id is None else held_of_platform(account.platform_id)


def require_unheld(account: Account, amount: Decimal, held: Held | None = None) -> None:
    """Raise MoneyHeld when taking `amount` out of this locked available account of a worker or a platform
    would touch held money, which is read unless given. A balance that is too small is not judged here."""
    if account.name != AccountName.AVAILABLE:
        return
    unheld = (held or _held_of_owner(account)).unheld(account.balance)
    if unheld < amount <= account.balance:
        raise MoneyHeld(
            f"of {usdc(account.balance)} available {usdc(account.balance - unheld)} is held:"
            f" {usdc(unheld)} may leave, requested {usdc(amount)}",
            available=account.balance,
            held=account.balance - unheld,
            requested=amount,
        )


@verb("payout_hold.place", "worker")
def hold_payouts(
    *,
    worker_id: UUID,
    amount: Decimal | str | None = None,
    reason: str,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> PayoutHold:
    """Keep the worker's money from leaving: everything, later earnings included, or `amount`, which is then
    held in the newest parts.

    Raises ReasonMissing, HeldAlready when everything is held already, or HoldExceedsAvailable.
    """
    account = _lock_account(accounts.of_worker(worker_id, AccountName.AVAILABLE))
    value = None if amount is None else exact_amount(amount)
    return _place_hold(account, value, reason, expires_at, now or database_now())


@verb("payout_hold.place", "platform")
def hold_withdrawals(
    *,
    platform_id: UUID,
    amount: Decimal | str | None = None,
    reason: str,
    expires_at: datetime | None = None,
    now: datetime | None = None,
) -> PayoutHold:
    """Keep the platform's withdrawals from leaving: all of them, or `amount` of its available money, with
    which it may still pay for work. Raises the errors of `hold_payouts`."""
    account = _lock_account(accounts.of_platform(platform_id, AccountName.AVAILABLE))
    value = None if amount is None else exact_amount(amount)
    return _place_hold(account, value, reason, expires_at, now or database_now())


def hold_payout(payout: Transaction, reason: str, expires_at: datetime | None, now: datetime) -> PayoutHold:
    """Hold the parts that a void payout has given back. Its account is locked."""
    if payout.worker_id is None:
        raise ValueError(f"transaction {payout.reference} pays no worker")
    account = Account.objects.get(worker=payout.worker_id, name=AccountName.AVAILABLE)
    return _place_hold(account, payout.amount, reason, expires_at, now, payout=payout)


def _lock_account(account_id: int) -> Account:
    return ledger.lock([account_id])[account_id]


def _place_hold(
    account: Account,
    amount: Decimal | None,
    reason: str,
    expires_at: datetime | None,
    now: datetime,
    *,
    payout: Transaction | None = None,
) -> PayoutHold:
    if expires_at is not None and expires_at <= now:
        raise InvalidExpiry(f"a hold ends later than it begins, not at {expires_at.isoformat()}")
    hold = PayoutHold(
        worker_id=account.worker_id,
        platform_id=account.platform_id,
        kind=PayoutHoldKind.STAFF,
        amount=amount,
        payout=payout,
        reason=require_reason(reason),
        created_by=str(current_actor()),
        created_at=now,
        expires_at=expires_at,
    )
    others = list(PayoutHold.objects.open().filter(worker=hold.worker_id, platform=hold.platform_id))
    held = sum((other.amount for other in others if other.amount is not None), ZERO)
    if amount is None:
        _require_not_held(hold, others)
    else:
        _require_available(account, amount, held)
    hold.save(force_insert=True)
    if amount is not None and account.worker_id is not None:
        _name_parts(hold, account, amount)
    if account.worker_id is not None:
        decide_to_hold(hold, available=account.balance, held=held)
    after = {"amount": amount, "expires_at": expires_at, "payout": payout.pk if payout else None}
    audit.record("payout_hold.place", hold, after=after, metadata={"reason": hold.reason}, now=now)
    if account.worker_id is not None:
        enqueue_letter(hold_notices.NOTICE, hold.pk, now=now)
    return hold


def _require_not_held(hold: PayoutHold, others: Iterable[PayoutHold]) -> None:
    if any(other.amount is None and other.kind == hold.kind for other in others):
        raise HeldAlready("everything of this owner is held already")


def _require_available(account: Account, amount: Decimal, held: Decimal) -> None:
    """Raise HoldExceedsAvailable unless the amount is available besides the amounts of other holds."""
    if amount > account.balance - held:
        raise HoldExceedsAvailable(
            f"{usdc(account.balance)} is available and {usdc(held)} of it held: {usdc(amount)} cannot be",
            available=account.balance,
            held=held,
            requested=amount,
        )


def _name_parts(hold: PayoutHold, account: Account, amount: Decimal) -> None:
    """Write the parts that the hold keeps: its payout's, else the newest."""
    if hold.payout_id is None:
        found = sql.run("payments/settlement/payouts/newest_parts", account=account.pk, amount=amount)
    else:
        found = sql.run("payments/settlement/payouts/payout_parts", payout=hold.payout_id, most=None)
    named = [PayoutHoldPart(hold=hold, entry_id=row["entry_id"], amount=row["amount"]) for row in found]
    if sum((part.amount for part in named), ZERO) != amount:
        raise ValueError(f"the parts of account {account.pk} are not worth {amount}")
    PayoutHoldPart.objects.bulk_create(named)
    parts.refresh_parts([account.pk])


@verb("payout_hold.end", "payout_hold")
def end_hold(*, hold_id: UUID, reason: str, now: datetime | None = None) -> PayoutHold:
    """End a hold before its time: its money is paid out by the worker's schedule again.

    Raises ReasonMissing, HoldEnded, or SamePerson for the person who made it: that needs a second person.
    """
    hold = PayoutHold.objects.locked().get(pk=hold_id)
    now, reason, actor = now or database_now(), require_reason(reason), str(current_actor())
    if hold.ended_at is not None:
        raise HoldEnded(f"hold {hold.reference} has ended at {hold.ended_at:%Y-%m-%d %H:%M:%S}")
    if hold.created_by == actor:
        raise SamePerson("you made the hold: another person ends it before its time", created_by=actor)
    hold.ended_at, hold.ended_by, hold.ended_because = now, actor, HoldEnd.STAFF
    hold.save(update_fields=["ended_at", "ended_by", "ended_because"])
    if hold.worker_id is not None and hold.kind == PayoutHoldKind.STAFF:
        decide_to_end([hold], reason=reason, now=now)
    audit.record("payout_hold.end", hold, after={"ended_by": actor}, metadata={"reason": reason}, now=now)
    _free_money({hold.worker_id} if hold.worker_id else set())
    return hold


def _free_money(worker_ids: Collection[UUID]) -> None:
    """Recompute the free money of these workers after a hold's end: it is due again. Accounts are locked
    after holds."""
    if worker_ids:
        ids = accounts.of_workers(worker_ids, AccountName.AVAILABLE).values()
        ledger.lock(ids)
        parts.refresh_parts(ids, due_again=True)
        nudge_job("create_due_payouts")


def end_due_holds(*, now: datetime | None = None) -> int:
    """End every hold whose time is over, and those of failed payouts whose worker has named another address;
    return how many."""
    at = now or database_now()
    return repeat_batch(lambda: _end_batch(at), size=ENDED_AT_ONCE)


@in_unit
def _end_batch(now: datetime) -> int:
    rows = sql.run("payments/settlement/payouts/end_due_holds", now=now, most=ENDED_AT_ONCE)
    if rows:
        _free_money({row["worker_id"] for row in rows if row["worker_id"]})
        decided = PayoutHold.objects.filter(pk__in=[row["id"] for row in rows], kind=PayoutHoldKind.STAFF)
        decide_to_end(decided.exclude(worker=None).order_by("pk"), now=now)
        audit.record_many(
            (
                Record(
                    "payout_hold.end", "payouthold", str(row["id"]), after={"because": row["ended_because"]}
                )
                for row in rows
            ),
            now=now,
        )
    return len(rows)
