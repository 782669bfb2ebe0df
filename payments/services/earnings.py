"""Paying for work out of escrow: the earning, what is withheld from it, the fee, what goes back."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from audit.jobs import ring
from gigstream.lib.money import ZERO
from payments import deductions
from payments.calculations import fee_on
from payments.deductions import Earning
from payments.enums import AccountName, EntryKind, TransactionType
from payments.models import Account, Stream, Transaction
from payments.postings import Posting
from payments.services import accounts, ledger, transactions
from payments.services.accounts import Place
from payments.signals import earnings_paid
from platforms.models import Task, WorkEvent

# What the keys of fees on bonuses begin with, after their kind.
BONUS = "bonus"


@dataclass(frozen=True, slots=True)
class TaskAccounts:
    """Where a task's money moves: the ids of the platform's accounts, the worker's and the one for fees."""

    available: int
    escrow: int
    worker: int
    fees: int


class Payroll:
    """What acts on some tasks book, collected first so that all accounts are locked in one go."""

    def __init__(self, tasks: Collection[Task], now: datetime) -> None:
        self.now = now
        self.postings: list[Posting] = []
        self.earnings: list[Earning] = []
        self.movements: list[Transaction] = []
        self._places = accounts.find({place for task in tasks for place in _places(task)})
        self._withheld = deductions.Locked([])
        self._locked: dict[int, Account] = {}

    def accounts_of(self, task: Task) -> TaskAccounts:
        return TaskAccounts(*(self._places[place] for place in _places(task)))

    def slip(self, task: Task, work_event: WorkEvent | None = None) -> "Payslip":
        """For what one act pays for one of the tasks."""
        return Payslip(self, task, work_event)

    def lock(self, worker_ids: Collection[UUID], account_ids: Collection[int]) -> None:
        """What may be moved later, and withheld from what these workers are paid, is locked now."""
        self._withheld = deductions.lock(worker_ids, self.now)
        self._locked = ledger.lock({*account_ids, *self._withheld.accounts})

    def available(self, task: Task) -> Decimal:
        """What the task's platform may spend, by its locked account."""
        return self._locked[self.accounts_of(task).available].balance

    def book(self) -> None:
        """Everything collected is booked, with what the deduction rules take from the earnings."""
        if not self._locked:
            moved = {account for posting in self.postings for account in (posting.debit, posting.credit)}
            self.lock({earning.worker_id for earning in self.earnings}, moved)
        withheld = self._withheld.withhold(self.earnings)
        postings = [*self.postings, *(taken.posting for taken in withheld)]
        ledger.post(postings, now=self.now, locked=self._locked)
        transactions.insert([*self.movements, *(taken.movement for taken in withheld)], self.now)
        self._withheld.conclude()
        if self.earnings:
            earnings_paid.send(sender=Earning, earnings=self.earnings, now=self.now)
            ring("create_due_payouts")


def _places(task: Task) -> tuple[Place, ...]:
    """In the order of `TaskAccounts`."""
    return (
        Place(AccountName.AVAILABLE, platform_id=task.platform_id),
        Place(AccountName.ESCROW, platform_id=task.platform_id),
        Place(AccountName.AVAILABLE, worker_id=worker_of(task)),
        Place(AccountName.FEES),
    )


def worker_of(task: Task) -> UUID:
    """Who is paid for the task."""
    if task.worker_id is None:
        raise ValueError(f"task {task.pk} has no worker to pay")
    return task.worker_id


@dataclass(slots=True)
class Payslip:
    """What one act pays for one task, put on a payroll."""

    payroll: Payroll
    task: Task
    work_event: WorkEvent | None = None
    stream: Stream | None = None
    # Whether a stream's pay is paid out at once like all other pay: a dispute's share is.
    paid_at_once: bool = False
    _accounts: TaskAccounts = field(init=False)

    def __post_init__(self) -> None:
        self._accounts = self.payroll.accounts_of(self.task)

    @property
    def now(self) -> datetime:
        return self.payroll.now

    def earn(self, amount: Decimal, key: str) -> None:
        """Pay for a fixed task or a milestone."""
        self._earn(
            Posting(
                EntryKind.EARNING,
                self._accounts.escrow,
                self._accounts.worker,
                amount,
                key=f"earning:{key}",
                task_id=self.task.pk,
                work_event_id=self._take_event(),
                paid_at_once=True,
            )
        )

    def release(self, stream: Stream, amount: Decimal) -> None:
        """Pay the stream's next release, whose number is already on the stream."""
        self.stream = stream
        self._earn(
            Posting(
                EntryKind.RELEASE,
                stream.escrow_account_id,
                stream.worker_account_id,
                amount,
                stream_id=stream.pk,
                sequence=stream.sequence,
                work_event_id=self._take_event(),
                paid_at_once=self.paid_at_once,
            )
        )

    def reward(self, amount: Decimal, fee: Decimal, key: str) -> None:
        """Pay a bonus on top of the task's amount, and its fee, out of the platform's available money."""
        hold = Posting(
            EntryKind.HOLD,
            self._accounts.available,
            self._accounts.escrow,
            amount + fee,
            key=f"hold:bonus:{key}",
            task_id=self.task.pk,
        )
        self.payroll.postings.append(hold)
        movement = transactions.internal(
            self.now,
            type=TransactionType.REWARD,
            amount=amount,
            platform_id=self.task.platform_id,
            worker_id=worker_of(self.task),
            task=self.task,
            idempotency_key=f"reward:{key}",
        )
        self.payroll.movements.append(movement)
        self._earn(
            Posting(
                EntryKind.REWARD,
                self._accounts.escrow,
                self._accounts.worker,
                amount,
                key=f"reward:{key}",
                task_id=self.task.pk,
                transaction_id=movement.pk,
                work_event_id=self._take_event(),
                paid_at_once=True,
            )
        )
        self.take_fee(fee, f"{BONUS}:{key}")

    def _earn(self, posting: Posting) -> None:
        if not posting.amount:
            return
        key = posting.key or f"stream:{posting.stream_id}:{posting.sequence}"
        self.payroll.postings.append(posting)
        self.payroll.earnings.append(Earning(key, worker_of(self.task), posting.credit, posting.amount))

    def _take_event(self) -> UUID | None:
        """The reported event pays for one entry: the first of the act."""
        event, self.work_event = self.work_event, None
        return event.pk if event else None

    def take_fee(self, amount: Decimal, key: str) -> None:
        """The platform's fee goes to the house."""
        self._move(EntryKind.FEE, TransactionType.FEE, self._accounts.fees, amount, key)

    def refund(self, amount: Decimal, key: str) -> None:
        """What is no longer needed goes back to the platform's available money."""
        self._move(EntryKind.REFUND, TransactionType.REFUND, self._accounts.available, amount, key)

    def _move(self, kind: EntryKind, type_: TransactionType, credit: int, amount: Decimal, key: str) -> None:
        if amount:
            movement, posting = escrow_movement(
                self.task, self.stream, kind, type_, self._accounts.escrow, credit, amount, key, self.now
            )
            self.payroll.movements.append(movement)
            self.payroll.postings.append(posting)


def fee_between(task: Task, paid_before: Decimal, paid_after: Decimal) -> Decimal:
    """The fee on the pay from `paid_before` to `paid_after`; all shares together are the fee on the whole."""
    return fee_on(paid_after, task.fee_bps) - (fee_on(paid_before, task.fee_bps) if paid_before else ZERO)


def escrow_movement(
    task: Task,
    stream: Stream | None,
    kind: EntryKind,
    type_: TransactionType,
    escrow: int,
    credit: int,
    amount: Decimal,
    key: str,
    now: datetime,
) -> tuple[Transaction, Posting]:
    """A fee or refund out of a task's escrow: its transaction row and its posting, both keyed by the fact."""
    movement = transactions.internal(
        now,
        type=type_,
        amount=amount,
        platform_id=task.platform_id,
        task=task,
        stream=stream,
        idempotency_key=f"{type_}:{key}",
    )
    posting = Posting(
        kind, escrow, credit, amount, key=f"{kind}:{key}", task_id=task.pk, transaction_id=movement.pk
    )
    return movement, posting


def hold_for_task(task: Task, amount: Decimal, *, key: str, now: datetime) -> None:
    """`amount` moves from the platform's available money to its escrow, or InsufficientFunds."""
    available = Place(AccountName.AVAILABLE, platform_id=task.platform_id)
    escrow = Place(AccountName.ESCROW, platform_id=task.platform_id)
    ids = accounts.find([available, escrow])
    hold = Posting(EntryKind.HOLD, ids[available], ids[escrow], amount, key=key, task_id=task.pk)
    ledger.post([hold], now=now)
