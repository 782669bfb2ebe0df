"""The record of the calls about each operation."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Min, Q

from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.services.calls import CallLog, Outcome
from payments.models import ChainAttempt, ChainOperation
from payments.oracle.calculations import WEI_IN_GWEI
from payments.oracle.enums import ChainCall
from payments.oracle.services.providers import SERVICE
from payments.oracle.services.reading import Progress
from payments.settlement.provider.protocol import ProviderTransfer
from payments.settlement.provider.units import booked_fee

DETAILS = (
    "transfer_id",
    "state",
    "tx_hash",
    "nonce",
    "gas_price",
    "gas_used",
    "network_fee",
    "block_number",
)
# The rest of an answer can hold addresses of creators.
KEPT = frozenset(
    {"id", "state", "nonce", "version", "errorReason", "errorDetails", "updateDate", "createDate"}
)


@dataclass(frozen=True, slots=True)
class Before:
    """The record of an operation's earlier calls, and of those of its present round."""

    last_number: int = 0
    # A call of this round may have been taken without our knowing.
    unknown: bool = False
    first_at: datetime | None = None


NOTHING = Before()


def calls_before(operation_ids: Iterable[UUID]) -> dict[UUID, Before]:
    """Return the record of these operations' calls, by operation."""
    of_round = Q(round=F("chain_operation__round"), operation=ChainCall.EXECUTE)
    open_ended = Q(ended_at__isnull=True) | Q(error_class=ErrorClass.UNKNOWN_OUTCOME)
    histories = ATTEMPTS.histories(
        operation_ids,
        writing=ChainCall.EXECUTE,
        unknown_of_round=Count("id", filter=of_round & open_ended),
        first_of_round=Min("started_at", filter=of_round),
    )
    return {
        id_: Before(history.last_number, history.more["unknown_of_round"] > 0, history.more["first_of_round"])
        for id_, history in histories.items()
    }


def begin_attempts(
    rows: Sequence[ChainOperation],
    known: Mapping[UUID, Before],
    now: datetime,
    call: ChainCall = ChainCall.EXECUTE,
) -> dict[UUID, ChainAttempt]:
    """Open an attempt for each operation, before the provider is called; return them by operation."""
    return ATTEMPTS.begin_calls(
        rows,
        service=SERVICE,
        operation=call,
        last_numbers={id_: before.last_number for id_, before in known.items()},
        now=now,
    )


def record_look(row: ChainOperation, outcome: Outcome[Any], known: Before, now: datetime) -> None:
    """Record a look at an operation that found something new, or failed."""
    ATTEMPTS.record_call(
        row,
        outcome,
        service=SERVICE,
        operation=ChainCall.READ,
        last_number=known.last_number,
        now=now,
    )


def wei_of(transfer: ProviderTransfer) -> int | None:
    """Return the price of a unit of gas, in wei."""
    return None if transfer.gas_price is None else int(transfer.gas_price * WEI_IN_GWEI)


def _fill_details(attempt: ChainAttempt, answer: Any) -> None:
    transfer = answer.transfer if isinstance(answer, Progress) else answer
    if not isinstance(transfer, ProviderTransfer):
        return
    attempt.transfer_id = transfer.id
    attempt.state = transfer.raw_state or transfer.state
    attempt.error_class = attempt.error_class or transfer.error_class
    attempt.error_message = attempt.error_message or transfer.failure
    attempt.tx_hash = transfer.tx_hash or ""
    attempt.nonce = transfer.raw.get("nonce")
    attempt.gas_price = wei_of(transfer)
    attempt.gas_used = transfer.gas_used
    attempt.network_fee = None if transfer.network_fee is None else booked_fee(transfer.network_fee)
    attempt.block_number = transfer.block_number
    attempt.answer = {name: value for name, value in transfer.raw.items() if name in KEPT}


class _AttemptLog(CallLog[ChainAttempt]):
    """The record of calls, each with the round that it belongs to."""

    def _call_about(
        self, subject: Any, service: str, operation: str, number: int, now: datetime
    ) -> ChainAttempt:
        call = super()._call_about(subject, service, operation, number, now)
        call.round = subject.round
        return call


ATTEMPTS = _AttemptLog(ChainAttempt, "chain_operation", details=DETAILS, fill_details=_fill_details)
