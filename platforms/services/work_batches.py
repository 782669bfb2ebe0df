"""Many reports at once, with the results that they would have one by one.

The starts of tasks without a stream and the completions of fixed tasks are done together, by a fixed number
of statements. What else is reported is done one by one afterwards, and with it everything that comes later in
the batch for the same worker: between workers the order makes no difference.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID

from audit import services as audit
from audit.services import Record
from gigstream.lib.clock import database_now
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.errors import Refusal
from platforms.enums import TaskStatus, TaskType, WorkEventType
from platforms.errors import TaskNotFound
from platforms.funding import funding
from platforms.models import Task, WorkEvent
from platforms.services.endings import require_completable
from platforms.services.tasks import require_startable
from platforms.services.work_events import (
    WorkReport,
    as_event,
    record_work_event,
    require_same,
    require_whole,
)
from platforms.signals import tasks_completed, tasks_moved_in_bulk, tasks_started
from platforms.statistics import Standing, TaskMove

Result = tuple[WorkEvent, bool] | Refusal
Fact = tuple[UUID, str, str | None, date | None]


@dataclass(slots=True)
class _Batch:
    """What the reports seen so far come to. Tasks are in memory as they are going to be."""

    platform_id: UUID
    now: datetime
    tasks: dict[UUID, Task]
    known: dict[Fact, WorkEvent]
    results: dict[int, Result] = field(default_factory=dict)
    later: list[int] = field(default_factory=list)
    waiting: set[UUID] = field(default_factory=set)
    refusals: list[Refusal] = field(default_factory=list)
    events: list[WorkEvent] = field(default_factory=list)
    started: list[Task] = field(default_factory=list)
    completed: list[tuple[Task, WorkEvent]] = field(default_factory=list)
    moves: list[TaskMove] = field(default_factory=list)

    def take(self, number: int, report: WorkReport) -> None:
        """Decide on one report, or leave it for later."""
        task = self.tasks.get(report.task_id)
        try:
            require_whole(report)
            if task is not None and (not _is_simple(task, report) or self._owner(task) in self.waiting):
                self.waiting.add(self._owner(task))
                self.later.append(number)
            else:
                self.results[number] = self._decide(task, report)
        except Refusal as refusal:
            self.results[number] = refusal
            self.refusals.append(refusal)

    @staticmethod
    def _owner(task: Task) -> UUID:
        """Whose reports stay in order."""
        return task.worker_id or task.pk

    def _decide(self, task: Task | None, report: WorkReport) -> tuple[WorkEvent, bool]:
        if task is None or task.platform_id != self.platform_id:
            raise _unknown(report)
        event = as_event(report, self.now)
        known = self.known.get(_fact(event))
        if known is not None:
            require_same(known, event)
            return known, False
        before = Standing.of_task(task)
        if report.event_type == WorkEventType.STARTED:
            require_startable(task)
            task.status, task.started_at = TaskStatus.IN_PROGRESS, self.now
            self.started.append(task)
        else:
            require_completable(task)
            task.status, task.completed_at = TaskStatus.COMPLETED, self.now
            task.paid_amount = task.amount
            self.completed.append((task, event))
        self.moves.append(TaskMove.of(task, before=before, at=self.now))
        self.known[_fact(event)] = event
        self.events.append(event)
        return event, True

    def write(self) -> None:
        """What was decided is on record and paid; statistics and reputations follow, once for all."""
        if not self.events:
            return
        done = [task for task, _ in self.completed]
        WorkEvent.unguarded.bulk_create(self.events)
        # A status moves step by step, in the database as well.
        for task in self.started:
            task.status = TaskStatus.IN_PROGRESS
        _update(self.started, ["status", "started_at"], self.now)
        for task in done:
            task.status = TaskStatus.COMPLETED
        if done:
            funding().pay_fixed(self.completed, self.now)
            _update(done, ["status", "completed_at", "paid_amount"], self.now)
        tasks_moved_in_bulk.send(sender=Task, moves=self.moves)
        self._tell(done)

    def _tell(self, done: list[Task]) -> None:
        lines = [
            Record("task.start", "task", str(task.pk), after={"status": TaskStatus.IN_PROGRESS})
            for task in self.started
        ] + [
            Record(
                "task.complete", "task", str(task.pk), after={"status": task.status, "paid": task.paid_amount}
            )
            for task in done
        ]
        audit.record_many(lines, now=self.now)
        if self.started:
            tasks_started.send(sender=Task, tasks=self.started, now=self.now)
        if done:
            tasks_completed.send(sender=Task, tasks=done, now=self.now)


@atomic_with_retry
def record_work_events(
    *, platform_id: UUID, reports: Sequence[WorkReport], now: datetime | None = None
) -> list[Result]:
    """Each report on its own: a refused one leaves the others standing and is answered by its refusal."""
    batch = _open(platform_id, reports, now)
    for number, report in enumerate(reports):
        batch.take(number, report)
    batch.write()
    audit.record_refusals("work_event.record", "platform", platform_id, batch.refusals)
    for number in batch.later:
        try:
            batch.results[number] = record_work_event(
                platform_id=platform_id, report=reports[number], now=batch.now
            )
        except Refusal as refusal:
            batch.results[number] = refusal
    return [batch.results[number] for number in range(len(reports))]


def _open(platform_id: UUID, reports: Sequence[WorkReport], now: datetime | None) -> _Batch:
    """Lock what the reports are about and read the facts that are known of it."""
    own = Task.objects.filter(platform=platform_id, pk__in={report.task_id for report in reports})
    ids = sorted(own.values_list("pk", flat=True))
    funding().lock(ids)
    tasks = Task.objects.locked().filter(pk__in=ids).select_related("platform", "worker")
    found = {task.pk: task for task in tasks}
    events = WorkEvent.objects.filter(task__in=ids)
    return _Batch(platform_id, now or database_now(), found, {_fact(event): event for event in events})


def _is_simple(task: Task, report: WorkReport) -> bool:
    """Whether the report is one of those that are done together."""
    if report.event_type == WorkEventType.STARTED:
        return task.task_type != TaskType.TIME_BASED
    return report.event_type == WorkEventType.COMPLETED and task.task_type == TaskType.FIXED


def _fact(event: WorkEvent) -> Fact:
    return event.task_id, str(event.event_type), event.external_id, event.event_date


def _unknown(report: WorkReport) -> TaskNotFound:
    return TaskNotFound(f"there is no task {report.task_id} that you may see")


def _update(tasks: list[Task], columns: list[str], now: datetime) -> None:
    if tasks:
        for task in tasks:
            task.updated_at = now
        Task.unguarded.bulk_update(tasks, [*columns, "updated_at"])
