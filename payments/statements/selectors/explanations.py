"""Explanations of the amounts of payments: inputs, formula, deductions, and a plain sentence."""

from dataclasses import asdict
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, Sum

from gigstream.core.money import ZERO, rate_text, usdc
from payments.earnings import deductions
from payments.earnings.calculations import fee_on
from payments.earnings.vocabulary import EARNING, FEE, REWARD
from payments.ledger.subjects import TASK, WORK_EVENT, subject_of
from payments.models import LedgerEntry, Transaction
from payments.settlement.payouts.selectors import payout_parts
from payments.settlement.transactions.enums import TransactionStatus, TransactionType
from payments.statements.selectors import quests
from payments.statements.selectors.reasons import Explanation, withheld_from
from payments.statements.selectors.timeline import payment_timeline
from platforms.models import Task, WorkEvent
from platforms.tasks.enums import TaskType


def explain_transaction(
    movement: Transaction, *, for_platform: UUID | None = None, for_worker: UUID | None = None
) -> Explanation:
    """Explain a transaction to its platform or to its worker, in a fixed number of statements.

    A platform must not learn that a worker owes something: only the worker sees deductions.
    """
    explainers = _QUEST_EXPLAINERS if movement.quest_id else _EXPLAINERS
    explanation = explainers[TransactionType(movement.type)](movement)
    explanation.entries = _explained_entries(movement, for_platform, for_worker)
    explanation.timeline = [asdict(moment) for moment in payment_timeline(movement, entries=False)]
    if for_worker is None:
        explanation.deductions = []
    return explanation


def _explained_entries(
    movement: Transaction, platform: UUID | None, worker: UUID | None
) -> list[dict[str, Any]]:
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


def _explain_deposit(movement: Transaction) -> Explanation:
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


def _explain_fee(movement: Transaction) -> Explanation:
    task = movement.task
    if task is None:
        return _explain_shortly(movement)
    if movement.subject_kind == WORK_EVENT.number:
        return _explain_bonus_fee(movement, task)
    paid, charged = _pay_around(movement, task)
    percent = rate_text(task.fee_bps)
    less = f", less the {usdc(fee_on(charged, task.fee_bps))} taken before" if charged else ""
    return Explanation(
        f"The fee on “{task.title}” is {percent} of the {usdc(paid)} that its worker was paid{less}:"
        f" {usdc(movement.amount)}.",
        "floor(paid * fee_bps / 10000) - floor(charged_before * fee_bps / 10000), at 6 decimals",
        {"paid": paid, "charged_before": charged, "fee_bps": task.fee_bps},
    )


def _explain_bonus_fee(movement: Transaction, task: Task) -> Explanation:
    """Explain the fee on a bonus. Both are booked together: the fee is on the newest bonus before it."""
    own = movement.entries.values_list("id", flat=True).first() or 0
    rewards = LedgerEntry.objects.of(TASK, task.pk).filter(kind=REWARD, id__lt=own).order_by("-id")
    amounts = list(rewards.values_list("amount", flat=True))
    paid, charged = sum(amounts, ZERO), sum(amounts[1:], ZERO)
    percent = rate_text(task.fee_bps)
    less = f", less the {usdc(fee_on(charged, task.fee_bps))} taken before" if charged else ""
    return Explanation(
        f"The fee on bonuses for “{task.title}” is {percent} of the {usdc(paid)} that its worker was given"
        f"{less}: {usdc(movement.amount)}.",
        "floor(paid * fee_bps / 10000) - floor(charged_before * fee_bps / 10000), at 6 decimals",
        {"paid": paid, "charged_before": charged, "fee_bps": task.fee_bps},
    )


def _pay_around(movement: Transaction, task: Task) -> tuple[Decimal, Decimal]:
    """Return the pay of the task when this fee was taken, and the part of it that an earlier fee was on."""
    if task.task_type == TaskType.TIME_BASED:
        return task.paid_amount or ZERO, ZERO
    entries = LedgerEntry.objects.of(TASK, task.pk)
    own = entries.filter(transaction=movement, kind=FEE).values_list("id", flat=True).first() or 0
    fees = entries.filter(kind=FEE, id__lt=own).order_by("-id")
    previous = fees.values_list("id", flat=True).first() or 0
    paid = entries.filter(kind=EARNING).aggregate(
        now=Sum("amount", filter=Q(id__lt=own)), before=Sum("amount", filter=Q(id__lt=previous))
    )
    return paid["now"] or ZERO, paid["before"] or ZERO


def _explain_refund(movement: Transaction) -> Explanation:
    task = movement.task
    if task is None:
        return _explain_shortly(movement)
    paid = task.paid_amount or ZERO
    held, fee = task.amount + fee_on(task.amount, task.fee_bps), fee_on(paid, task.fee_bps)
    return Explanation(
        f"Of the {usdc(held)} that was held for “{task.title}”, {usdc(paid)} was paid to its worker and"
        f" {usdc(fee)} was the fee on that: {usdc(movement.amount)} came back.",
        "held - paid - fee, where held is the task's amount and the fee on it",
        {"held": held, "paid": paid, "fee": fee, "fee_bps": task.fee_bps},
    )


def _explain_reward(movement: Transaction) -> Explanation:
    subject = subject_of(movement.subject_kind, movement.subject_id)
    event = None
    if subject and subject.kind == WORK_EVENT:
        event = WorkEvent.objects.filter(pk=subject.id).first()
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


def _explain_payout(movement: Transaction) -> Explanation:
    parts = payout_parts(movement.pk)
    entries = [part.entry for part in parts]
    where = f" in {movement.tx_hash}" if movement.tx_hash else ""
    return Explanation(
        f"{usdc(movement.amount)} {_PROGRESS[TransactionStatus(movement.status)]} {movement.to_wallet}"
        f"{where}, from {len(parts)} {'earning' if len(parts) == 1 else 'earnings'}.",
        "the sum of the parts, the oldest earning first",
        {
            "parts": [
                {
                    "earning": part.entry.fact,
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
        withheld_from(entries),
    )


def _explain_advance(movement: Transaction) -> Explanation:
    loan = movement.loan
    return Explanation(
        f"An advance of {usdc(movement.amount)} {_PROGRESS[TransactionStatus(movement.status)]}"
        f" {movement.to_wallet}.",
        "the amount of the advance",
        {"loan_id": movement.loan_id, "amount": loan.amount, "fee": loan.fee} if loan else {},
    )


def _explain_repayment(movement: Transaction) -> Explanation:
    """Explain what a rule of deduction books, in the words of that rule."""
    entry = movement.entries.select_related("withheld_from").get(kind__in=deductions.entry_kinds())
    why = deductions.explain_entry(entry)
    return Explanation(why.sentence, why.formula, why.inputs)


def _explain_withdrawal(movement: Transaction) -> Explanation:
    where = f" in {movement.tx_hash}" if movement.tx_hash else ""
    progress = _PROGRESS[TransactionStatus(movement.status)]
    return Explanation(
        f"{usdc(movement.amount)} {progress} {movement.to_wallet}{where}.",
        "the amount that was requested",
        {"requested_at": movement.created_at, "not_before": movement.not_before},
    )


def _explain_shortly(movement: Transaction) -> Explanation:
    """Explain a transaction whose task or loan is not on record any more."""
    return Explanation(f"A {movement.type} of {usdc(movement.amount)}.", "", {})


_EXPLAINERS = {
    TransactionType.DEPOSIT: _explain_deposit,
    TransactionType.FEE: _explain_fee,
    TransactionType.REFUND: _explain_refund,
    TransactionType.REWARD: _explain_reward,
    TransactionType.PAYOUT: _explain_payout,
    TransactionType.ADVANCE: _explain_advance,
    TransactionType.REPAYMENT: _explain_repayment,
    TransactionType.WITHDRAWAL: _explain_withdrawal,
}
# Explanations of what belongs to a quest.
_QUEST_EXPLAINERS = {
    TransactionType.FEE: quests.explain_fee,
    TransactionType.REFUND: quests.explain_refund,
    TransactionType.REWARD: quests.explain_reward,
}
