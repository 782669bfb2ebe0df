"""Pools: money that arrives is shared among all members by one write, and paid to each from 1 USDC on."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import LARGEST, exact_amount, from_micro, to_micro
from gigstream.core.people.names import normal_name
from gigstream.core.states import require_move
from gigstream.core.unit import in_unit
from gigstream.jobs.registry import nudge_job
from payments.earnings.calculations import fee_between
from payments.earnings.payables import Charge, Payable
from payments.earnings.services.earnings import Payroll, hold_in_escrow
from payments.earnings.vocabulary import FEE, HOLD
from payments.ledger.postings import Posting
from payments.ledger.services import ledger
from payments.ledger.subjects import POOL, Subject
from payments.models import Pool, PoolMember, PoolWrite
from payments.royalties.calculations.pools import Holding, PoolIndex, add_to_index, settle, share_rest
from payments.royalties.calculations.shares import SCALE
from payments.royalties.enums import POOL_MOVES, PoolStatus
from payments.royalties.errors import (
    PoolHasNoMembers,
    PoolNameTaken,
    PoolNotFound,
    PoolNotOpen,
    PoolTooLarge,
)
from payments.royalties.vocabulary import ROYALTY
from platforms.catalogue.services.creators import lock_consenting_creator
from platforms.models import CreatorProfile, Platform
from platforms.platforms.services.platforms import require_active

SETTLED_AT_ONCE: Final = 1_000
# Members are paid by themselves from this on, in micro-USDC.
PAID_FROM: Final = 1_000_000


@verb("pool.create", "platform")
def create_pool(*, platform_id: UUID, name: str, now: datetime | None = None) -> Pool:
    """Make a pool without members. Raises InvalidName, PoolNameTaken, PlatformSuspended or
    PlatformDeleted."""
    now = now or database_now()
    platform = Platform.objects.get(pk=platform_id)
    require_active(platform=platform)
    pool = Pool(platform=platform, name=normal_name(name), fee_bps=platform.fee_bps, created_at=now)
    try:
        with transaction.atomic():
            pool.save(force_insert=True)
    except IntegrityError as error:
        if "pool_name_once_per_platform" not in str(error):
            raise
        raise PoolNameTaken(f"there is already a pool {pool.name}", name=pool.name) from error
    audit.record("pool.create", pool, after={"fee_bps": pool.fee_bps}, now=now)
    return pool


@verb("pool.add", "pool")
def add_to_pool(*, pool_id: UUID, amount: Decimal | str, now: datetime | None = None) -> PoolWrite:
    """Share money of the platform among the pool's members by their units. It is held with its fee.

    Raises InvalidAmount, PoolNotOpen, PoolHasNoMembers, PoolTooLarge or InsufficientFunds.
    """
    now, value = now or database_now(), exact_amount(amount)
    pool, locked = _lock_with_accounts(pool_id)
    if not pool.units:
        raise PoolHasNoMembers(f"nobody holds units of {pool}")
    if pool.received + value > LARGEST:
        raise PoolTooLarge(f"{pool} has received {pool.received} and cannot receive {value} more")
    after = add_to_index(_index_of(pool), to_micro(value))
    arrival = PoolWrite(
        created_at=now,
        pool=pool,
        number=pool.writes + 1,
        amount=value,
        fee=fee_between(pool.fee_bps, pool.received, pool.received + value),
        units=pool.units,
        index_after=Decimal(after.index),
        carry_after=Decimal(after.carry),
    )
    _hold(arrival, locked, now)
    (row,) = sql.run(
        "payments/royalties/write_arrival",
        pool=pool.pk,
        number=arrival.number,
        amount=value,
        fee=arrival.fee,
        index=arrival.index_after,
        carry=arrival.carry_after,
        now=now,
    )
    arrival.pk = row["id"]
    audit.record(
        "pool.add", pool, after={"amount": value, "fee": arrival.fee, "number": arrival.number}, now=now
    )
    return arrival


def _lock_with_accounts(pool_id: UUID) -> tuple[Pool, list[int]]:
    """Lock the pool, which is open, and return it as far as an arrival needs it, with the platform's accounts
    that it moves, which are locked as well. A single statement, for arrivals are many."""
    row = next(iter(sql.run("payments/royalties/lock_pool", pool=pool_id)), None)
    locked = row.pop("accounts") if row else None
    return _require_open(Pool(**row) if row else None), locked or []


def _hold(arrival: PoolWrite, locked: Sequence[int], now: datetime) -> None:
    """Hold the arrival and its fee in escrow; of accounts that are locked, that of escrow is the last."""
    pool, amount = arrival.pool, arrival.amount + arrival.fee
    key, subject = f"hold:pool:{pool.pk}:{arrival.number}", Subject(POOL, pool.pk)
    if len(locked) < 2:
        hold_in_escrow(pool.platform_id, amount, subject=subject, key=key, now=now)
        return
    available, escrow = locked
    ledger.post([Posting(HOLD, available, escrow, amount, key=key, subject=subject)], now=now, locked=locked)


@verb("pool.set_units", "pool")
def set_pool_units(*, pool_id: UUID, creator_id: UUID, units: int, now: datetime | None = None) -> PoolMember:
    """Set the units that a creator holds of the pool from now on; all that is due by then is paid.

    Raises PoolNotOpen, PoolTooLarge, or the errors of a creator who cannot be relied on.
    """
    now = now or database_now()
    pool = _lock_open(pool_id)
    creator = CreatorProfile.objects.filter(pk=creator_id, platform=pool.platform_id).first()
    member = PoolMember.objects.locked().filter(pool=pool, creator=creator).first() if creator else None
    if member is None:
        creator = lock_consenting_creator(creator_id=creator_id, platform_id=pool.platform_id, now=now)
        member = PoolMember(pool=pool, creator=creator, index_at=pool.index)
        member.save(force_insert=True)
    total = pool.units - member.units + units
    if total >= SCALE:
        raise PoolTooLarge(f"all units of {pool} would be {total}, at most {SCALE - 1}", units=total)
    _settle(pool, [_as_owing(member)], now)
    before = member.units
    PoolMember.unguarded.filter(pk=member.pk).update(units=units)
    pool.units = total
    pool.save(update_fields=["units", "paid", "updated_at"])
    audit.record(
        "pool.set_units",
        pool,
        before={"creator": creator_id, "units": before},
        after={"units": units, "total": total},
        now=now,
    )
    return PoolMember.objects.get(pk=member.pk)


@verb("pool.close", "pool")
def close_pool(*, pool_id: UUID, now: datetime | None = None) -> Pool:
    """Take no more money; all members are paid the rest, to the last micro-USDC. Raises PoolNotOpen."""
    pool = _lock_open(pool_id)
    _move(pool, PoolStatus.CLOSING)
    pool.save(update_fields=["status", "updated_at"])
    audit.record("pool.close", pool, after={"status": pool.status}, now=now)
    nudge_job("pay_pools")
    return pool


def pay_pools(*, now: datetime | None = None) -> int:
    """Pay the members of pools who are due at least 1 USDC, and of closing pools all; return how many."""
    at = now or database_now()
    pools = Pool.objects.exclude(status=PoolStatus.CLOSED).order_by("pk")
    return sum(_pay_pool(pool_id, at) for pool_id in list(pools.values_list("pk", flat=True)))


def _pay_pool(pool_id: UUID, now: datetime) -> int:
    paid, goes_on = 0, True
    while goes_on:
        members, goes_on = pay_members(pool_id=pool_id, now=now)
        paid += members
    return paid


@in_unit
def pay_members(*, pool_id: UUID, now: datetime) -> tuple[int, bool]:
    """Pay up to 1,000 members of the pool; return how many, and whether it goes on with others. Of a closing
    pool all members are paid in whole micro-USDC, then the rest is shared, and then it is closed."""
    pool = Pool.objects.locked().get(pk=pool_id)
    if pool.status == PoolStatus.CLOSED:
        return 0, False
    is_closing = pool.status == PoolStatus.CLOSING
    owing = sql.run(
        "payments/royalties/owing_members",
        pool=pool.pk,
        index=pool.index,
        least=SCALE if is_closing else PAID_FROM * SCALE,
        most=SETTLED_AT_ONCE,
    )
    if owing:
        _settle(pool, owing, now)
        pool.save(update_fields=["paid", "updated_at"])
        audit.record("pool.pay", pool, after={"members": len(owing), "paid": pool.paid}, now=now)
    elif is_closing:
        _finish(pool, now)
    goes_on = is_closing or len(owing) == SETTLED_AT_ONCE
    return len(owing), goes_on and pool.status != PoolStatus.CLOSED


def _finish(pool: Pool, now: datetime) -> None:
    """Share the rest of a closing pool whose members are all paid but for fractions, which are paid next;
    or close it, if nothing is left."""
    rows = list(
        PoolMember.objects.filter(pool=pool).order_by("pk").values_list("pk", "fraction", "units", "index_at")
    )
    owed = [units * (int(pool.index) - int(at)) + int(fraction) for _, fraction, units, at in rows]
    if pool.received > pool.paid:
        rest = share_rest(int(pool.carry), owed)
        chosen = [pk for (pk, *_), one in zip(rows, rest, strict=True) if one]
        sql.run(
            "payments/royalties/share_rest", pool=pool.pk, index=pool.index, chosen=sql.array_literal(chosen)
        )
        pool.units, pool.carry = 0, Decimal(0)
        pool.save(update_fields=["units", "carry", "updated_at"])
        return
    sql.run("payments/royalties/share_rest", pool=pool.pk, index=pool.index, chosen="{}")
    _move(pool, PoolStatus.CLOSED)
    pool.units, pool.carry, pool.closed_at = 0, Decimal(0), now
    pool.save(update_fields=["status", "units", "carry", "closed_at", "updated_at"])
    audit.record("pool.close", pool, after={"status": pool.status, "paid": pool.paid}, now=now)


def _lock_open(pool_id: UUID) -> Pool:
    return _require_open(Pool.objects.locked().filter(pk=pool_id).first())


def _require_open(pool: Pool | None) -> Pool:
    if pool is None:
        raise PoolNotFound("there is no such pool that you may see")
    if pool.status != PoolStatus.OPEN:
        raise PoolNotOpen(f"{pool} is {pool.status}", status=pool.status)
    return pool


def _move(pool: Pool, status: PoolStatus) -> None:
    require_move(POOL_MOVES, subject=str(pool), before=pool.status, after=status)
    pool.status = status


def _index_of(pool: Pool) -> PoolIndex:
    return PoolIndex(int(pool.index), int(pool.carry), pool.units)


def _as_owing(member: PoolMember) -> dict[str, Any]:
    names = ("id", "units", "index_at", "fraction", "paid", "payments")
    return {**{name: getattr(member, name) for name in names}, "worker_id": member.creator.worker_id}


def _settle(pool: Pool, members: Sequence[dict[str, Any]], now: datetime) -> None:
    """Pay these members the whole micro-USDC that are due, and write them; count the payments of the pool in
    memory."""
    index, payroll, total = int(pool.index), Payroll(now), Decimal(0)
    fractions, paid, payments, fee_key = [], [], [], ""
    for row in members:
        holding = Holding(row["units"], int(row["index_at"]), int(row["fraction"]))
        due, after = settle(holding, index)
        amount, number = from_micro(due), row["payments"] + bool(due)
        key = f"pool_member:{row['id']}:{number}"
        if due:
            payroll.add(_payable_of(pool, row["worker_id"], amount, key))
            fee_key = fee_key or key
        total += amount
        fractions.append(str(after.fraction))
        paid.append(f"{row['paid'] + amount:f}")
        payments.append(number)
    if total:
        payroll.add(_fee_of(pool, total, fee_key))
        payroll.book()
    sql.run(
        "payments/royalties/write_members",
        index=pool.index,
        members=sql.array_literal([row["id"] for row in members]),
        fractions=sql.array_literal(fractions),
        paid=sql.array_literal(paid),
        payments=sql.array_literal(payments),
    )
    pool.paid += total


def _payable_of(pool: Pool, worker_id: UUID, amount: Decimal, key: str) -> Payable:
    return Payable(
        worker_id=worker_id,
        platform_id=pool.platform_id,
        amount=amount,
        key=key,
        subject=Subject(POOL, pool.pk),
        kind=ROYALTY,
    )


def _fee_of(pool: Pool, paid: Decimal, key: str) -> Charge:
    """Return the fee of a batch; all payments together carry it on their sum."""
    return Charge(
        kind=FEE,
        platform_id=pool.platform_id,
        amount=fee_between(pool.fee_bps, pool.paid, pool.paid + paid),
        key=key,
        subject=Subject(POOL, pool.pk),
    )
