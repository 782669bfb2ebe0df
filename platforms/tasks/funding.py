"""Funding of tasks: the protocol that payments, on the floor above, implements and registers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from platforms.models import Milestone, Task, WorkEvent


@dataclass(frozen=True, slots=True)
class Closing:
    """The end of a task's money: paid to the worker in all, and refunded to the platform now."""

    paid: Decimal
    refunded: Decimal


@dataclass(slots=True)
class Payment:
    """A payment for a task: of the approved `steps`; or with `closing` of all that is still held, of a
    milestone task its steps; or of the bonus in `work_event`.

    `held` is the amount that a milestone task's escrow holds before the payment; `bonuses_before` is the sum
    of earlier bonuses of the task, since the fee is taken on all of them together.
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


class TaskPayments(Protocol):
    """The money of some tasks. If there are bonuses among the payments, all accounts involved are locked."""

    def require_bonus(self, payment: Payment) -> None:
        """Set the bonus and its fee aside, or raise InsufficientFunds: then it must not be paid."""

    def pay(self, payments: Sequence[Payment]) -> None:
        """Pay these payments, which may be a part of those prepared, in this order, with their parts of the
        fee."""


class TaskFunding(Protocol):
    """The money side of tasks. Every method runs in the caller's transaction, with the tasks' rows locked
    except in `lock`. Methods for many tasks take a fixed number of statements."""

    def lock(self, task_ids: Sequence[UUID]) -> None:
        """Lock the tasks' streams, which are locked before the tasks."""

    def hold(self, task: Task, now: datetime) -> None:
        """Reserve the pay and the fee, or raise InsufficientFunds."""

    def give_back(self, task: Task, now: datetime) -> None:
        """Refund all that is held for a task that was not begun and loses its worker."""

    def start(self, tasks: Sequence[Task], now: datetime) -> None:
        """Open the streams of the time_based tasks among these."""

    def require_settled(self, task: Task, now: datetime) -> None:
        """Raise CommitFirst if the task's stream should have ended by now, so that it is ended first."""

    def work_ends(self, tasks: Sequence[Task], now: datetime) -> Mapping[UUID, datetime]:
        """Return the ends of the tasks' running streams, by task. Raises CommitFirst for a stream that was
        paused for too long, so that it is ended first."""

    def prepare_payments(self, payments: Sequence[Payment], now: datetime) -> TaskPayments:
        """Prepare the money for these payments."""

    def close(self, task: Task, now: datetime) -> Closing:
        """Pay the vested part of a cancelled task and refund the rest."""

    def freeze(self, task: Task, now: datetime) -> None:
        """Pause the stream of a disputed task: no more pay until the dispute is resolved."""

    def still_held(self, task: Task) -> Decimal:
        """Return the amount in escrow that could still be paid to the worker."""

    def held_of(self, tasks: Sequence[Task]) -> Mapping[UUID, Decimal]:
        """Return `still_held` of each of the tasks, which have begun."""

    def vested_of(self, tasks: Sequence[Task], now: datetime) -> Mapping[UUID, Decimal]:
        """Return the vested part of the money that the tasks' streams still hold; nothing for other tasks."""

    def split(self, task: Task, worker_amount: Decimal, now: datetime) -> Closing:
        """Pay `worker_amount` of the amount that is still held and refund the rest."""


_registered: list[TaskFunding] = []


def register(funding: TaskFunding) -> None:
    """Register the implementation."""
    if _registered:
        raise ValueError("task funding is registered already")
    _registered.append(funding)


def task_funding() -> TaskFunding:
    """Return the registered implementation."""
    return _registered[0]
