"""Batches of work reports, with the same results as reports sent singly.

The reports are decided in their order, on the tasks in memory, and written together by a fixed number of
statements. Whether the platform has the money for a bonus is decided last, when its account is locked: no
other report depends on it, since the rest is paid out of escrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from audit.log import services as audit
from audit.log.services import verb
from gigstream.core.clock import database_now
from gigstream.core.errors import Refusal
from gigstream.core.money import ZERO
from platforms.models import Platform, Task, WorkEvent
from platforms.platforms.services.platforms import require_active
from platforms.tasks.enums import TaskStatus, WorkEventType
from platforms.tasks.errors import TaskNotFound, TaskNotOpen
from platforms.tasks.funding import Payment, TaskPayments, task_funding
from platforms.tasks.services.progress import Progress
from platforms.tasks.services.work_events import (
    WorkReport,
    build_event,
    require_bonus,
    require_event_date,
    require_same,
    require_whole,
)
from workers.models import Worker
from workers.profiles.errors import WorkerDeleted
from workers.services import lock_present_workers

Result = tuple[WorkEvent, bool] | Refusal
EventIdentity = tuple[UUID, str, str | None, date | None]
BEGUN = (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)


@verb("work_event.record", "platform")
def record_work_event(
    *, platform_id: UUID, report: WorkReport, now: datetime | None = None
) -> tuple[WorkEvent, bool]:
    """Record the report, with the money that follows from it; the flag says whether it was new.

    Raises InvalidWorkEvent for a report that lacks a field of its type or repeats a work event with other
    particulars, TaskNotFound for another platform's task, or the refusal of the reported start, step,
    completion or bonus.
    """
    (result,) = _record_reports(platform_id, [report], now)
    if isinstance(result, Refusal):
        raise result
    return result


@verb("work_event.record", "platform")
def record_work_events(
    *, platform_id: UUID, reports: Sequence[WorkReport], now: datetime | None = None
) -> list[Result]:
    """Record the reports; return for each its result or its refusal. A refused report does not affect the
    others."""
    results = _record_reports(platform_id, reports, now)
    refusals = [result for result in results if isinstance(result, Refusal)]
    audit.record_refusals("work_event.record", "platform", platform_id, refusals)
    return results


def _record_reports(platform_id: UUID, reports: Sequence[WorkReport], now: datetime | None) -> list[Result]:
    batch = _open_batch(reports, platform_id, now)
    for number, report in enumerate(reports):
        batch.take(number, report)
    batch.write()
    return [batch.results[number] for number in range(len(reports))]


@dataclass(slots=True)
class _Bonus:
    """A reported bonus, with its payment, or the refusal that its task gives."""

    number: int
    event: WorkEvent
    payment: Payment | None
    refusal: Refusal | None = None


@dataclass(slots=True)
class _Batch:
    """The outcome of the reports seen so far."""

    platform_id: UUID
    tasks: dict[UUID, Task]
    known: dict[EventIdentity, WorkEvent]
    progress: Progress
    results: dict[int, Result] = field(default_factory=dict)
    events: list[WorkEvent] = field(default_factory=list)
    promised: list[_Bonus] = field(default_factory=list)
    bonuses: dict[UUID, Decimal] = field(default_factory=dict)
    platform: Platform | None = None
    present: Mapping[UUID, Worker] = field(default_factory=dict)

    def take(self, number: int, report: WorkReport) -> None:
        """Decide on a report; on a bonus as far as its task goes."""
        try:
            require_whole(report=report)
            task = self.tasks.get(report.task_id)
            if task is None:
                raise TaskNotFound(f"there is no task {report.task_id} that you may see")
            event = build_event(report=report, now=self.progress.now)
            if _identity_of(event) not in self.known:
                require_event_date(event=event, task=task, now=self.progress.now)
            if event.event_type == WorkEventType.BONUS:
                self.promised.append(self._promised(number, task, event))
            else:
                self.results[number] = self._on_record(event) or self._do(task, event)
        except Refusal as refusal:
            self.results[number] = refusal

    def _on_record(self, event: WorkEvent) -> tuple[WorkEvent, bool] | None:
        """Return the work event as it was reported before, if it was."""
        known = self.known.get(_identity_of(event))
        if known is None:
            return None
        require_same(known=known, event=event)
        return known, False

    def _do(self, task: Task, event: WorkEvent) -> tuple[WorkEvent, bool]:
        if event.event_type == WorkEventType.STARTED:
            self.progress.start(task)
        elif event.event_type == WorkEventType.MILESTONE_REACHED:
            self.progress.approve(task, event.milestone_number or 0, event)
        else:
            self.progress.complete(task, event)
        return self._keep(event)

    def _keep(self, event: WorkEvent) -> tuple[WorkEvent, bool]:
        self.known[_identity_of(event)] = event
        self.events.append(event)
        return event, True

    def _promised(self, number: int, task: Task, event: WorkEvent) -> _Bonus:
        if task.status in BEGUN:
            return _Bonus(number, event, self.progress.reward(task, event))
        refusal = TaskNotOpen(f"task {task.reference} is {task.status}: a bonus is for work begun or done")
        return _Bonus(number, event, None, refusal)

    def write(self) -> None:
        """Write and pay the decided changes; statistics and reputations follow, once for all."""
        self.progress.begin()
        prepared = self.progress.prepare_payments() if self.progress.payments else None
        if self.promised:
            self._read_accounts()
        refused = {id(one.payment) for one in self.promised if not self._granted(one, prepared)}
        self.progress.payments = [one for one in self.progress.payments if id(one) not in refused]
        WorkEvent.unguarded.bulk_create(self.events)
        self.progress.finish(prepared)

    def _read_accounts(self) -> None:
        """Read the platform and the workers of the bonuses, now that the money for all of them is locked."""
        self.platform = Platform.objects.get(pk=self.platform_id)
        workers = {one.payment.task.worker_id for one in self.promised if one.payment}
        self.present = lock_present_workers(worker_ids=[one for one in workers if one is not None])

    def _require_accounts(self, bonus: _Bonus) -> None:
        """Raise PlatformDeleted, PlatformSuspended or WorkerDeleted unless the bonus may be paid."""
        if self.platform:
            require_active(platform=self.platform)
        if bonus.payment and bonus.payment.task.worker_id not in self.present:
            raise WorkerDeleted(f"worker {bonus.payment.task.worker_id} has left")

    def _granted(self, bonus: _Bonus, prepared: TaskPayments | None) -> bool:
        """Whether the bonus is new and is going to be paid; its result is set in any case."""
        try:
            known = self._on_record(bonus.event)
            if known:
                self.results[bonus.number] = known
                return False
            if bonus.refusal:
                raise bonus.refusal
            self._require_accounts(bonus)
            if prepared and bonus.payment:
                self._require_bonus(bonus.payment, prepared)
        except Refusal as refusal:
            self.results[bonus.number] = refusal
            return False
        self.results[bonus.number] = self._keep(bonus.event)
        return True

    def _require_bonus(self, payment: Payment, prepared: TaskPayments) -> None:
        """Raise BonusTooLate, BonusTooLarge or InsufficientFunds unless the task may have this bonus."""
        task = payment.task
        payment.bonuses_before = self.bonuses.get(task.pk, ZERO)
        amount = payment.work_event.amount if payment.work_event else None
        total = payment.bonuses_before + (amount or ZERO)
        require_bonus(task=task, total=total, now=self.progress.now)
        prepared.require_bonus(payment)
        self.bonuses[task.pk] = total


def _open_batch(reports: Sequence[WorkReport], platform_id: UUID, now: datetime | None) -> _Batch:
    """Lock the tasks of the reports and read their recorded work events."""
    own = Task.objects.filter(platform=platform_id, pk__in={report.task_id for report in reports})
    ids = sorted(own.values_list("pk", flat=True))
    task_funding().lock(ids)
    tasks = list(Task.objects.locked().filter(pk__in=ids).select_related("platform", "worker"))
    progress = Progress(now or database_now())
    progress.load(tasks)
    known = list(WorkEvent.objects.filter(task__in=ids))
    batch = _Batch(
        platform_id,
        {task.pk: task for task in tasks},
        {_identity_of(event): event for event in known},
        progress,
    )
    for event in known:
        batch.bonuses[event.task_id] = batch.bonuses.get(event.task_id, ZERO) + (event.amount or ZERO)
    return batch


def _identity_of(event: WorkEvent) -> EventIdentity:
    return event.task_id, str(event.event_type), event.external_id, event.event_date
