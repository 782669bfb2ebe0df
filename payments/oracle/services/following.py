"""Observation of submitted operations until the chain has done them, or has plainly not."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TypeVar
from uuid import UUID, uuid5

from django.conf import settings

from gigstream.core.clock import database_now
from gigstream.core.unit import in_unit
from gigstream.remote_calls.calculations import LONGEST_BACKOFF
from gigstream.remote_calls.services import breaker
from gigstream.remote_calls.services.calls import LEASE, Outcome, make_call, make_calls_in_turn
from payments.models import ChainAttempt, ChainOperation
from payments.oracle.calculations import WEI_IN_GWEI
from payments.oracle.enums import ChainCall, OperationStatus, Trouble
from payments.oracle.errors import GasBudgetUsed
from payments.oracle.services.attempts import ATTEMPTS, NOTHING, begin_attempts, calls_before, record_look
from payments.oracle.services.gas import current_bid, first_bid_of, record_spending, reserve_gas
from payments.oracle.services.outcomes import (
    begin_round,
    confirm,
    follow_showing,
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
from payments.oracle.services.submission import BATCH, POLL_EVERY, WITHHELD_FOR
from payments.settlement.provider import states
from payments.settlement.provider.enums import TransferErrorClass, TransferState
from payments.settlement.provider.protocol import ProviderTransfer, TransferUnknown
from payments.settlement.provider.units import gas_cost

Answer = TypeVar("Answer")
# Blocks after which a higher price is offered, and the time after which a transaction is sent again.
BLOCKS_UNTIL_BUMP = 3
RESEND_AFTER = timedelta(minutes=1)
# A round that the provider does not know for this time is lost.
MISSING_FOR = timedelta(minutes=10)


def follow_operations(*, now: datetime | None = None, oracle: Oracle | None = None) -> int:
    """Look up each submitted operation that is due, read back what the chain shows, and offer more for those
    that no block takes; return how many were confirmed or given up."""
    oracle = oracle or configured_oracle()
    at = now or database_now()
    ended = 0
    while leased := _lease_to_follow(oracle, at):
        block = make_call(lambda: oracle.newest_block(at)).answer
        looks = make_calls_in_turn(leased, lambda row: make_call(lambda: _look(oracle, row)))
        breaker.note_outcomes(SERVICE, [_health_of(one) for _, one in looks], at, on_record=ChainAttempt)
        ended += _apply_looks({row.pk: outcome for row, outcome in looks}, leased, at)
        _push(oracle, [row.pk for row in leased], block, at)
    return ended


@in_unit
def _lease_to_follow(oracle: Oracle, now: datetime) -> list[ChainOperation]:
    due = ChainOperation.objects.filter(
        status=OperationStatus.SUBMITTED, next_attempt_at__lte=now, provider=oracle.provider.name
    )
    picked = due.order_by("next_attempt_at", "pk").select_for_update(
        of=("self",), skip_locked=True, no_key=True
    )
    rows = list(picked[:BATCH])
    rows = rows[: breaker.permitted_calls(SERVICE, len(rows), now)]
    ChainOperation.unguarded.filter(pk__in=[row.pk for row in rows]).update(next_attempt_at=now + LEASE)
    return rows


def _look(oracle: Oracle, operation: ChainOperation) -> Progress:
    """Return the round's transaction and, where it has come to an end, what the chain shows."""
    transfer = oracle.provider.get(operation.transfer_id)
    if not _has_ended(transfer):
        return Progress(transfer)
    showing = read_back(oracle, operation, creators_of(operation))
    return Progress(_with_gas(oracle, operation, transfer), showing)


def _with_gas(oracle: Oracle, operation: ChainOperation, transfer: ProviderTransfer) -> ProviderTransfer:
    """Return the transaction with the gas that the node has counted, where the provider counts none, and
    where it is no more than was offered."""
    if oracle.chain is None or transfer.tx_hash is None or transfer.gas_used is not None:
        return transfer
    receipt = oracle.chain.receipts([transfer.tx_hash]).get(transfer.tx_hash)
    if receipt is None or receipt.gas_used > (operation.gas_limit or 0):
        return transfer
    price = Decimal(receipt.gas_price) / WEI_IN_GWEI
    return replace(
        transfer,
        gas_used=receipt.gas_used,
        gas_price=price,
        network_fee=transfer.network_fee or gas_cost(receipt.gas_used, price),
    )


def _has_ended(transfer: ProviderTransfer) -> bool:
    needed = settings.SETTLEMENT_CONFIRMATIONS
    settled = states.is_settled(transfer.state, confirmations=transfer.confirmations, needed=needed)
    return settled or transfer.state in states.FAILURES


def _health_of(outcome: Outcome[Progress]) -> str | None:
    """Return the error of a call for the breaker: a transaction that is not there says nothing of health."""
    return None if isinstance(outcome.error, TransferUnknown) else outcome.error_class


@in_unit
def _apply_looks(
    outcomes: Mapping[UUID, Outcome[Progress]], leased: Sequence[ChainOperation], now: datetime
) -> int:
    ids = [row.pk for row in leased]
    rows = list(ChainOperation.objects.locked().filter(pk__in=ids, status=OperationStatus.SUBMITTED))
    known = calls_before(ids)
    rounds = {row.pk: row.round for row in leased}
    for row in rows:
        outcome = outcomes.get(row.pk)
        if outcome is None or row.round != rounds[row.pk]:
            row.next_attempt_at = now
            continue
        before = (row.provider_state, row.trouble, row.status, row.round)
        about = ChainOperation(pk=row.pk, round=row.round)
        _apply_look(row, outcome, now)
        if outcome.error or before != (row.provider_state, row.trouble, row.status, row.round):
            record_look(about, outcome, known.get(row.pk, NOTHING), now)
    write_rows(rows, now)
    record_each("oracle.try_again", [row for row in rows if row.status == OperationStatus.PENDING], now)
    return sum(row.status in (OperationStatus.CONFIRMED, OperationStatus.DEAD) for row in rows)


def _apply_look(row: ChainOperation, outcome: Outcome[Progress], now: datetime) -> None:
    """Change the submitted row (in memory) as the look says."""
    progress = outcome.answer
    if progress is None or progress.transfer is None:
        row.error_class, row.error_message = outcome.error_class or "", outcome.message
        row.trouble, row.next_attempt_at = Trouble.SERVICE_AWAY, now + LONGEST_BACKOFF
        sent_at = row.sent_at or row.created_at
        if isinstance(outcome.error, TransferUnknown) and now - sent_at >= MISSING_FOR:
            begin_round(row, Trouble.REPLACED, outcome.message, now)
        return
    transfer = progress.transfer
    note_transfer(row, transfer)
    row.failures = 0
    if not _has_ended(transfer):
        row.trouble = trouble_of(transfer, row.trouble)
        row.next_attempt_at = now + POLL_EVERY
        return
    record_spending(row, transfer, now, round_=row.round)
    if transfer.state not in states.FAILURES:
        follow_showing(row, progress, now)
    else:
        _apply_failure(row, progress, transfer, now)


def _apply_failure(
    row: ChainOperation, progress: Progress, transfer: ProviderTransfer, now: datetime
) -> None:
    """Confirm the row (in memory) whose earlier round was done; try another round, or give it up."""
    showing, why = progress.showing, transfer.failure or transfer.state.lower()
    if showing is not None and showing.verdict == Verdict.EQUAL:
        confirm(row, showing, now)
    elif showing is not None and showing.verdict == Verdict.DIFFERENT:
        give_up(row, Trouble.DIFFERS, showing.words, now)
    elif transfer.error_class == TransferErrorClass.NONCE:
        begin_round(row, Trouble.REPLACED, why, now)
    elif transfer.error_class in (TransferErrorClass.INSUFFICIENT_FUNDS, TransferErrorClass.GAS):
        begin_round(row, Trouble.NO_FUNDS, why, now)
    elif transfer.state == TransferState.CANCELLED:
        begin_round(row, Trouble.REPLACED, why, now)
    else:
        denied = transfer.state == TransferState.DENIED
        give_up(row, Trouble.REFUSED if denied else Trouble.REVERTED, why, now)


# --- Prices -------------------------------------------------------------------------------------------------
def _push(oracle: Oracle, ids: Sequence[UUID], block: int | None, now: datetime) -> None:
    """Offer a fifth more for the transactions that no block has taken for three blocks, and send again those
    that were sent a minute ago."""
    waiting = ChainOperation.objects.filter(
        pk__in=ids, status=OperationStatus.SUBMITTED, block_number=None, transfer_id__gt=""
    ).exclude(trouble__in=[Trouble.SERVICE_AWAY, Trouble.NOT_SHOWN])
    for row in waiting.order_by("nonce", "pk"):
        if _is_slow(row, block):
            _bump(oracle, row, block, now)
        if now - (row.sent_at or now) >= RESEND_AFTER:
            _resend(oracle, row, now)


def _is_slow(row: ChainOperation, block: int | None) -> bool:
    if states.read(row.provider_state) not in states.MAY_ACCELERATE:
        return False
    underpriced = row.error_class == TransferErrorClass.GAS
    blocks = 0 if block is None or row.sent_block is None else block - row.sent_block
    # More money for gas fills no gap and no wallet.
    is_helped = row.trouble not in (Trouble.NONCE_GAP, Trouble.NO_FUNDS)
    return is_helped and (underpriced or blocks >= BLOCKS_UNTIL_BUMP)


def _bump(oracle: Oracle, row: ChainOperation, block: int | None, now: datetime) -> None:
    """Offer the row's transaction for a fifth more, with the same nonce, up to the ceiling and the budget."""
    bid = current_bid(row, more_bumps=1)
    if bid.max_fee <= current_bid(row).max_fee:
        _note_waiting(row, Trouble.PRICE_TOO_HIGH, "the price is at its ceiling")
        return
    try:
        reserve_gas(row, bid, bumps=row.bumps + 1, now=now)
    except GasBudgetUsed as error:
        _note_waiting(row, Trouble.GAS_BUDGET, str(error))
        return
    key = uuid5(round_key(row), f"bump:{row.bumps}")
    _call(
        row,
        ChainCall.ACCELERATE,
        lambda: oracle.provider.accelerate(key=key, transfer_id=row.transfer_id, bid=bid),
        now,
    )
    _note_sent(row, Trouble.SLOW, block, now)


def _resend(oracle: Oracle, row: ChainOperation, now: datetime) -> None:
    """Offer the round under its key once more: what the chain has forgotten is sent to it again."""
    try:
        call = writing_call(row, creators_of(row))
    except CreatorHasLeft:
        return
    answer = _call(
        row,
        ChainCall.EXECUTE,
        lambda: oracle.provider.execute_contract(
            key=round_key(row),
            contract=row.contract,
            function=call.function,
            parameters=call.parameters,
            fee=first_bid_of(row),
        ),
        now,
    )
    trouble = row.trouble or Trouble.SLOW
    if answer is not None and trouble not in WITHHELD_FOR:
        trouble = trouble_of(answer, trouble)
    _note_sent(row, trouble, row.sent_block, now)


def _call(row: ChainOperation, call: ChainCall, make: Callable[[], Answer], now: datetime) -> Answer | None:
    """Make a call that writes, on record; return its answer, None for an error."""
    known = calls_before([row.pk])
    attempt = begin_attempts([row], known, now, call)[row.pk]
    outcome = make_call(make)
    ATTEMPTS.end_calls([(attempt, outcome)], now)
    breaker.note_outcomes(SERVICE, [outcome.error_class], now, on_record=ChainAttempt)
    return outcome.answer


@in_unit
def _note_sent(row: ChainOperation, trouble: str, block: int | None, now: datetime) -> None:
    ChainOperation.unguarded.filter(pk=row.pk, status=OperationStatus.SUBMITTED, round=row.round).update(
        sent_at=now, sent_block=block, trouble=trouble
    )
    row.sent_at, row.sent_block, row.trouble = now, block, trouble


@in_unit
def _note_waiting(row: ChainOperation, trouble: Trouble, why: str) -> None:
    ChainOperation.unguarded.filter(pk=row.pk, status=OperationStatus.SUBMITTED).update(
        trouble=trouble, error_message=why
    )
    row.trouble = trouble
