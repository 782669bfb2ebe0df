"""Figures of money with which pages begin, and the next steps."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

from django.db import models

from gigstream.adminkit import Figure, NextStep, duration_text, link_to, list_url, summarize
from gigstream.core.clock import database_now
from gigstream.core.money import ZERO, usdc
from payments.ledger.enums import AccountName
from payments.models import Account, Stream, Transaction
from payments.settlement.transactions.enums import OUTGOING, TransactionStatus, TransactionType
from payments.streams.enums import StreamStatus
from platforms.models import Platform, Task
from workers.models import Worker

Parts = Sequence[Figure | NextStep]


def _since(at: datetime, now: datetime) -> str:
    return duration_text(max(now - at, now - now))


def _balances(**owner: models.Model) -> dict[str, Decimal]:
    return dict(Account.objects.filter(**owner).values_list("name", "balance"))


@summarize(Worker, of=Account, position=20)
def _money_of_worker(worker: Worker) -> Parts:
    balances = _balances(worker=worker)
    owed = -balances.get(AccountName.LOAN, ZERO)
    url = list_url(Account, worker=worker.pk)
    return [
        Figure("Available", usdc(balances.get(AccountName.AVAILABLE, ZERO)), url=url),
        Figure("In transit", usdc(balances.get(AccountName.IN_TRANSIT, ZERO)), url=url),
        Figure("Owed", usdc(max(owed, ZERO)), "wait" if owed > 0 else "", url),
    ]


@summarize(Worker, of=Transaction, position=60)
def _last_payout(worker: Worker) -> Parts:
    newest = Transaction.objects.filter(worker=worker, type=TransactionType.PAYOUT).order_by("-created_at")
    payout = newest.first()
    if payout is None:
        return [Figure("Last payout", "none")]
    text = f"{usdc(payout.amount)}, {payout.get_status_display().lower()}, {payout.created_at:%Y-%m-%d}"
    bad = payout.status == TransactionStatus.FAILED
    return [Figure("Last payout", link_to(payout, text) or text, "bad" if bad else "")]


@summarize(Platform, of=Account, position=20)
def _money_of_platform(platform: Platform) -> Parts:
    balances = _balances(platform=platform)
    url = list_url(Account, platform=platform.pk)
    available = balances.get(AccountName.AVAILABLE, ZERO)
    return [
        Figure("Available", usdc(available), "" if available else "wait", url),
        Figure("In escrow", usdc(balances.get(AccountName.ESCROW, ZERO)), url=url),
    ]


_TO_DO = {
    TransactionStatus.SUBMITTED: "Waits for the chain since {}.",
    TransactionStatus.PENDING: "Waits for the provider since {}.",
}
_TONES = {
    TransactionStatus.CONFIRMED: "good",
    TransactionStatus.FAILED: "bad",
    TransactionStatus.CANCELLED: "",
}


@summarize(Transaction, of=Transaction, position=10)
def _transaction(row: Transaction) -> Parts:
    now = database_now()
    owner = row.worker or row.platform
    reached = row.confirmed_at or row.ended_at or row.submitted_at or row.created_at
    return [
        Figure("Amount", usdc(row.amount)),
        Figure(
            str(row.get_type_display()),
            str(row.get_status_display()),
            _TONES.get(TransactionStatus(row.status), "wait"),
        ),
        Figure("For" if row.type in OUTGOING else "Of", link_to(owner) or "the house"),
        Figure("Since", f"{_since(reached, now)} ({reached:%Y-%m-%d %H:%M} UTC)"),
        *_transaction_step(row, now),
    ]


def _transaction_step(row: Transaction, now: datetime) -> Parts:
    """Return the step that a transfer on its way waits for."""
    if row.parked_at:
        why = row.get_parked_reason_display()
        return [
            NextStep(f"Parked since {_since(row.parked_at, now)}: {why}. Offer it again or cancel it.", "bad")
        ]
    if row.type not in OUTGOING or row.status not in _TO_DO:
        return []
    if row.not_before and row.not_before > now:
        return [NextStep(f"Leaves at {row.not_before:%Y-%m-%d %H:%M} UTC at the earliest.")]
    since = row.submitted_at if row.status == TransactionStatus.SUBMITTED else row.created_at
    return [NextStep(_TO_DO[TransactionStatus(row.status)].format(_since(since or row.created_at, now)))]


@summarize(Stream, of=Stream, position=10)
def _stream(stream: Stream) -> Parts:
    share = 100 * stream.released_amount / stream.total_amount
    state = "parked" if stream.parked_at else str(stream.get_status_display())
    figures: list[Figure | NextStep] = [
        Figure("Stream", state, "bad" if stream.parked_at else ""),
        Figure("Released", f"{usdc(stream.released_amount)} of {usdc(stream.total_amount)} ({int(share)} %)"),
        Figure("Still to be released", usdc(stream.remaining_amount)),
        Figure("Worker", link_to(stream.worker) or ""),
        Figure("Ends", f"{stream.end_at:%Y-%m-%d %H:%M} UTC"),
    ]
    if stream.parked_at:
        since = f"{stream.parked_at:%Y-%m-%d %H:%M} UTC"
        figures.append(NextStep(f"Parked since {since}: release it again or cancel it.", "bad"))
    elif stream.status == StreamStatus.PAUSED and stream.paused_at:
        figures.append(
            NextStep(
                f"Paused since {stream.paused_at:%Y-%m-%d %H:%M} UTC: nothing vests until it is resumed."
            )
        )
    elif stream.next_release_at:
        figures.append(Figure("Next release", f"{stream.next_release_at:%Y-%m-%d %H:%M:%S} UTC"))
    return figures


@summarize(Task, of=Transaction, position=30)
def _paid_of_task(task: Task) -> Parts:
    paid = {"none": "", "partly": "wait", "under_way": "wait", "paid": "good"}
    return [Figure("Paid out", str(task.get_payout_status_display()), paid.get(task.payout_status, ""))]
