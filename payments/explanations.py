"""Why a payment has the amount it has: inputs, formula, what was taken out, and one plain sentence."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from gigstream.lib.money import BPS, ZERO, usdc
from payments.calculations import fee_on
from payments.enums import EntryKind, TransactionStatus, TransactionType
from payments.models import LedgerEntry, Transaction
from payments.selectors import payout_parts
from payments.services.earnings import BONUS
from payments.timeline import timeline
from platforms.enums import TaskType
from platforms.models import Task


@dataclass(slots=True)
class Explanation:
    """Everything behind one payment. `entries` are those that touch the asker's own accounts."""

    sentence: str
    formula: str
    inputs: dict[str, Any]
    deductions: list[dict[str, Any]] = field(default_factory=list)
    entries: list[dict[str, Any]] = field(default_factory=list)
    timeline: list[dict[str, Any]] = field(default_factory=list)

    def as_data(self) -> dict[str, Any]:
        return asdict(self)


def explain(
    movement: Transaction, *, for_platform: UUID | None = None, for_worker: UUID | None = None
) -> Explanation:
    """The explanation of a transaction for its platform or for its worker, in a fixed number of statements.

    A platform is told nothing of what a worker owes: deductions are shown to the worker only.
    """
    why = _EXPLAINED[TransactionType(movement.type)](movement)
    why.entries = _entries(movement, for_platform, for_worker)
    why.timeline = [asdict(moment) for moment in timeline(movement, entries=False)]
    if for_worker is None:
        why.deductions = []
    return why


def _entries(movement: Transaction, platform: UUID | None, worker: UUID | None) -> list[dict[str, Any]]:
    owner = {"platform": platform} if worker is None else {"worker": worker}
    touched = Q()
    for side in ("debit_account", "credit_account"):
        touched |= Q(**{f"{side}__{kind}": key for kind, key in owner.items()})
    rows = LedgerEntry.objects.filter(touched, transaction=movement).order_by("id")
    columns = ("id", "created_at", "kind", "amount", "debit_account__name", "credit_account__name")
    return [
        dict(zip(("id", "created_at", "kind", "amount", "debit", "credit"), row, strict=True))
        for row in rows.values_list(*columns)
    ]


def _deposit(movement: Transaction) -> Explanation:
    return Explanation(
        f"{usdc(movement.amount)} arrived on chain in {movement.tx_hash} and is available"
        f" since {movement.confirmed_at:%Y-%m-%d %H:%M} UTC.",
        "the amount that the chain shows",
        {
            "tx_hash": movement.tx_hash,
            "block_number": movement.block_number,
            "from_wallet": movement.from_wallet,
        },
    )


def _fee(movement: Transaction) -> Explanation:
    task = movement.task
    if task is None:
        return _untold(movement)
    if movement.idempotency_key.startswith(f"fee:{BONUS}:"):
        return _bonus_fee(movement, task)
    paid, charged = _pay_around(movement, task)
    percent = f"{Decimal(task.fee_bps * 100) / BPS:g} %"
    less = f", less the {usdc(fee_on(charged, task.fee_bps))} taken before" if charged else ""
    return Explanation(
        f"The fee on “{task.title}” is {percent} of the {usdc(paid)} that its worker was paid{less}:"
        f" {usdc(movement.amount)}.",
        "floor(paid * fee_bps / 10000) - floor(charged_before * fee_bps / 10000), at 6 decimals",
        {"paid": paid, "charged_before": charged, "fee_bps": task.fee_bps},
    )


def _bonus_fee(movement: Transaction, task: Task) -> Explanation:
    """The bonus and its fee are booked together: the fee is on the newest bonus before it."""
    own = movement.entries.values_list("id", flat=True).first() or 0
    rewards = LedgerEntry.objects.filter(task=task, kind=EntryKind.REWARD, id__lt=own).order_by("-id")
    amounts = list(rewards.values_list("amount", flat=True))
    paid, charged = sum(amounts, ZERO), sum(amounts[1:], ZERO)
    percent = f"{Decimal(task.fee_bps * 100) / BPS:g} %"
    less = f", less the {usdc(fee_on(charged, task.fee_bps))} taken before" if charged else ""
    return Explanation(
        f"The fee on bonuses for “{task.title}” is {percent} of the {usdc(paid)} that its worker was given"
        f"{less}: {usdc(movement.amount)}.",
        "floor(paid * fee_bps / 10000) - floor(charged_before * fee_bps / 10000), at 6 decimals",
        {"paid": paid, "charged_before": charged, "fee_bps": task.fee_bps},
    )


def _pay_around(movement: Transaction, task: Task) -> tuple[Decimal, Decimal]:
    """What the task had paid when this fee was taken, and how much of it an earlier fee was taken on."""
    if task.task_type == TaskType.TIME_BASED:
        return task.paid_amount or ZERO, ZERO
    entries = LedgerEntry.objects.filter(task=task)
    own = entries.filter(transaction=movement, kind=EntryKind.FEE).values_list("id", flat=True).first() or 0
    fees = entries.filter(kind=EntryKind.FEE, id__lt=own).order_by("-id")
    previous = fees.values_list("id", flat=True).first() or 0
    paid = entries.filter(kind=EntryKind.EARNING).aggregate(
        now=Sum("amount", filter=Q(id__lt=own)), before=Sum("amount", filter=Q(id__lt=previous))
    )
    return paid["now"] or ZERO, paid["before"] or ZERO


def _refund(movement: Transaction) -> Explanation:
    task = movement.task
    if task is None:
        return _untold(movement)
    paid = task.paid_amount or ZERO
    held, fee = task.amount + fee_on(task.amount, task.fee_bps), fee_on(paid, task.fee_bps)
    return Explanation(
        f"Of the {usdc(held)} that was held for “{task.title}”, {usdc(paid)} was paid to its worker and"
        f" {usdc(fee)} was the fee on that: {usdc(movement.amount)} came back.",
        "held - paid - fee, where held is the task's amount and the fee on it",
        {"held": held, "paid": paid, "fee": fee, "fee_bps": task.fee_bps},
    )


def _reward(movement: Transaction) -> Explanation:
    entry = LedgerEntry.objects.select_related("work_event").filter(transaction=movement).first()
    event = entry.work_event if entry else None
    if event is None or movement.task is None:
        return Explanation(
            f"A reward of {usdc(movement.amount)} was granted.", "the amount that was granted", {}
        )
    under = f" under {event.external_id}" if event.external_id else ""
    return Explanation(
        f"A bonus of {usdc(movement.amount)} for “{movement.task.title}” was reported{under}"
        f" on {event.created_at:%Y-%m-%d} and paid on top of the task's amount.",
        "the amount that was reported",
        {
            "work_event_id": event.pk,
            "external_id": event.external_id,
            "event_date": event.event_date,
            "reported": event.amount,
        },
    )


_PROGRESS = {
    TransactionStatus.PENDING: "waits to be sent to",
    TransactionStatus.SUBMITTED: "is on its way to",
    TransactionStatus.CONFIRMED: "was sent to",
    TransactionStatus.FAILED: "could not be sent to",
    TransactionStatus.CANCELLED: "was not sent to",
}


def _payout(movement: Transaction) -> Explanation:
    parts = payout_parts(movement.pk)
    entries = [part.entry for part in parts]
    deductions = _deductions(movement, entries)
    where = f" in {movement.tx_hash}" if movement.tx_hash else ""
    return Explanation(
        f"{usdc(movement.amount)} {_PROGRESS[TransactionStatus(movement.status)]} {movement.to_wallet}"
        f"{where}: what {len(parts)} {'earning' if len(parts) == 1 else 'earnings'} left.",
        "the sum of the parts, the oldest earning first",
        {
            "parts": [
                {
                    "earning": _fact(part.entry),
                    "earned_at": part.entry.created_at,
                    "earned": part.entry.amount,
                    "paid_out": part.amount,
                }
                for part in parts
            ],
            # Each earning could have had a transfer of its own, and its fee.
            "network_fee": movement.fee,
            "network_fees_saved": movement.fee * max(len(parts) - 1, 0),
        },
        deductions,
    )


def _fact(entry: LedgerEntry) -> str:
    """The fact that an earning was paid for, as the rules of deduction name it."""
    return entry.idempotency_key or f"stream:{entry.stream_id}:{entry.sequence}"


def _deductions(movement: Transaction, earnings: Sequence[LedgerEntry]) -> list[dict[str, Any]]:
    """The repayments that were taken out of the earnings."""
    repaid = Transaction.objects.filter(worker=movement.worker_id, type=TransactionType.REPAYMENT)
    loans = repaid.values_list("loan_id", flat=True).distinct().order_by()
    facts = {f"repayment:{loan}:{_fact(entry)}": _fact(entry) for loan in loans for entry in earnings}
    taken = LedgerEntry.objects.filter(idempotency_key__in=facts).order_by("id")
    return [{"earning": facts[entry.idempotency_key or ""], "amount": entry.amount} for entry in taken]


def _advance(movement: Transaction) -> Explanation:
    loan = movement.loan
    return Explanation(
        f"An advance of {usdc(movement.amount)} {_PROGRESS[TransactionStatus(movement.status)]}"
        f" {movement.to_wallet}.",
        "the amount of the advance",
        {"loan_id": movement.loan_id, "amount": loan.amount, "fee": loan.fee} if loan else {},
    )


def _repayment(movement: Transaction) -> Explanation:
    """Of a worker's own accord, or withheld from an earning: the key of the repayment tells which."""
    loan, fact = movement.loan, movement.idempotency_key.partition(f"repayment:{movement.loan_id}:")[2]
    if loan is None:
        return _untold(movement)
    owed = loan.total_due - _repaid_before(movement)
    inputs = {
        "loan_id": loan.pk,
        "total_due": loan.total_due,
        "owed_before": owed,
        "owed_after": owed - movement.amount,
    }
    if fact.startswith("early:"):
        return Explanation(
            f"{usdc(movement.amount)} were repaid early towards an advance:"
            f" {usdc(owed - movement.amount)} remained owed.",
            "what the worker chose to repay, at most what was owed",
            inputs,
        )
    return Explanation(
        f"{usdc(movement.amount)} went towards an advance.",
        "the smallest of what was owed, a fifth of the whole (at least 1 USDC) and half the earning",
        {**inputs, "earning": fact, "earned": _earned(fact)},
    )


def _repaid_before(movement: Transaction) -> Decimal:
    """What had been repaid on the loan when this repayment was booked, by its entries."""
    repaid = LedgerEntry.objects.filter(loan=movement.loan_id, kind=EntryKind.REPAYMENT)
    entry_id = repaid.values_list("id", flat=True).get(transaction=movement)
    return repaid.filter(id__lt=entry_id).aggregate(total=Sum("amount"))["total"] or ZERO


def _earned(fact: str) -> Decimal | None:
    """The amount of the earning that the rules of deduction name so; None for one that is not on record."""
    _, stream, rest = fact.partition("stream:")
    if stream:
        stream_id, _, sequence = rest.partition(":")
        entries = LedgerEntry.objects.filter(stream=UUID(stream_id), sequence=int(sequence))
    else:
        entries = LedgerEntry.objects.filter(idempotency_key=fact)
    return entries.values_list("amount", flat=True).first()


def _withdrawal(movement: Transaction) -> Explanation:
    where = f" in {movement.tx_hash}" if movement.tx_hash else ""
    progress = _PROGRESS[TransactionStatus(movement.status)]
    return Explanation(
        f"{usdc(movement.amount)} {progress} {movement.to_wallet}{where}.",
        "the amount that was requested",
        {"requested_at": movement.created_at, "not_before": movement.not_before},
    )


def _untold(movement: Transaction) -> Explanation:
    """Its task is not on record any more."""
    return Explanation(f"A {movement.type} of {usdc(movement.amount)}.", "", {})


_EXPLAINED = {
    TransactionType.DEPOSIT: _deposit,
    TransactionType.FEE: _fee,
    TransactionType.REFUND: _refund,
    TransactionType.REWARD: _reward,
    TransactionType.PAYOUT: _payout,
    TransactionType.ADVANCE: _advance,
    TransactionType.REPAYMENT: _repayment,
    TransactionType.WITHDRAWAL: _withdrawal,
}
