"""Submission of pending operations to the provider.

A round's key makes a second call harmless, and the contract does an operation once in however many rounds: so
where an earlier call may have been taken unseen, it is looked for, and sent again if it is not found.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import F

from gigstream.core.clock import database_now
from gigstream.core.postgres.transactions import wait_for_lock
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import backoff_after
from gigstream.remote_calls.enums import ErrorClass
from gigstream.remote_calls.errors import CallRefused, RemoteCallError
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import LEASE, Outcome, make_call, make_calls_in_turn
from payments.models import ChainAttempt, ChainOperation
from payments.oracle.calculations import first_bid
from payments.oracle.enums import OperationStatus, Trouble
from payments.oracle.errors import Withheld
from payments.oracle.services.attempts import (
    ATTEMPTS,
    NOTHING,
    Before,
    begin_attempts,
    calls_before,
)
from payments.oracle.services.gas import first_bid_of, gas_limits, record_spending, reserve_gas
from payments.oracle.services.outcomes import (
    LOOK_AGAIN,
    begin_round,
    follow_showing,
    forget_bid,
    give_up,
    note_transfer,
    record_each,
    trouble_of,
    write_rows,
)
from payments.oracle.services.providers import SERVICE, Oracle, configured_oracle, round_key
from payments.oracle.services.reading import (
    CreatorHasLeft,
    Progress,
    Verdict,
    creators_of,
    read_back,
    writing_call,
)
from payments.settlement.provider.enums import TransferErrorClass
from payments.settlement.provider.protocol import ProviderTransfer

MOST_IN_FLIGHT = 16
BATCH = 16
POLL_EVERY = timedelta(seconds=2)
WITHHELD_FOR = {Trouble.GAS_BUDGET: timedelta(hours=1), Trouble.PRICE_TOO_HIGH: timedelta(minutes=1)}
# The provider forgets a key after a day. A round of unknown outcome that is not found by then is lost.
KEY_IS_KEPT = timedelta(hours=20)
# Refusals in a row that go by, after which an operation is given up.
MOST_FAILURES = 10
PASSING = frozenset({TransferErrorClass.GAS, TransferErrorClass.NONCE})
SUBMISSION_LOCK = "oracle submission"


class CannotBeCalled(RemoteCallError):
    """The operation's call cannot be made any more: a creator has left."""

    error_class = ErrorClass.INVALID_REQUEST


@dataclass(frozen=True, slots=True)
class Offered:
    """A leased operation, the attempt that is open for it, the record of earlier attempts, and whether it was
    in flight before."""

    operation: ChainOperation
    attempt: ChainAttempt
    before: Before
    was_in_flight: bool


def submit_operations(*, now: datetime | None = None, oracle: Oracle | None = None) -> int:
    """Offer the pending operations that are due to the provider, at most sixteen in flight; return how many
    it took.

    No answer leaves an operation pending, to be looked for and offered again under the same key; a refusal
    for good gives it up.
    """
    oracle = oracle or configured_oracle()
    at = now or database_now()
    ATTEMPTS.close_abandoned(at)
    taken = 0
    while batch := _lease_to_submit(oracle, at):
        outcomes = make_calls_in_turn(batch, lambda one: _offer(oracle, one, at))
        ended = [_health_of(outcome) for _, outcome in outcomes]
        breaker.note_outcomes(SERVICE, ended, at, on_record=ChainAttempt)
        block = _newest_block(oracle, at)
        taken += _mark_offered(batch, outcomes, block, at)
    return taken


@in_unit
def _lease_to_submit(oracle: Oracle, now: datetime) -> list[Offered]:
    """Lease the operations that are due, as many as may be in flight and as the breaker permits."""
    if not oracle.contract:
        return []
    wait_for_lock(SUBMISSION_LOCK)
    _adopt_waiting(oracle)
    due = ChainOperation.objects.filter(
        status=OperationStatus.PENDING, next_attempt_at__lte=now, provider=oracle.provider.name
    )
    free = MOST_IN_FLIGHT - ChainOperation.objects.filter(is_in_flight=True).count()
    picked = due.order_by("-is_in_flight", "next_attempt_at", "pk").select_for_update(
        of=("self",), skip_locked=True, no_key=True
    )
    rows: list[ChainOperation] = []
    for row in picked[:BATCH]:
        free -= not row.is_in_flight
        if row.is_in_flight or free >= 0:
            rows.append(row)
    rows = rows[: breaker.permitted_calls(SERVICE, len(rows), now)]
    ChainOperation.unguarded.filter(pk__in=[row.pk for row in rows]).update(
        next_attempt_at=now + LEASE, is_in_flight=True, calls=F("calls") + 1
    )
    known = calls_before(row.pk for row in rows)
    opened = begin_attempts(rows, known, now)
    return [Offered(row, opened[row.pk], known.get(row.pk, NOTHING), row.is_in_flight) for row in rows]


def _adopt_waiting(oracle: Oracle) -> None:
    """Have operations that no provider has written to the present contract, through the present provider."""
    present = {"provider": oracle.provider.name, "contract": oracle.contract}
    waiting = ChainOperation.unguarded.filter(status=OperationStatus.PENDING, is_in_flight=False)
    waiting.exclude(**present).update(**present)


def _offer(oracle: Oracle, one: Offered, now: datetime) -> Outcome[Progress]:
    return make_call(lambda: _find_or_execute(oracle, one, now))


def _find_or_execute(oracle: Oracle, one: Offered, now: datetime) -> Progress:
    """Return the operation as the provider has taken it, before or now, or as the chain shows it."""
    operation = one.operation
    if one.before.unknown:
        found = oracle.provider.find(key=round_key(operation), since=one.before.first_at)
        if found is not None:
            return Progress(found)
        if one.before.first_at is not None and now - one.before.first_at > KEY_IS_KEPT:
            return Progress(is_lost=True)
    try:
        return Progress(_execute(oracle, operation, now))
    except CallRefused:
        showing = read_back(oracle, operation, creators_of(operation))
        if showing.verdict == Verdict.MISSING:
            raise
        return Progress(_find_done(oracle, operation), showing)


def _execute(oracle: Oracle, operation: ChainOperation, now: datetime) -> ProviderTransfer:
    """Have the provider call the contract, at a price within the limits and a cost within the budget."""
    try:
        call = writing_call(operation, creators_of(operation))
    except CreatorHasLeft:
        raise CannotBeCalled("a creator of the operation has left") from None
    if operation.max_fee is None:
        estimate = oracle.provider.estimate_contract(
            contract=operation.contract, function=call.function, parameters=call.parameters
        )
        bid = first_bid(estimate, **gas_limits())
    else:
        bid = first_bid_of(operation)
    if operation.max_fee is None or not operation.reserved:
        reserve_gas(operation, bid, bumps=operation.bumps, now=now)
    return oracle.provider.execute_contract(
        key=round_key(operation),
        contract=operation.contract,
        function=call.function,
        parameters=call.parameters,
        fee=first_bid_of(operation),
    )


def _find_done(oracle: Oracle, operation: ChainOperation) -> ProviderTransfer | None:
    """Return the transaction of the round that was done, for its cost: the newest of those that are there."""
    for round_ in range(operation.round, 0, -1):
        found = oracle.provider.find(key=round_key(operation, round_))
        if found is not None and found.block_number is not None and not found.failure:
            return found
    return None


def _newest_block(oracle: Oracle, now: datetime) -> int | None:
    return make_call(lambda: oracle.newest_block(now)).answer


def _health_of(outcome: Outcome[Progress]) -> str | None:
    """Return the error of a call for the breaker: what we withhold says nothing of the service."""
    return None if isinstance(outcome.error, Withheld | CannotBeCalled) else outcome.error_class


@in_unit
def _mark_offered(
    batch: Sequence[Offered],
    outcomes: Sequence[tuple[Offered, Outcome[Progress]]],
    block: int | None,
    now: datetime,
) -> int:
    """Record the outcomes of the offers; operations that were not offered are due again."""
    by_id = {one.operation.pk: (one, outcome) for one, outcome in outcomes}
    leased = {one.operation.pk: one for one in batch}
    rows = list(ChainOperation.objects.locked().filter(pk__in=list(leased), status=OperationStatus.PENDING))
    for row in rows:
        if row.pk in by_id:
            _apply_outcome(row, *by_id[row.pk], block, now)
        else:
            row.next_attempt_at, row.is_in_flight = now, leased[row.pk].was_in_flight
            row.calls -= 1
    _end_attempts(leased, by_id, now)
    write_rows(rows, now)
    taken = [row for row in rows if row.status == OperationStatus.SUBMITTED]
    record_each("oracle.submit", taken, now)
    return len(taken)


def _end_attempts(
    leased: Mapping[UUID, Offered],
    by_id: Mapping[UUID, tuple[Offered, Outcome[Progress]]],
    now: datetime,
) -> None:
    """End the attempts of the calls that were made; forget those that were not."""
    made = {
        id_: (one.attempt, outcome)
        for id_, (one, outcome) in by_id.items()
        if not isinstance(outcome.error, Withheld | CannotBeCalled)
    }
    ATTEMPTS.end_calls(made.values(), now)
    ATTEMPTS.forget_calls(one.attempt for id_, one in leased.items() if id_ not in made)


def _apply_outcome(
    row: ChainOperation, one: Offered, outcome: Outcome[Progress], block: int | None, now: datetime
) -> None:
    """Change the pending row (in memory) as the outcome of its offer says."""
    progress = outcome.answer
    if progress is None:
        _apply_error(row, one, outcome, now)
    elif progress.is_lost:
        begin_round(row, Trouble.REPLACED, "the provider has forgotten the round", now)
    elif progress.showing is not None:
        if progress.transfer is not None:
            note_transfer(row, progress.transfer)
            record_spending(row, progress.transfer, now, round_=row.round)
        follow_showing(row, progress, now)
    elif progress.transfer is not None:
        note_transfer(row, progress.transfer)
        row.status, row.failures = OperationStatus.SUBMITTED, 0
        row.trouble = trouble_of(progress.transfer, "")
        row.submitted_at = row.sent_at = now
        row.sent_block, row.is_in_flight = block, True
        row.next_attempt_at = now + POLL_EVERY


def _apply_error(row: ChainOperation, one: Offered, outcome: Outcome[Progress], now: datetime) -> None:
    error = outcome.error
    row.error_class, row.error_message = outcome.error_class or "", outcome.message
    if isinstance(error, Withheld):
        row.calls -= 1
        row.trouble = error.trouble
        row.next_attempt_at = now + WITHHELD_FOR[error.trouble]
        if not one.before.unknown:
            forget_bid(row)
    elif isinstance(error, CannotBeCalled):
        give_up(row, Trouble.CREATOR_LEFT, outcome.message, now)
    elif isinstance(error, CallRefused):
        _apply_refusal(row, error, now)
    else:
        row.failures += 1
        row.trouble = Trouble.SERVICE_AWAY
        row.next_attempt_at = now + backoff_after(error, row.failures)
        if not one.before.unknown and outcome.error_class != ErrorClass.UNKNOWN_OUTCOME:
            forget_bid(row)


def _apply_refusal(row: ChainOperation, error: CallRefused, now: datetime) -> None:
    """Wait with the refused row (in memory) for more funds or another price, or give it up."""
    row.failures += 1
    if error.error_class == TransferErrorClass.INSUFFICIENT_FUNDS:
        forget_bid(row)
        row.trouble, row.next_attempt_at = Trouble.NO_FUNDS, now + LOOK_AGAIN
    elif error.error_class in PASSING and row.failures < MOST_FAILURES:
        forget_bid(row)
        row.trouble = Trouble.REPLACED if error.error_class == TransferErrorClass.NONCE else Trouble.SLOW
        row.next_attempt_at = now + backoff_after(error, row.failures)
    elif error.error_class in PASSING:
        give_up(row, Trouble.EXHAUSTED, str(error), now)
    elif error.error_class == TransferErrorClass.EXECUTION:
        give_up(row, Trouble.REVERTED, str(error), now)
    else:
        give_up(row, Trouble.REFUSED, str(error), now)
