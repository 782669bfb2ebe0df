"""Progress of work: starts, steps, completions and bonuses, of a task or of a thousand, written together.

The rules of each are here once. They are applied to the tasks in memory, in order, and then written by a
number of statements that does not depend on how many tasks there are.
"""

import json
from collections import deque
from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import F
from django.db.models.expressions import RawSQL
from django.utils import timezone

from audit.log import services as audit
from audit.log.services import Record
from platforms.figures.services import TaskFigures, TaskMove
from platforms.models import Milestone, Task, WorkEvent
from platforms.signals import milestones_approved, tasks_completed, tasks_moved_in_bulk, tasks_started
from platforms.tasks.enums import TaskStatus, TaskType
from platforms.tasks.errors import MilestoneOutOfOrder, TaskNotOpen, WrongTaskType
from platforms.tasks.funding import Payment, TaskPayments, task_funding
from platforms.tasks.services.tasks import require_startable, require_task_move


@dataclass(slots=True)
class Progress:
    """Changes of locked tasks, in the order in which they were decided.

    Each method raises its refusal, or leaves the task in memory as it is going to be; nothing is written
    before `begin`. Money for bonuses is not looked at before `prepare_payments` has locked it.
    """

    now: datetime
    started: list[Task] = field(default_factory=list)
    stepped: list[Task] = field(default_factory=list)
    completed: list[Task] = field(default_factory=list)
    approved: list[Milestone] = field(default_factory=list)
    payments: list[Payment] = field(default_factory=list)
    _moves: list[TaskMove] = field(default_factory=list)
    _lines: list[Record] = field(default_factory=list)
    _waiting: dict[UUID, deque[Milestone]] = field(default_factory=dict)
    _work_ends: dict[UUID, datetime] = field(default_factory=dict)

    def load(self, tasks: Sequence[Task]) -> None:
        """Read the steps of the milestone tasks among these, and the ends of the others' streams."""
        self._waiting |= {task.pk: deque() for task in tasks if task.task_type == TaskType.MILESTONE}
        if self._waiting:
            steps = Milestone.objects.filter(task__in=list(self._waiting), approved_at=None)
            for step in steps.order_by("task", "number"):
                self._waiting[step.task_id].append(step)
        streamed = [task for task in tasks if task.task_type == TaskType.TIME_BASED]
        if streamed:
            self._work_ends |= task_funding().work_ends(streamed, self.now)

    def start(self, task: Task) -> None:
        """Start the task, which comes with its platform and worker. Raises as `require_startable` does."""
        require_startable(task=task)
        before = TaskFigures.of_task(task)
        task.status, task.started_at = TaskStatus.IN_PROGRESS, self.now
        # As it is now: it may be completed before anything is written or announced.
        self.started.append(copy(task))
        self._note(task, "task.start", before, {"status": task.status})

    def approve(self, task: Task, number: int, work_event: WorkEvent | None) -> None:
        """Approve the next milestone and pay it; the last completes the task. Raises WrongTaskType,
        TaskNotOpen or MilestoneOutOfOrder."""
        if task.task_type != TaskType.MILESTONE:
            raise WrongTaskType(f"task {task.reference} is {task.task_type}, it has no milestones")
        if task.status != TaskStatus.IN_PROGRESS:
            raise TaskNotOpen(f"task {task.reference} is {task.status}, not in progress", status=task.status)
        waiting = self._waiting[task.pk]
        expected = waiting[0].number if waiting else None
        if expected != number:
            raise MilestoneOutOfOrder(
                f"the next milestone is {expected}, not {number}", expected=expected, number=number
            )
        if len(waiting) == 1:
            self._finish(task, work_event)
            return
        held = sum((step.amount for step in waiting), Decimal(0))
        step = waiting.popleft()
        self.approved.append(step)
        self.stepped.append(copy(task))
        self.payments.append(Payment(task, work_event, steps=[step], held=held))
        after = {"number": number, "amount": step.amount}
        self._lines.append(Record("task.approve_milestone", "task", str(task.pk), after=after))

    def complete(self, task: Task, work_event: WorkEvent | None) -> None:
        """Complete the task and pay all that is still held. Raises TaskNotOpen or IllegalMove."""
        if task.status == TaskStatus.DISPUTED:
            raise TaskNotOpen(f"task {task.reference} is disputed: staff resolve it", status=task.status)
        require_task_move(task=task, after=TaskStatus.COMPLETED)
        self._finish(task, work_event)

    def reward(self, task: Task, work_event: WorkEvent) -> Payment:
        """Add the reported bonus to the payments, for the caller to remove if there is no money for it."""
        payment = Payment(task, work_event)
        self.payments.append(payment)
        return payment

    def close(self, task: Task, completed_at: datetime | None = None) -> None:
        """Complete a task that is fully paid, by its stream or by this change: now, or when its stream came
        to its end, however late that was noticed."""
        before = TaskFigures.of_task(task)
        task.status = TaskStatus.COMPLETED
        task.completed_at = completed_at or min(self.now, self._work_ends.get(task.pk, self.now))
        task.paid_amount = task.amount
        self.completed.append(task)
        self._note(task, "task.complete", before, {"status": task.status, "paid": task.paid_amount})

    def _finish(self, task: Task, work_event: WorkEvent | None) -> None:
        steps = list(self._waiting.get(task.pk, ()))
        self._waiting.get(task.pk, deque()).clear()
        self.approved += steps
        self.payments.append(Payment(task, work_event, steps=steps, closing=True))
        self.close(task)

    def _note(self, task: Task, action: str, before: TaskFigures, after: dict[str, Any]) -> None:
        self._moves.append(TaskMove.of(task, before=before))
        self._lines.append(Record(action, "task", str(task.pk), after=after))

    def begin(self) -> None:
        """Write the started tasks, before any of them ends: a status moves step by step in the database as
        well."""
        if self.started:
            self._write(self.started, status=TaskStatus.IN_PROGRESS, started_at=self.now)
            task_funding().start(self.started, self.now)

    def prepare_payments(self) -> TaskPayments:
        """Prepare the money for all the payments."""
        return task_funding().prepare_payments(self.payments, self.now)

    def finish(self, prepared: TaskPayments | None = None, columns: Mapping[str, Any] | None = None) -> None:
        """Pay, write, count and announce all changes; completed tasks get these `columns` as well."""
        if self.payments:
            (prepared or self.prepare_payments()).pay(self.payments)
        if self.approved:
            steps = Milestone.unguarded.filter(pk__in=[step.pk for step in self.approved])
            steps.update(approved_at=self.now)
        if self.completed:
            self._write_completed(columns or {})
        if self._moves:
            tasks_moved_in_bulk.send(sender=Task, moves=self._moves)
        audit.record_many(self._lines, now=self.now)
        if self.started:
            tasks_started.send(sender=Task, tasks=self.started, now=self.now)
        if self.stepped:
            milestones_approved.send(sender=Task, tasks=self.stepped, now=self.now)
        if self.completed:
            tasks_completed.send(sender=Task, tasks=self.completed, now=self.now)

    def _write_completed(self, columns: Mapping[str, Any]) -> None:
        self._write(
            self.completed,
            status=TaskStatus.COMPLETED,
            completed_at=_completion_times(self.completed),
            paid_amount=F("amount"),
            **columns,
        )

    @staticmethod
    def _write(tasks: Sequence[Task], **columns: Any) -> None:
        ids = [task.pk for task in tasks]
        Task.unguarded.filter(pk__in=ids).update(updated_at=timezone.now(), **columns)


def _completion_times(tasks: Sequence[Task]) -> datetime | RawSQL | None:
    """Return the common completion time of the tasks, or an expression with the time of each."""
    times = {str(task.pk): task.completed_at for task in tasks}
    if len(set(times.values())) == 1:
        return tasks[0].completed_at
    texts = {task_id: at.isoformat() for task_id, at in times.items() if at}
    return RawSQL("(%s::jsonb ->> tasks.id::text)::timestamptz", [json.dumps(texts)])
