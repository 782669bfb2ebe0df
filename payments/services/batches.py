"""Paying for many fixed tasks at once: what `Payslip` books for one, in a fixed number of statements."""

from collections.abc import Sequence
from datetime import datetime

from audit.jobs import ring
from gigstream.lib.money import ZERO
from payments import deductions
from payments.calculations import fee_on
from payments.deductions import Earning
from payments.enums import AccountName, EntryKind, TransactionType
from payments.models import Transaction
from payments.postings import Posting
from payments.services import accounts, ledger, transactions
from payments.services.earnings import escrow_movement
from payments.signals import earnings_paid
from platforms.funding import Closing
from platforms.models import Task, WorkEvent


def pay_fixed(done: Sequence[tuple[Task, WorkEvent]], now: datetime) -> list[Closing]:
    """Each task's pay and fee leave the escrow of their platform, the earnings in the order given.

    The tasks are fixed, of one platform, locked, and nothing has been paid for them.
    """
    escrow = accounts.of_platform(done[0][0].platform_id, AccountName.ESCROW)
    fees = accounts.of_house(AccountName.FEES)
    workers = [task.worker_id for task, _ in done if task.worker_id]
    available = accounts.of_workers(workers, AccountName.AVAILABLE)
    postings: list[Posting] = []
    movements: list[Transaction] = []
    earnings: list[Earning] = []
    for task, event in done:
        if task.worker_id is None:
            raise ValueError(f"task {task.pk} has no worker to pay")
        earning = _earning(task, event, escrow, available[task.worker_id])
        earnings.append(Earning(earning.key or "", task.worker_id, earning.credit, earning.amount))
        postings.append(earning)
        fee = fee_on(task.amount, task.fee_bps)
        if fee:
            movement, posting = escrow_movement(
                task, None, EntryKind.FEE, TransactionType.FEE, escrow, fees, fee, f"task:{task.pk}", now
            )
            movements.append(movement)
            postings.append(posting)
    withheld = deductions.withhold(earnings, now)
    ledger.post([*postings, *(taken.posting for taken in withheld)], now=now)
    transactions.insert([*movements, *(taken.movement for taken in withheld)], now)
    earnings_paid.send(sender=Earning, earnings=earnings, now=now)
    ring("create_due_payouts")
    return [Closing(paid=task.amount, refunded=ZERO) for task, _ in done]


def _earning(task: Task, event: WorkEvent, escrow: int, available: int) -> Posting:
    return Posting(
        EntryKind.EARNING,
        escrow,
        available,
        task.amount,
        key=f"earning:task:{task.pk}",
        task_id=task.pk,
        work_event_id=event.pk,
    )
