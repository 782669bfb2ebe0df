"""The month's budget for gas: spendings, reservations, and the alarm when it is used up.

Only the oracle stops by it. Payouts, whose fees the house bears as well, know nothing of it.
"""

import logging
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db.models import Sum

from audit.log import services as audit
from audit.log.services import Record
from gigstream.core.money import MICRO, ZERO, usdc
from gigstream.core.postgres.transactions import wait_for_lock
from gigstream.core.unit import in_unit
from payments.models import ChainOperation, GasAlarm, GasSpending, SignedVersion
from payments.oracle.calculations import largest_cost, month_bounds, month_of, raised_bid, saved_gas
from payments.oracle.enums import OperationKind
from payments.oracle.errors import GasBudgetUsed
from payments.oracle.limits import ORACLE_GAS_OF_A_MONTH
from payments.oracle.registry import registry
from payments.oracle.services.attempts import wei_of
from payments.settlement.provider.protocol import GasBid, ProviderTransfer
from payments.settlement.provider.units import GAS_OF_NOTHING, booked_fee, gas_cost

logger = logging.getLogger(__name__)

GAS_LOCK = "oracle gas"


@dataclass(frozen=True, slots=True)
class Budget:
    """The budget of a UTC month in USDC: its limit, the spendings of operations and of others, and the
    reservations of rounds under way."""

    month: date
    limit: Decimal
    spent: Decimal
    by_others: Decimal
    reserved: Decimal

    @property
    def used(self) -> Decimal:
        return self.spent + self.by_others + self.reserved

    @property
    def left(self) -> Decimal:
        return max(self.limit - self.used, ZERO)


def read_budget(now: datetime) -> Budget:
    """Return the budget of the month of `now`."""
    month = month_of(now)
    first, until = month_bounds(month)
    spent = GasSpending.objects.filter(spent_at__gte=first, spent_at__lt=until).aggregate(all=Sum("fee"))
    reserved = ChainOperation.objects.filter(is_in_flight=True).aggregate(all=Sum("reserved"))
    return Budget(
        month,
        ORACLE_GAS_OF_A_MONTH.value,
        spent["all"] or ZERO,
        registry.spent_by_others(first, until),
        reserved["all"] or ZERO,
    )


def cost_of_fillers(first: datetime, until: datetime) -> Decimal:
    """Return the highest possible cost of the empty transactions that were signed in this time to fill
    nonces."""
    fillers = SignedVersion.objects.filter(
        is_empty=True, call__function="", signed_at__gte=first, signed_at__lt=until
    )
    offered = fillers.aggregate(all=Sum("max_fee"))["all"] or ZERO
    return booked_fee(gas_cost(GAS_OF_NOTHING, offered))


def gas_limits() -> dict[str, Decimal]:
    """Return floor and ceiling of the price of a unit of gas, in gwei."""
    return {
        "floor": Decimal(settings.ORACLE_GAS_FLOOR_GWEI),
        "ceiling": Decimal(settings.ORACLE_GAS_CEILING_GWEI),
    }


def current_bid(operation: ChainOperation, *, more_bumps: int = 0) -> GasBid:
    """Return the bid of the present round, as it was raised so far."""
    return raised_bid(first_bid_of(operation), bumps=operation.bumps + more_bumps, **gas_limits())


def first_bid_of(operation: ChainOperation) -> GasBid:
    """Return the bid that the round was first offered with, under its key."""
    return GasBid(
        operation.gas_limit or 0, operation.max_fee or Decimal(0), operation.priority_fee or Decimal(0)
    )


def reserve_gas(operation: ChainOperation, bid: GasBid, *, bumps: int, now: datetime) -> None:
    """Reserve the highest cost of the round at this bid, and keep the bid (in the row and in memory). Raises
    GasBudgetUsed."""
    short = _reserve(operation.pk, bid, bumps, now)
    if short is not None:
        raise GasBudgetUsed(
            f"the gas of {short.month:%Y-%m} is used up: {usdc(short.used)} of {usdc(short.limit)},"
            f" {usdc(booked_fee(largest_cost(bid)))} needed"
        )
    operation.refresh_from_db(
        fields=["gas_limit", "max_fee", "priority_fee", "bumps", "reserved", "is_in_flight"]
    )


@in_unit
def _reserve(operation_id: UUID, bid: GasBid, bumps: int, now: datetime) -> Budget | None:
    """Reserve the cost of a bid; return the budget, and raise the alarm, when it has no room for it."""
    wait_for_lock(GAS_LOCK)
    row = ChainOperation.objects.locked().get(pk=operation_id)
    budget, cost = read_budget(now), max(booked_fee(largest_cost(bid)), MICRO)
    if budget.used - row.reserved + cost > budget.limit:
        _raise_alarm(budget, now)
        return budget
    row.reserved, row.is_in_flight, row.bumps = cost, True, bumps
    if row.max_fee is None:
        row.gas_limit, row.max_fee, row.priority_fee = bid.gas_limit, bid.max_fee, bid.priority_fee
    row.save()
    return None


def _raise_alarm(budget: Budget, now: datetime) -> None:
    """Raise the alarm of the month, once."""
    if GasAlarm.objects.filter(pk=budget.month).exists():
        return
    alarm = GasAlarm(month=budget.month, raised_at=now, budget=budget.limit, spent=budget.used)
    alarm.save(force_insert=True)
    logger.error(
        "the oracle stops: the gas of %s is used up, %s of %s", budget.month, budget.used, budget.limit
    )
    after = {"month": budget.month, "budget": budget.limit, "spent": budget.used}
    audit.record_many([Record("oracle.use_up_gas", "gasalarm", str(budget.month), after=after)], now=now)


def record_spending(
    operation: ChainOperation, transfer: ProviderTransfer, now: datetime, *, round_: int
) -> None:
    """Record the cost of a round, once; within the caller's transaction. A transaction that no block has
    costs nothing."""
    if transfer.network_fee is None or transfer.tx_hash is None:
        return
    saves = operation.kind == OperationKind.UPDATE_METRICS and not transfer.failure
    spending = GasSpending(
        operation=operation,
        round=round_,
        spent_at=now,
        provider=operation.provider,
        tx_hash=transfer.tx_hash,
        block_number=transfer.block_number,
        gas_used=transfer.gas_used,
        gas_price=wei_of(transfer),
        fee=booked_fee(transfer.network_fee),
        saved_gas=saved_gas(operation.creator_count) if saves else 0,
    )
    GasSpending.unguarded.bulk_create([spending], ignore_conflicts=True)
