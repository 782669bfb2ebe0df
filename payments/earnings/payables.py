"""Payables: pay that is to be booked, for any kind of row."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gigstream.core.money import ZERO
from payments.earnings.vocabulary import EARNING, FEE
from payments.ledger.enums import AccountName
from payments.ledger.services.accounts import Place
from payments.ledger.subjects import TASK, Subject
from platforms.models import Task, WorkEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """Pay of a worker for a fact, in USDC, with the payer's `fee` on top.

    A platform pays out of its escrow, the house (no `platform_id`) out of its rewards. `key` names the fact
    and stands in the keys of the entries, after their kinds; a release has its `sequence` instead. Where
    nothing was reserved for it, `is_held_first` moves pay and fee into escrow in the same transaction.
    """

    worker_id: UUID
    platform_id: UUID | None
    amount: Decimal
    key: str
    subject: Subject | None
    kind: str = EARNING
    sequence: int | None = None
    fee: Decimal = ZERO
    # Key of the hold and the fee, where it is not that of the pay.
    fee_key: str = ""
    is_held_first: bool = False
    # Whether the pay is paid out at once under the standard schedule.
    paid_at_once: bool = True
    # Whether rules of deduction may withhold a part.
    is_deductible: bool = True
    # Report of the platform that has led to it.
    work_event_id: UUID | None = None

    @property
    def payer(self) -> Place:
        """Account that pays."""
        return escrow_of(self.platform_id) if self.platform_id else Place(AccountName.REWARDS)

    @property
    def payee(self) -> Place:
        """Account that is paid."""
        return Place(AccountName.AVAILABLE, worker_id=self.worker_id)

    @property
    def places(self) -> set[Place]:
        """Accounts that it may move."""
        funds = {available_of(self.platform_id)} if self.platform_id and self.is_held_first else set()
        return {self.payer, self.payee, *funds, *({Place(AccountName.FEES)} if self.fee else ())}


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """Money that leaves a platform's escrow beside pay: a fee to the house, a refund back to the platform.

    `also` is another row that its transaction belongs to: the stream or the report that a task is paid by.
    """

    kind: str
    platform_id: UUID
    amount: Decimal
    key: str
    subject: Subject | None
    also: Subject | None = None

    @property
    def payer(self) -> Place:
        """Account that pays."""
        return escrow_of(self.platform_id)

    @property
    def payee(self) -> Place:
        """Account that is paid."""
        is_fee = self.kind == FEE
        return Place(AccountName.FEES) if is_fee else available_of(self.platform_id)

    @property
    def places(self) -> set[Place]:
        """Accounts that it moves."""
        return {self.payer, self.payee}


def available_of(platform_id: UUID) -> Place:
    """Return the place of a platform's available money."""
    return Place(AccountName.AVAILABLE, platform_id=platform_id)


def escrow_of(platform_id: UUID) -> Place:
    """Return the place of a platform's reserved money."""
    return Place(AccountName.ESCROW, platform_id=platform_id)


def pay_of_task(task: Task, amount: Decimal, key: str, work_event: WorkEvent | None = None) -> Payable:
    """Return the pay for a task, or for a part of it that `key` names."""
    return Payable(
        worker_id=worker_of(task),
        platform_id=task.platform_id,
        amount=amount,
        key=key,
        subject=Subject(TASK, task.pk),
        work_event_id=work_event.pk if work_event else None,
    )


def worker_of(task: Task) -> UUID:
    """Return the worker who is paid for the task."""
    if task.worker_id is None:
        raise ValueError(f"task {task.pk} has no worker to pay")
    return task.worker_id
