"""Figures of the oracle: calls, operations, delays, gas, and what stayed off the chain."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, F, Max, Min, Q, QuerySet, Sum

from gigstream.core.money import ZERO
from gigstream.remote_calls.selectors import CallFigures
from payments.models import ChainAttempt, ChainOperation, CreatorSync, GasSpending
from payments.oracle.calculations import class_of_error
from payments.oracle.enums import OPEN, ChainErrorClass, OperationKind, OperationStatus
from payments.oracle.registry import registry
from payments.settlement.provider.units import booked_fee, of_gas_units


@dataclass(frozen=True, slots=True)
class SyncFigures:
    """Figures of operations on the chain in a span of time, of a platform or of all."""

    as_of: datetime
    hours: int
    calls: CallFigures
    failures_of_last_hour: int
    errors: Mapping[ChainErrorClass, int]
    # Operations that ended in the span, and those that are open now.
    confirmed: int
    dead: int
    pending: int
    submitted: int
    # Rounds of operations that ended in the span which came to nothing.
    failed_rounds: int
    creators_written: int
    # From the creation of an operation until the chain was seen to show it, in seconds.
    longest_delay: int
    oldest_open_at: datetime | None
    last_synced_at: datetime | None
    transactions: int
    gas_used: int
    fee: Decimal
    saved_gas: int
    saved_fee: Decimal
    events: int
    creators_differing: int

    @property
    def failed_transactions(self) -> tuple[int, int]:
        """Transactions that came to nothing, and all of them."""
        failed = self.failed_rounds + self.dead
        return failed, failed + self.confirmed

    @property
    def off_chain(self) -> tuple[int, int] | None:
        """Events of use that no transaction was needed for, and all of them; None without any."""
        return (max(self.events - self.transactions, 0), self.events) if self.events else None

    def gap(self, now: datetime) -> timedelta:
        """Return the time since something was last written while something waits; zero while nothing does."""
        if self.oldest_open_at is None:
            return timedelta(0)
        return now - max(filter(None, [self.oldest_open_at, self.last_synced_at]))


def sync_figures(*, hours: int, now: datetime, platform_id: UUID | None = None) -> SyncFigures:
    """Return the figures of the last hours."""
    since = now - timedelta(hours=hours)
    operations = _of_platform(ChainOperation.objects.all(), platform_id)
    attempts = _of_platform(ChainAttempt.objects.all(), platform_id, "chain_operation__platform")
    ended = operations.filter(ended_at__gt=since, ended_at__lte=now)
    gas = _gas(platform_id, since, now)
    source = registry.source
    return SyncFigures(
        as_of=now,
        hours=hours,
        calls=_call_figures(attempts, since, now),
        failures_of_last_hour=_failures(attempts, now - timedelta(hours=1), now),
        errors=_errors(attempts, since, now),
        **_ended_figures(ended),
        **_open_figures(operations),
        **gas,
        last_synced_at=operations.aggregate(last=Max("read_back_at"))["last"],
        events=source.count_events(platform_id, after=since, until=now) if source else 0,
        creators_differing=_of_platform(
            CreatorSync.objects.filter(differs_at__isnull=False), platform_id, "creator__platform"
        ).count(),
    )


def _of_platform(rows: QuerySet[Any], platform_id: UUID | None, by: str = "platform") -> QuerySet[Any]:
    return rows if platform_id is None else rows.filter(**{by: platform_id})


def _ended_calls(attempts: QuerySet[Any], since: datetime, until: datetime) -> QuerySet[Any]:
    return attempts.filter(started_at__gt=since, started_at__lte=until, ended_at__isnull=False)


def _call_figures(attempts: QuerySet[Any], since: datetime, until: datetime) -> CallFigures:
    found = _ended_calls(attempts, since, until).aggregate(
        calls=Count("id"), failed=Count("id", filter=Q(error_class__isnull=False)), mean=Avg("milliseconds")
    )
    return CallFigures(found["calls"], found["failed"], found["mean"] or 0)


def _failures(attempts: QuerySet[Any], since: datetime, until: datetime) -> int:
    return _ended_calls(attempts, since, until).filter(error_class__isnull=False).count()


def _errors(attempts: QuerySet[Any], since: datetime, until: datetime) -> dict[ChainErrorClass, int]:
    """Return how many calls ended in each class of error."""
    rows = _ended_calls(attempts, since, until).exclude(error_class=None).order_by().values("error_class")
    counted: Counter[ChainErrorClass] = Counter()
    for row in rows.annotate(calls=Count("id")):
        kind = class_of_error(row["error_class"])
        if kind is not None:
            counted[kind] += row["calls"]
    return {kind: counted[kind] for kind in ChainErrorClass}


def _ended_figures(ended: QuerySet[ChainOperation]) -> dict[str, Any]:
    confirmed = Q(status=OperationStatus.CONFIRMED)
    found = ended.aggregate(
        confirmed=Count("id", filter=confirmed),
        dead=Count("id", filter=Q(status=OperationStatus.DEAD)),
        failed_rounds=Sum(F("round") - 1),
        creators_written=Sum("creator_count", filter=confirmed & Q(kind=OperationKind.UPDATE_METRICS)),
        longest=Max(F("read_back_at") - F("created_at"), filter=confirmed),
    )
    longest = found.pop("longest")
    return {name: value or 0 for name, value in found.items()} | {
        "longest_delay": int(longest.total_seconds()) if longest else 0
    }


def _open_figures(operations: QuerySet[ChainOperation]) -> dict[str, Any]:
    return operations.filter(status__in=sorted(OPEN)).aggregate(
        pending=Count("id", filter=Q(status=OperationStatus.PENDING)),
        submitted=Count("id", filter=Q(status=OperationStatus.SUBMITTED)),
        oldest_open_at=Min("created_at"),
    )


def _gas(platform_id: UUID | None, since: datetime, until: datetime) -> dict[str, Any]:
    spendings = _of_platform(GasSpending.objects.all(), platform_id, "operation__platform")
    found = spendings.filter(spent_at__gt=since, spent_at__lte=until).aggregate(
        transactions=Count("id"),
        used=Sum("gas_used"),
        spent=Sum("fee"),
        saved=Sum("saved_gas"),
        saved_wei=Sum(F("saved_gas") * F("gas_price")),
    )
    saved_wei = found["saved_wei"]
    return {
        "transactions": found["transactions"],
        "gas_used": found["used"] or 0,
        "fee": found["spent"] or ZERO,
        "saved_gas": found["saved"] or 0,
        "saved_fee": booked_fee(of_gas_units(int(saved_wei))) if saved_wei else ZERO,
    }
