"""What the life of a task asks of money. Payments, on the floor above, registers the answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from platforms.models import Milestone, Task, WorkEvent


@dataclass(frozen=True, slots=True)
class Closing:
    """How a task's money ended: paid to the worker in all, and given back to the platform now."""

    paid: Decimal
    refunded: Decimal


@dataclass(slots=True)
class Payment:
    """What one act pays for a task: the `steps` that it names; or with `closing` all that is still held, of a
    milestone task its steps; or the bonus that its event reports.

    `held` is what a milestone task's escrow still holds before the act; `bonuses_before` is what earlier
    bonuses of the task have come to, since the fee is taken on all of them together.
    """

    task: Task
    work_event: WorkEvent | None = None
    steps: Sequence[Milestone] = ()
    held: Decimal = Decimal(0)
    closing: bool = False
    bonuses_before: Decimal = Decimal(0)

    @property
    def is_bonus(self) -> bool:
        return not self.closing and not self.steps


class Purse(Protocol):
    """The money of some tasks. Where bonuses were asked for, all that could move is locked."""

    def require_bonus(self, payment: Payment) -> None:
        """Set the bonus and its fee aside, or raise InsufficientFunds: then it must not be paid."""

    def pay(self, payments: Sequence[Payment]) -> None:
        """Pay these, a part of those asked for, in this order, with their shares of the fee."""


class TaskFunding(Protocol):
    """Every method runs in the caller's transaction, with the tasks' rows locked except in `lock`. Those for
    many tasks take a fixed number of statements."""

    def lock(self, task_ids: Sequence[UUID]) -> None:
        """Lock what belongs to the tasks and is locked before them: their streams."""

    def hold(self, task: Task, now: datetime) -> None:
        """Reserve the pay and the fee, or raise InsufficientFunds."""

    def give_back(self, task: Task, now: datetime) -> None:
        """Give back all that is held for a task that was not begun: it loses its worker."""

    def start(self, tasks: Sequence[Task], now: datetime) -> None:
        """Open the streams of the time_based ones among the tasks."""

    def require_settled(self, task: Task, now: datetime) -> None:
        """Raise CommitFirst if the task's stream should have ended by now: then it is ended first."""

    def work_ends(self, tasks: Sequence[Task], now: datetime) -> Mapping[UUID, datetime]:
        """When the running streams of the tasks come to their ends, by task. Raises CommitFirst for one that
        was paused for too long: then it is ended first."""

    def purse(self, asked: Sequence[Payment], now: datetime) -> Purse:
        """The money for these payments."""

    def close(self, task: Task, now: datetime) -> Closing:
        """Pay what has vested and give the rest back: the task is cancelled."""

    def freeze(self, task: Task, now: datetime) -> None:
        """No more pay until the dispute is resolved: pauses the stream."""

    def still_held(self, task: Task) -> Decimal:
        """What could still be paid to the worker out of escrow."""

    def split(self, task: Task, worker_amount: Decimal, now: datetime) -> Closing:
        """Pay `worker_amount` of what is still held and give the rest back."""


_registered: list[TaskFunding] = []


def register(funding: TaskFunding) -> None:
    """Name the one implementation."""
    if _registered:
        raise ValueError("task funding is registered already")
    _registered.append(funding)


def funding() -> TaskFunding:
    """The registered implementation."""
    return _registered[0]
