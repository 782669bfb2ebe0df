"""Paying for work out of escrow: the earning, what is withheld from it, the fee, what goes back."""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Self
from uuid import UUID

from audit.jobs import ring
from gigstream.lib.money import ZERO
from payments import deductions
from payments.calculations import fee_on
from payments.deductions import Earning
from payments.enums import AccountName, EntryKind, TransactionType
from payments.models import Stream, Transaction
from payments.postings import Posting
from payments.services import accounts, ledger, transactions
from payments.services.accounts import Place
from payments.signals import earnings_paid
from platforms.models import Task, WorkEvent


@dataclass(frozen=True, slots=True)
class TaskAccounts:
    """Where a task's money moves: the ids of the platform's accounts, the worker's and the one for fees."""

    available: int
    escrow: int
    worker: int
    fees: int

    @classmethod
    def of(cls, platform_id: UUID, worker_id: UUID) -> Self:
        """All of them by one look-up."""
        places = (
            Place(AccountName.AVAILABLE, platform_id=platform_id),
            Place(AccountName.ESCROW, platform_id=platform_id),
            Place(AccountName.AVAILABLE, worker_id=worker_id),
            Place(AccountName.FEES),
        )
        found = accounts.find(places)
        return cls(*(found[place] for place in places))


@dataclass(slots=True)
class Payslip:
    """What one act books for one task, collected first so that all accounts are locked in one go."""

    task: Task
    now: datetime
    work_event: WorkEvent | None = None
    stream: Stream | None = None
    postings: list[Posting] = field(default_factory=list)
    earnings: list[Earning] = field(default_factory=list)
    movements: list[Transaction] = field(default_factory=list)
    _accounts: TaskAccounts = field(init=False)

    def __post_init__(self) -> None:
        self._accounts = TaskAccounts.of(self.task.platform_id, self._worker_id)

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
            )
        )

    def reward(self, amount: Decimal, key: str) -> None:
        """Pay a bonus on top of the task's amount, and book it."""
        movement = transactions.internal(
            self.now,
            type=TransactionType.REWARD,
            amount=amount,
            platform_id=self.task.platform_id,
            worker_id=self._worker_id,
            task=self.task,
            idempotency_key=f"reward:{key}",
        )
        self.movements.append(movement)
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
            )
        )
        self.book()

    def _earn(self, posting: Posting) -> None:
        if not posting.amount:
            return
        key = posting.key or f"stream:{posting.stream_id}:{posting.sequence}"
        self.postings.append(posting)
        self.earnings.append(Earning(key, self._worker_id, posting.credit, posting.amount))

    @property
    def _worker_id(self) -> UUID:
        if self.task.worker_id is None:
            raise ValueError(f"task {self.task.pk} has no worker to pay")
        return self.task.worker_id

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
            self.movements.append(movement)
            self.postings.append(posting)

    def book(self) -> None:
        """Everything collected is booked, with what the deduction rules take from the earnings."""
        withheld = deductions.withhold(self.earnings, self.now) if self.earnings else []
        ledger.post([*self.postings, *(taken.posting for taken in withheld)], now=self.now)
        transactions.insert([*self.movements, *(taken.movement for taken in withheld)], self.now)
        if self.earnings:
            earnings_paid.send(sender=Earning, earnings=self.earnings, now=self.now)
            ring("create_due_payouts")


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
