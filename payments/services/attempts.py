"""The record of what the provider was asked for each transfer, and how it ended."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from gigstream.lib.db import atomic_with_retry, require_no_transaction
from payments.enums import AttemptOperation, ErrorClass
from payments.models import SettlementAttempt, Transaction
from payments.provider.protocol import ProviderRefused, ProviderTransfer, ProviderUnavailable
from payments.provider.units import booked_fee

T = TypeVar("T")

LEASE = timedelta(seconds=60)
WEI_IN_GWEI = 10**9
LONGEST_MESSAGE = 500
ENDING = [
    "ended_at",
    "milliseconds",
    "state",
    "error_class",
    "error_message",
    "gas_price",
    "gas_used",
    "network_fee",
    "block_number",
    "answer",
]


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How one call ended: the answer, or the error that it raised."""

    answer: T | None
    error: ProviderUnavailable | ProviderRefused | None
    milliseconds: int

    @property
    def error_class(self) -> ErrorClass | None:
        return self.error.error_class if self.error else None

    @property
    def message(self) -> str:
        return str(self.error)[:LONGEST_MESSAGE] if self.error else ""


@dataclass(frozen=True, slots=True)
class Before:
    """What is on record of a transfer's earlier calls."""

    last_number: int = 0
    first_at: datetime | None = None
    # A call may have been taken without our knowing.
    unknown: bool = False
    gas_errors: int = 0
    # Looks for a transfer of unknown outcome that found none: the first and the last.
    missed_first: datetime | None = None
    missed_last: datetime | None = None
    last_acceleration: datetime | None = None


NOTHING = Before()
MISSING_FOR = timedelta(minutes=10)


def is_surely_missing(known: Before) -> bool:
    """Whether the provider was asked twice, ten minutes apart, and has no such transfer."""
    return (
        known.missed_first is not None
        and known.missed_last is not None
        and known.missed_last - known.missed_first >= MISSING_FOR
    )


def call(ask: Callable[[], T]) -> Outcome[T]:
    """Ask the provider, with no database transaction open, and time it."""
    require_no_transaction()
    began = time.monotonic()
    answer, error = None, None
    try:
        answer = ask()
    except (ProviderUnavailable, ProviderRefused) as raised:
        error = raised
    return Outcome(answer, error, int(1000 * (time.monotonic() - began)))


def before(transaction_ids: Iterable[UUID]) -> dict[UUID, Before]:
    """What is on record of these transfers, by id."""
    unknown = Q(operation=AttemptOperation.TRANSFER) & (
        Q(ended_at__isnull=True) | Q(error_class=ErrorClass.UNKNOWN_OUTCOME)
    )
    accelerations = Q(operation=AttemptOperation.ACCELERATE)
    missed = Q(operation=AttemptOperation.FIND, state="", ended_at__isnull=False, error_class__isnull=True)
    rows = (
        SettlementAttempt.objects.filter(transaction__in=list(transaction_ids))
        .values("transaction_id")
        .annotate(
            last=Max("number"),
            first_at=Min("started_at"),
            unknown=Count("id", filter=unknown),
            gas=Count("id", filter=Q(error_class=ErrorClass.GAS)),
            missed_first=Min("started_at", filter=missed),
            missed_last=Max("started_at", filter=missed),
            accelerated_at=Max("started_at", filter=accelerations),
        )
    )
    return {
        row["transaction_id"]: Before(
            row["last"],
            row["first_at"],
            row["unknown"] > 0,
            row["gas"],
            row["missed_first"],
            row["missed_last"],
            row["accelerated_at"],
        )
        for row in rows
    }


@atomic_with_retry
def begin(
    rows: Sequence[Transaction],
    provider: str,
    known: Mapping[UUID, Before],
    now: datetime,
    operation: AttemptOperation = AttemptOperation.TRANSFER,
) -> dict[UUID, SettlementAttempt]:
    """An attempt is open for each transfer, before the provider is called; by transfer."""
    attempts = [
        SettlementAttempt(
            transaction=row,
            number=known.get(row.pk, NOTHING).last_number + 1,
            provider=provider,
            operation=operation,
            started_at=now,
        )
        for row in rows
    ]
    SettlementAttempt.unguarded.bulk_create(attempts)
    return {attempt.transaction_id: attempt for attempt in attempts}


@atomic_with_retry
def end(ended: Iterable[tuple[SettlementAttempt, Outcome[Any]]], now: datetime) -> None:
    """The attempts are on record with what came of them. One that was closed meanwhile, since it took too
    long, stays as it is."""
    outcomes = {attempt.pk: outcome for attempt, outcome in ended}
    rows = list(SettlementAttempt.objects.locked().filter(pk__in=outcomes, ended_at=None))
    for row in rows:
        _fill(row, outcomes[row.pk], now)
    SettlementAttempt.unguarded.bulk_update(rows, ENDING)


def forget(unused: Iterable[SettlementAttempt]) -> None:
    """Attempts that were opened and not made are not on record."""
    SettlementAttempt.unguarded.filter(pk__in=[one.pk for one in unused], ended_at=None).delete()


def record_read(
    row: Transaction, outcome: Outcome[ProviderTransfer], provider: str, known: Before, now: datetime
) -> None:
    """A look at a transfer that told something new, or failed, is on record."""
    attempt = SettlementAttempt(
        transaction=row,
        number=known.last_number + 1,
        provider=provider,
        operation=AttemptOperation.READ,
        started_at=now,
    )
    _fill(attempt, outcome, now)
    attempt.save()


def _fill(attempt: SettlementAttempt, outcome: Outcome[Any], now: datetime) -> None:
    attempt.ended_at = now
    attempt.milliseconds = outcome.milliseconds
    attempt.error_class = outcome.error_class
    attempt.error_message = outcome.message
    answer = outcome.answer
    if not isinstance(answer, ProviderTransfer):
        return
    attempt.state = answer.raw_state or answer.state
    attempt.error_class = attempt.error_class or answer.error_class
    attempt.gas_price = None if answer.gas_price is None else int(answer.gas_price * Decimal(WEI_IN_GWEI))
    attempt.gas_used = answer.gas_used
    attempt.network_fee = None if answer.network_fee is None else booked_fee(answer.network_fee)
    attempt.block_number = answer.block_number
    attempt.answer = dict(answer.raw)


@atomic_with_retry
def close_abandoned(now: datetime) -> int:
    """Calls whose process has died are of unknown outcome; returns how many there were."""
    open_ = SettlementAttempt.objects.locked().filter(ended_at=None, started_at__lte=now - LEASE)
    return SettlementAttempt.unguarded.filter(pk__in=[row.pk for row in open_]).update(
        ended_at=now,
        milliseconds=int(1000 * LEASE.total_seconds()),
        error_class=ErrorClass.UNKNOWN_OUTCOME,
        error_message="the process that called has died",
    )
