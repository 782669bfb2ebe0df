"""What the life of a task asks of money. Payments, on the floor above, registers the answer."""

from collections.abc import Sequence
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


class TaskFunding(Protocol):
    """Every method runs in the caller's transaction, with the task's row locked except in `lock`."""

    def lock(self, task_ids: Sequence[UUID]) -> None:
        """Lock what belongs to the tasks and is locked before them: their streams."""

    def hold(self, task: Task, now: datetime) -> None:
        """Reserve the pay and the fee, or raise InsufficientFunds."""

    def start(self, task: Task, now: datetime) -> None:
        """Open the stream of a time_based task; nothing for the others."""

    def pay_milestone(
        self, task: Task, milestone: Milestone, now: datetime, work_event: WorkEvent | None
    ) -> None:
        """Pay one milestone and its share of the fee."""

    def pay_bonus(self, task: Task, work_event: WorkEvent, now: datetime) -> None:
        """Pay a reported bonus from the platform's money, or raise InsufficientFunds."""

    def pay_rest(self, task: Task, now: datetime, work_event: WorkEvent | None) -> Closing:
        """Pay all that is still held, with the fee: the task is complete."""

    def pay_fixed(self, done: Sequence[tuple[Task, WorkEvent]], now: datetime) -> list[Closing]:
        """`pay_rest` of fixed tasks of one platform, in this order, in a fixed number of statements."""

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
