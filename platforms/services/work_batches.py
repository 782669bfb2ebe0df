"""Reports recorded, one or many at once, with the results that they would have one by one.

All of them are decided in their order, on the tasks in memory, and done together by a fixed number of
statements. Whether the platform has the money for a bonus is decided last, when its account is locked: no
other report depends on it, since the rest is paid out of escrow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from audit import services as audit
from audit.services import verb
from gigstream.lib.clock import database_now
from gigstream.lib.errors import Refusal
from gigstream.lib.money import ZERO
from platforms.enums import TaskStatus, WorkEventType
from platforms.errors import TaskNotFound, TaskNotOpen
from platforms.funding import Payment, Purse, funding
from platforms.models import Platform, Task, WorkEvent
from platforms.services.parties import require_active
from platforms.services.progress import Progress
from platforms.services.work_events import (
    WorkReport,
    as_event,
    require_bonus,
    require_event_date,
    require_same,
    require_whole,
)
from workers.errors import WorkerDeleted
from workers.models import Worker
from workers.services import lock_present_workers

Result = tuple[WorkEvent, bool] | Refusal
Fact = tuple[UUID, str, str | None, date | None]
BEGUN = (TaskStatus.IN_PROGRESS, TaskStatus.COMPLETED)


@verb("work_event.record", "platform")
def record_work_event(
    *, platform_id: UUID, report: WorkReport, now: datetime | None = None
) -> tuple[WorkEvent, bool]:
    """The fact is on record and its money has followed; the flag says whether it was new.

    Raises InvalidWorkEvent for a report that lacks what its type needs or repeats a fact with other
    particulars, TaskNotFound for another platform's task, or what the act itself refuses.
    """
    (result,) = _record(platform_id, [report], now)
    if isinstance(result, Refusal):
        raise result
    return result


@verb("work_event.record", "platform")
def record_work_events(
    *, platform_id: UUID, reports: Sequence[WorkReport], now: datetime | None = None
) -> list[Result]:
    """Each report on its own: a refused one leaves the others standing and is answered by its refusal."""
    results = _record(platform_id, reports, now)
    refusals = [result for result in results if isinstance(result, Refusal)]
    audit.record_refusals("work_event.record", "platform", platform_id, refusals)
    return results


def _record(platform_id: UUID, reports: Sequence[WorkReport], now: datetime | None) -> list[Result]:
    batch = _open(reports, platform_id, now)
    for number, report in enumerate(reports):
        batch.take(number, report)
    batch.write()
    return [batch.results[number] for number in range(len(reports))]


@dataclass(slots=True)
class _Bonus:
    """A reported bonus, with its place among the payments, or the refusal that its task has earned."""

    number: int
    event: WorkEvent
    payment: Payment | None
    refusal: Refusal | None = None


@dataclass(slots=True)
class _Batch:
    """What the reports seen so far come to."""

    platform_id: UUID
    tasks: dict[UUID, Task]
    known: dict[Fact, WorkEvent]
    progress: Progress
    results: dict[int, Result] = field(default_factory=dict)
    events: list[WorkEvent] = field(default_factory=list)
    promised: list[_Bonus] = field(default_factory=list)
    bonuses: dict[UUID, Decimal] = field(default_factory=dict)
    platform: Platform | None = None
    present: Mapping[UUID, Worker] = field(default_factory=dict)

    def take(self, number: int, report: WorkReport) -> None:
        """Decide on one report, or on a bonus as far as its task goes."""
        try:
            require_whole(report)
            task = self.tasks.get(report.task_id)
            if task is None:
                raise TaskNotFound(f"there is no task {report.task_id} that you may see")
            event = as_event(report, self.progress.now)
            if _fact(event) not in self.known:
                require_event_date(event, task, self.progress.now)
            if event.event_type == WorkEventType.BONUS:
                self.promised.append(self._promised(number, task, event))
            else:
                self.results[number] = self._on_record(event) or self._do(task, event)
        except Refusal as refusal:
            self.results[number] = refusal

    def _on_record(self, event: WorkEvent) -> tuple[WorkEvent, bool] | None:
        """The same fact as it was reported before, if it was."""
        known = self.known.get(_fact(event))
        if known is None:
            return None
        require_same(known, event)
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
        self.known[_fact(event)] = event
        self.events.append(event)
        return event, True

    def _promised(self, number: int, task: Task, event: WorkEvent) -> _Bonus:
        if task.status in BEGUN:
            return _Bonus(number, event, self.progress.reward(task, event))
        refusal = TaskNotOpen(f"task {task.pk} is {task.status}: a bonus is for work begun or done")
        return _Bonus(number, event, None, refusal)

    def write(self) -> None:
        """What was decided is on record and paid; statistics and reputations follow, once for all."""
        self.progress.begin()
        purse = self.progress.purse() if self.progress.payments else None
        if self.promised:
            self._read_standing()
        refused = {id(one.payment) for one in self.promised if not self._granted(one, purse)}
        self.progress.payments = [one for one in self.progress.payments if id(one) not in refused]
        WorkEvent.unguarded.bulk_create(self.events)
        self.progress.finish(purse)

    def _read_standing(self) -> None:
        """Read who may pay a bonus and who may get one, now that the money for all of them is locked."""
        self.platform = Platform.objects.get(pk=self.platform_id)
        workers = {one.payment.task.worker_id for one in self.promised if one.payment}
        self.present = lock_present_workers(worker_ids=[one for one in workers if one is not None])

    def _require_standing(self, bonus: _Bonus) -> None:
        """Raise PlatformDeleted, PlatformSuspended or WorkerDeleted unless the bonus may be paid."""
        if self.platform:
            require_active(self.platform)
        if bonus.payment and bonus.payment.task.worker_id not in self.present:
            raise WorkerDeleted(f"worker {bonus.payment.task.worker_id} has left")

    def _granted(self, bonus: _Bonus, purse: Purse | None) -> bool:
        """Whether the bonus is new and is going to be paid; in any case it has its result now."""
        try:
            known = self._on_record(bonus.event)
            if known:
                self.results[bonus.number] = known
                return False
            if bonus.refusal:
                raise bonus.refusal
            self._require_standing(bonus)
            if purse and bonus.payment:
                self._require_bonus(bonus.payment, purse)
        except Refusal as refusal:
            self.results[bonus.number] = refusal
            return False
        self.results[bonus.number] = self._keep(bonus.event)
        return True

    def _require_bonus(self, payment: Payment, purse: Purse) -> None:
        """Raise BonusTooLate, BonusTooLarge or InsufficientFunds unless the task may have this bonus."""
        task = payment.task
        payment.bonuses_before = self.bonuses.get(task.pk, ZERO)
        amount = payment.work_event.amount if payment.work_event else None
        total = payment.bonuses_before + (amount or ZERO)
        require_bonus(task, total, self.progress.now)
        purse.require_bonus(payment)
        self.bonuses[task.pk] = total


def _open(reports: Sequence[WorkReport], platform_id: UUID, now: datetime | None) -> _Batch:
    """Lock what the reports are about and read what is known of it."""
    own = Task.objects.filter(platform=platform_id, pk__in={report.task_id for report in reports})
    ids = sorted(own.values_list("pk", flat=True))
    funding().lock(ids)
    tasks = list(Task.objects.locked().filter(pk__in=ids).select_related("platform", "worker"))
    progress = Progress(now or database_now())
    progress.load(tasks)
    known = list(WorkEvent.objects.filter(task__in=ids))
    batch = _Batch(
        platform_id, {task.pk: task for task in tasks}, {_fact(event): event for event in known}, progress
    )
    for event in known:
        batch.bonuses[event.task_id] = batch.bonuses.get(event.task_id, ZERO) + (event.amount or ZERO)
    return batch


def _fact(event: WorkEvent) -> Fact:
    return event.task_id, str(event.event_type), event.external_id, event.event_date
