"""The record of the calls to the provider about each transfer."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Count, Max, Min, Q

from gigstream.remote_calls.services.calls import CallLog, Outcome
from payments.models import SettlementAttempt, Transaction
from payments.settlement.provider.enums import TransferErrorClass
from payments.settlement.provider.protocol import ProviderTransfer
from payments.settlement.provider.units import booked_fee
from payments.settlement.transfers.enums import AttemptOperation

WEI_IN_GWEI = 10**9
MISSING_FOR = timedelta(minutes=10)
DETAILS = ("state", "gas_price", "gas_used", "network_fee", "block_number")


@dataclass(frozen=True, slots=True)
class Before:
    """The record of a transfer's earlier calls."""

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


def is_surely_missing(known: Before) -> bool:
    """Whether two looks, ten minutes apart, found that the provider has no such transfer."""
    return (
        known.missed_first is not None
        and known.missed_last is not None
        and known.missed_last - known.missed_first >= MISSING_FOR
    )


def calls_before(transaction_ids: Iterable[UUID]) -> dict[UUID, Before]:
    """Return the record of these transfers' calls, by id of the transfer."""
    accelerations = Q(operation=AttemptOperation.ACCELERATE)
    missed = Q(operation=AttemptOperation.FIND, state="", ended_at__isnull=False, error_class__isnull=True)
    histories = ATTEMPTS.histories(
        transaction_ids,
        writing=AttemptOperation.TRANSFER,
        gas_errors=Count("id", filter=Q(error_class=TransferErrorClass.GAS)),
        missed_first=Min("started_at", filter=missed),
        missed_last=Max("started_at", filter=missed),
        last_acceleration=Max("started_at", filter=accelerations),
    )
    return {
        id_: Before(history.last_number, history.first_at, history.is_unknown, **history.more)
        for id_, history in histories.items()
    }


def begin_attempts(
    rows: Sequence[Transaction],
    provider: str,
    known: Mapping[UUID, Before],
    now: datetime,
    operation: AttemptOperation = AttemptOperation.TRANSFER,
) -> dict[UUID, SettlementAttempt]:
    """Open an attempt for each transfer, before the provider is called; return them by transfer."""
    return ATTEMPTS.begin_calls(
        rows,
        service=provider,
        operation=operation,
        last_numbers={id_: before.last_number for id_, before in known.items()},
        now=now,
    )


def record_read(
    row: Transaction, outcome: Outcome[ProviderTransfer], provider: str, known: Before, now: datetime
) -> None:
    """Record a look at a transfer that found something new, or failed."""
    ATTEMPTS.record_call(
        row,
        outcome,
        service=provider,
        operation=AttemptOperation.READ,
        last_number=known.last_number,
        now=now,
    )


def _fill_details(attempt: SettlementAttempt, answer: Any) -> None:
    if not isinstance(answer, ProviderTransfer):
        return
    attempt.state = answer.raw_state or answer.state
    attempt.error_class = attempt.error_class or answer.error_class
    attempt.gas_price = None if answer.gas_price is None else int(answer.gas_price * Decimal(WEI_IN_GWEI))
    attempt.gas_used = answer.gas_used
    attempt.network_fee = None if answer.network_fee is None else booked_fee(answer.network_fee)
    attempt.block_number = answer.block_number
    attempt.answer = dict(answer.raw)


ATTEMPTS = CallLog(SettlementAttempt, "transaction", details=DETAILS, fill_details=_fill_details)
