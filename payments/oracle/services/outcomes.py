"""Ends of operations and of their rounds, and their consequences."""

import logging
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Sum

from audit.log import services as audit
from gigstream.core.money import ZERO
from gigstream.remote_calls.calculations import backoff_after
from payments.models import ChainOperation, CreatorSync, GasSpending, OperationCreator
from payments.oracle.enums import GIVEN_UP, OperationKind, OperationStatus, Trouble
from payments.oracle.payloads import of_operation
from payments.oracle.services.reading import Progress, Showing, Verdict
from payments.oracle.vocabulary import ORACLE_FAILED, ORACLE_SYNCED
from payments.settlement.provider.enums import TransferErrorClass, TransferState
from payments.settlement.provider.protocol import ProviderTransfer
from payments.signals import chain_operations_confirmed, chain_operations_failed
from platforms import services as platforms
from platforms.catalogue.errors import CreatorClosed
from platforms.events.services.events import NewEvent, publish_events

logger = logging.getLogger(__name__)

MOST_ROUNDS = 3
# The chain shows what the provider says is confirmed within this time, or the provider is not believed.
SHOWN_WITHIN = timedelta(minutes=10)
LOOK_AGAIN = timedelta(seconds=30)
FIELDS = [
    "status",
    "trouble",
    "details",
    "round",
    "transfer_id",
    "provider_state",
    "tx_hash",
    "block_number",
    "nonce",
    "gas_limit",
    "max_fee",
    "priority_fee",
    "bumps",
    "reserved",
    "sent_at",
    "sent_block",
    "is_in_flight",
    "submitted_at",
    "mined_at",
    "ended_at",
    "read_back_at",
    "calls",
    "failures",
    "next_attempt_at",
    "error_class",
    "error_message",
    "updated_at",
]


_TROUBLES = {
    TransferErrorClass.NONCE: Trouble.NONCE_GAP,
    TransferErrorClass.INSUFFICIENT_FUNDS: Trouble.NO_FUNDS,
    TransferErrorClass.GAS: Trouble.SLOW,
}


def trouble_of(transfer: ProviderTransfer, before: str) -> str:
    """Return why a transaction waits for its block: a stuck one that names no reason has that of before."""
    if transfer.error_class:
        return _TROUBLES.get(TransferErrorClass(transfer.error_class), Trouble.SLOW)
    return before if transfer.state == TransferState.STUCK else ""


def note_transfer(row: ChainOperation, transfer: ProviderTransfer) -> None:
    """Keep (in memory) the provider's answer about the round's transaction."""
    row.transfer_id = transfer.id
    row.provider_state = transfer.raw_state or transfer.state
    row.tx_hash = transfer.tx_hash or row.tx_hash
    row.block_number = transfer.block_number
    row.nonce = transfer.raw.get("nonce", row.nonce)
    row.error_class = transfer.error_class or ""
    row.error_message = transfer.failure


def follow_showing(row: ChainOperation, progress: Progress, now: datetime) -> None:
    """Confirm the row (in memory) that the chain shows, give up one of which it shows something else, and
    wait for the chain to show it."""
    showing = progress.showing or Showing(Verdict.MISSING)
    if progress.transfer is not None:
        row.mined_at = row.mined_at or now
    if showing.verdict == Verdict.EQUAL:
        confirm(row, showing, now)
    elif showing.verdict == Verdict.DIFFERENT:
        logger.error("the chain shows something else of operation %s: %s", row.pk, showing.words)
        give_up(row, Trouble.DIFFERS, showing.words, now)
    elif row.mined_at is not None and now - row.mined_at >= SHOWN_WITHIN:
        why = f"confirmed by the provider, and not shown by the chain within {SHOWN_WITHIN}"
        logger.error("operation %s: %s", row.pk, why)
        give_up(row, Trouble.DIFFERS, why, now)
    else:
        row.trouble, row.error_message = Trouble.NOT_SHOWN, showing.words
        row.next_attempt_at = now + LOOK_AGAIN


def confirm(row: ChainOperation, showing: Showing, now: datetime) -> None:
    """Confirm the row (in memory)."""
    row.status, row.trouble = OperationStatus.CONFIRMED, ""
    row.read_back_at = row.ended_at = now
    row.error_class = row.error_message = ""
    row.failures = 0
    if showing.token:
        row.details = {**row.details, "token": showing.token}
    _end(row)


def give_up(row: ChainOperation, trouble: Trouble, why: str, now: datetime) -> None:
    """Give the row (in memory) up: staff can retry it."""
    row.status, row.trouble, row.ended_at = OperationStatus.DEAD, trouble, now
    row.error_message = why
    _end(row)


def _end(row: ChainOperation) -> None:
    row.next_attempt_at, row.is_in_flight, row.reserved = None, False, Decimal(0)


def begin_round(row: ChainOperation, trouble: Trouble, why: str, now: datetime) -> None:
    """Begin another round of the row (in memory), under another key; give it up after so many rounds."""
    if row.round >= MOST_ROUNDS:
        give_up(row, trouble if trouble in GIVEN_UP else Trouble.EXHAUSTED, why, now)
        return
    reset_round(row)
    row.round += 1
    row.status, row.trouble, row.error_message = OperationStatus.PENDING, trouble, why
    row.failures += 1
    row.next_attempt_at = now + backoff_after(None, row.failures)


def reset_round(row: ChainOperation) -> None:
    """Forget (in memory) the transaction of the present round."""
    row.transfer_id = row.provider_state = row.tx_hash = ""
    row.block_number = row.nonce = None
    row.submitted_at = row.mined_at = None
    forget_bid(row)


def forget_bid(row: ChainOperation) -> None:
    """Take the row (in memory) out of flight: the provider has nothing of this round."""
    row.gas_limit = row.max_fee = row.priority_fee = None
    row.bumps, row.reserved, row.is_in_flight = 0, Decimal(0), False
    row.sent_at = row.sent_block = None


def write_rows(rows: Sequence[ChainOperation], now: datetime) -> None:
    """Write the rows, and do what follows from those that have ended, within the caller's transaction."""
    for row in rows:
        row.updated_at = now
    ChainOperation.unguarded.bulk_update(rows, FIELDS)
    confirmed = [row for row in rows if row.status == OperationStatus.CONFIRMED]
    dead = [row for row in rows if row.status == OperationStatus.DEAD]
    if confirmed:
        _follow_confirmed(confirmed, now)
    if dead:
        _follow_dead(dead, now)


def record_each(action: str, rows: Sequence[ChainOperation], now: datetime) -> None:
    audit.record_each(
        action,
        rows,
        after=lambda row: {"status": row.status, "round": row.round, "tx_hash": row.tx_hash},
        metadata=_grounds,
        now=now,
    )


def _grounds(row: Any) -> dict[str, str]:
    return {"trouble": row.trouble, "error": row.error_message} if row.trouble else {}


def _follow_confirmed(rows: Sequence[ChainOperation], now: datetime) -> None:
    # Creators are locked before their numbers.
    for row in rows:
        if row.kind == OperationKind.CREATE_TOKEN:
            _give_token(row, now)
    _release_creators(rows, now, written=True)
    record_each("oracle.confirm", rows, now)
    publish_events(_events(ORACLE_SYNCED, rows, now))
    chain_operations_confirmed.send(sender=ChainOperation, operations=list(rows), now=now)


def _give_token(row: ChainOperation, now: datetime) -> None:
    """Enter the address of a token at its creator, unless the creator is closed or has left by now."""
    if "token" not in row.details:
        return
    creator_id = OperationCreator.objects.get(operation=row).creator_id
    with suppress(CreatorClosed):
        platforms.change_creator(
            creator_id=creator_id, changes={"token_address": row.details["token"]}, now=now
        )


def _follow_dead(rows: Sequence[ChainOperation], now: datetime) -> None:
    _release_creators(rows, now, written=False)
    record_each("oracle.give_up", rows, now)
    publish_events(_events(ORACLE_FAILED, rows, now))
    chain_operations_failed.send(sender=ChainOperation, operations=list(rows), now=now)


def _events(type_: str, rows: Sequence[ChainOperation], now: datetime) -> list[NewEvent]:
    spent = GasSpending.objects.filter(operation__in=[row.pk for row in rows]).values("operation")
    fees = dict(spent.annotate(all=Sum("fee")).values_list("operation", "all"))
    return [
        NewEvent.of(row.platform_id, type_, of_operation(row, fee=fees.get(row.pk, ZERO)), now)
        for row in rows
    ]


def _release_creators(rows: Sequence[ChainOperation], now: datetime, *, written: bool) -> None:
    """Let the creators of ended operations be written again; with `written`, keep what the chain shows."""
    syncs = list(CreatorSync.objects.locked().filter(operation__in=[row.pk for row in rows]))
    sent: dict[tuple[UUID | None, UUID], OperationCreator] = {
        (one.operation_id, one.creator_id): one
        for one in OperationCreator.objects.filter(operation__in=[row.pk for row in rows])
    }
    for sync in syncs:
        one = sent[(sync.operation_id, sync.creator_id)]
        if written:
            _keep_numbers(sync, one, now)
        sync.operation, sync.updated_at = None, now
    CreatorSync.unguarded.bulk_update(
        syncs,
        [
            "operation",
            "confirmed_by",
            "plays",
            "followers",
            "likes",
            "listeners",
            "revenue",
            "synced_at",
            "differs_at",
            "updated_at",
        ],
    )


def _keep_numbers(sync: CreatorSync, sent: OperationCreator, now: datetime) -> None:
    numbers = sent.numbers
    sync.plays, sync.followers, sync.likes = numbers.plays, numbers.followers, numbers.likes
    sync.listeners, sync.revenue = numbers.listeners, numbers.revenue
    sync.confirmed_by_id, sync.synced_at, sync.differs_at = sent.operation_id, now, None
