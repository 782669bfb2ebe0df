"""Money that is kept from leaving: by staff, or since a payout has failed for good (domain.md, section 4).

A worker's hold keeps their payouts, a platform's its withdrawals. Whoever makes a hold or takes money out
locks the available account first, so what a hold keeps never leaves.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from uuid import UUID

from audit import letters
from audit import services as audit
from audit.approvals import require_reason
from audit.context import current_actor
from audit.errors import SamePerson
from audit.jobs import ring
from audit.services import Record, verb
from gigstream.lib import sql
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.money import ZERO, usdc
from gigstream.lib.money import amount as exact
from payments.enums import AccountName, HoldEnd, PayoutHoldKind
from payments.errors import HeldAlready, HoldEnded, HoldExceedsAvailable, InvalidExpiry, MoneyHeld
from payments.models import Account, PayoutHold, PayoutHoldPart, Transaction
from payments.services import accounts, hold_notices, ledger, parts

_SQL = Path(__file__).resolve().parent.parent / "sql"
ENDED_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Held:
    """What open holds keep of one party's available money."""

    everything: bool = False
    amount: Decimal = ZERO

    def unheld(self, balance: Decimal) -> Decimal:
        """Return how much of this balance may leave."""
        return ZERO if self.everything else max(balance - self.amount, ZERO)


NOTHING_HELD = Held()


def held_by(holds: Iterable[PayoutHold]) -> Held:
    """Return what these open holds of one party keep together."""
    amounts = [hold.amount for hold in holds]
    return Held(None in amounts, sum((amount for amount in amounts if amount is not None), ZERO))


def held_of_workers(worker_ids: Collection[UUID]) -> dict[UUID, Held]:
    """Return what is held of each worker's money; who is missing has no open hold. One statement."""
    rows = sql.rows(sql.load(_SQL / "held.sql"), {"workers": list(worker_ids), "platforms": []})
    return {row["worker_id"]: Held(row["everything"], row["amount"]) for row in rows}


def held_of_worker(worker_id: UUID) -> Held:
    """Return what is held of the worker's money."""
    return held_of_workers([worker_id]).get(worker_id, NOTHING_HELD)


def held_of_platform(platform_id: UUID) -> Held:
    """Return what is held of the platform's available money."""
    rows = sql.rows(sql.load(_SQL / "held.sql"), {"workers": [], "platforms": [platform_id]})
    return Held(rows[0]["everything"], rows[0]["amount"]) if rows else NOTHING_HELD


def _held_of_owner(account: Account) -> Held:
    if account.worker_id is not None:
        return held_of_worker(account.worker_id)
    return NOTHING_HELD if account.platform_id is None else held_of_platform(account.platform_id)


def require_unheld(account: Account, amount: Decimal, held: Held | None = None) -> None:
    """Raise MoneyHeld when taking `amount` out of this locked available account of a worker or a platform
    would touch what is held, which is read unless given. An account whose balance is too small is not judged
    here."""
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
    """Keep the worker's money from leaving: everything, also what is still to come, or `amount`, which is
    then held in the newest parts.

    Raises ReasonMissing, HeldAlready when everything is held already, or HoldExceedsAvailable.
    """
    account = _locked_account(accounts.of_worker(worker_id, AccountName.AVAILABLE))
    value = None if amount is None else exact(amount)
    return _place(account, value, reason, expires_at, now or database_now())


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
    which it may still pay for work. Raises what `hold_payouts` raises."""
    account = _locked_account(accounts.of_platform(platform_id, AccountName.AVAILABLE))
    value = None if amount is None else exact(amount)
    return _place(account, value, reason, expires_at, now or database_now())


def hold_payout(payout: Transaction, reason: str, expires_at: datetime | None, now: datetime) -> PayoutHold:
    """Keep what a payout that is void has given back: its own parts. Its account is locked."""
    if payout.worker_id is None:
        raise ValueError(f"transaction {payout.pk} pays no worker")
    account = Account.objects.get(worker=payout.worker_id, name=AccountName.AVAILABLE)
    return _place(account, payout.amount, reason, expires_at, now, payout=payout)


def _locked_account(account_id: int) -> Account:
    return ledger.lock([account_id])[account_id]


def _place(
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
    if amount is None:
        _require_not_held(hold)
    else:
        _require_available(account, hold, amount)
    hold.save(force_insert=True)
    if amount is not None and account.worker_id is not None:
        _name_parts(hold, account, amount)
    after = {"amount": amount, "expires_at": expires_at, "payout": payout.pk if payout else None}
    audit.record("payout_hold.place", hold, after=after, metadata={"reason": hold.reason}, now=now)
    if account.worker_id is not None:
        letters.enqueue(hold_notices.NOTICE, hold.pk, now=now)
    return hold


def _require_not_held(hold: PayoutHold) -> None:
    same = PayoutHold.objects.open().filter(worker=hold.worker_id, platform=hold.platform_id, amount=None)
    if same.filter(kind=hold.kind).exists():
        raise HeldAlready("everything of this party is held already")


def _require_available(account: Account, hold: PayoutHold, amount: Decimal) -> None:
    """Raise HoldExceedsAvailable unless so much is available besides what other holds keep by amount."""
    others = PayoutHold.objects.open().filter(worker=hold.worker_id, platform=hold.platform_id)
    held = sum((one.amount for one in others if one.amount is not None), ZERO)
    if amount > account.balance - held:
        raise HoldExceedsAvailable(
            f"{usdc(account.balance)} is available and {usdc(held)} of it held: {usdc(amount)} cannot be",
            available=account.balance,
            held=held,
            requested=amount,
        )


def _name_parts(hold: PayoutHold, account: Account, amount: Decimal) -> None:
    """Write which parts the hold keeps: its payout's, else the newest."""
    if hold.payout_id is None:
        asked = {"account": account.pk, "amount": amount}
        found = sql.rows(sql.load(_SQL / "newest_parts.sql"), asked)
    else:
        found = sql.rows(sql.load(_SQL / "payout_parts.sql"), {"payout": hold.payout_id, "most": None})
    named = [PayoutHoldPart(hold=hold, entry_id=row["entry_id"], amount=row["amount"]) for row in found]
    if sum((part.amount for part in named), ZERO) != amount:
        raise ValueError(f"the parts of account {account.pk} are not worth {amount}")
    PayoutHoldPart.objects.bulk_create(named)
    parts.refresh([account.pk])


@verb("payout_hold.end", "payout_hold")
def end_hold(*, hold_id: UUID, reason: str, now: datetime | None = None) -> PayoutHold:
    """End a hold before its time: what it kept is paid out by the worker's schedule again.

    Raises ReasonMissing, HoldEnded, or SamePerson for who made it: that needs a second person.
    """
    hold = PayoutHold.objects.locked().get(pk=hold_id)
    now, why, who = now or database_now(), require_reason(reason), str(current_actor())
    if hold.ended_at is not None:
        raise HoldEnded(f"hold {hold.pk} has ended at {hold.ended_at:%Y-%m-%d %H:%M:%S}")
    if hold.created_by == who:
        raise SamePerson("you made the hold: another person ends it before its time", created_by=who)
    hold.ended_at, hold.ended_by, hold.ended_because = now, who, HoldEnd.STAFF
    hold.save(update_fields=["ended_at", "ended_by", "ended_because"])
    audit.record("payout_hold.end", hold, after={"ended_by": who}, metadata={"reason": why}, now=now)
    _free_money_of({hold.worker_id} if hold.worker_id else set())
    return hold


def _free_money_of(worker_ids: Collection[UUID]) -> None:
    """Work out anew what is free of these workers' money after a hold's end: it is due again. Accounts are
    locked after holds."""
    if worker_ids:
        ids = accounts.of_workers(worker_ids, AccountName.AVAILABLE).values()
        ledger.lock(ids)
        parts.refresh(ids, due_again=True)
        ring("create_due_payouts")


def end_due_holds(*, now: datetime | None = None) -> int:
    """End every hold whose time is over, and those of failed payouts whose worker has named another address;
    return how many."""
    now = now or database_now()
    ended = 0
    while True:
        count = _end_some(now)
        ended += count
        if count < ENDED_AT_ONCE:
            return ended


@atomic_with_retry
def _end_some(now: datetime) -> int:
    rows = sql.rows(sql.load(_SQL / "end_due_holds.sql"), {"now": now, "most": ENDED_AT_ONCE})
    if rows:
        _free_money_of({row["worker_id"] for row in rows if row["worker_id"]})
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
