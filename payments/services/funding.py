"""The money side of a task's life: the implementation of `platforms.funding.TaskFunding`."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from gigstream.lib.money import ZERO
from payments.calculations import fee_on
from payments.enums import StreamStatus
from payments.models import Stream
from payments.services import batches, streams
from payments.services.earnings import Payslip, fee_between, hold_for_task
from platforms.enums import TaskStatus, TaskType
from platforms.funding import Closing
from platforms.models import Milestone, Task, WorkEvent


class LedgerFunding:
    """Holds, pays and refunds tasks out of the platform's escrow account."""

    def lock(self, task_ids: Sequence[UUID]) -> None:
        list(Stream.objects.locked().filter(task_id__in=task_ids).values_list("pk"))

    def hold(self, task: Task, now: datetime) -> None:
        amount = task.amount + fee_on(task.amount, task.fee_bps)
        hold_for_task(task, amount, key=f"hold:task:{task.pk}", now=now)

    def start(self, task: Task, now: datetime) -> None:
        if task.task_type == TaskType.TIME_BASED:
            streams.open_stream(task, now)

    def pay_milestone(
        self, task: Task, milestone: Milestone, now: datetime, work_event: WorkEvent | None
    ) -> None:
        slip = Payslip(task, now, work_event)
        paid = task.amount - self.still_held(task)
        slip.earn(milestone.amount, _milestone_key(milestone))
        slip.take_fee(fee_between(task, paid, paid + milestone.amount), _milestone_key(milestone))
        slip.book()

    def pay_bonus(self, task: Task, work_event: WorkEvent, now: datetime) -> None:
        amount = work_event.amount or ZERO
        hold_for_task(task, amount, key=f"hold:bonus:{work_event.pk}", now=now)
        Payslip(task, now, work_event).reward(amount, f"{work_event.pk}")

    def pay_rest(self, task: Task, now: datetime, work_event: WorkEvent | None) -> Closing:
        stream = self._stream(task)
        held = self._held(task, stream)
        return self._settle(task, stream, held, now, pay=held, work_event=work_event)

    def pay_fixed(self, done: Sequence[tuple[Task, WorkEvent]], now: datetime) -> list[Closing]:
        return batches.pay_fixed(done, now)

    def close(self, task: Task, now: datetime) -> Closing:
        if task.status == TaskStatus.CREATED:
            return Closing(paid=ZERO, refunded=ZERO)
        stream = self._stream(task)
        vested = streams.vested_at(stream, now) - stream.released_amount if stream else ZERO
        return self._settle(task, stream, self._held(task, stream), now, pay=max(vested, ZERO))

    def freeze(self, task: Task, now: datetime) -> None:
        stream = self._stream(task)
        if stream and stream.status == StreamStatus.ACTIVE:
            streams.pause(stream, now)

    def still_held(self, task: Task) -> Decimal:
        return self._held(task, self._stream(task))

    def split(self, task: Task, worker_amount: Decimal, now: datetime) -> Closing:
        stream = self._stream(task)
        return self._settle(task, stream, self._held(task, stream), now, pay=worker_amount)

    @staticmethod
    def _stream(task: Task) -> Stream | None:
        """The stream of a time_based task that has been started; no other task has one."""
        if task.task_type != TaskType.TIME_BASED:
            return None
        return Stream.objects.filter(task=task).first()

    @staticmethod
    def _held(task: Task, stream: Stream | None) -> Decimal:
        if task.paid_amount is not None:
            return ZERO
        if task.task_type == TaskType.MILESTONE:
            return task.milestones.filter(approved_at=None).aggregate(held=Sum("amount"))["held"] or ZERO
        return stream.remaining_amount if stream else task.amount

    def _settle(
        self,
        task: Task,
        stream: Stream | None,
        held: Decimal,
        now: datetime,
        *,
        pay: Decimal,
        work_event: WorkEvent | None = None,
    ) -> Closing:
        """Pay `pay` of what is held, take the fee on all that the task has paid, give the rest back."""
        paid_before = task.amount - held
        paid = paid_before + pay
        slip = Payslip(task, now, work_event)
        if stream:
            streams.end(stream, pay, slip)
        elif task.task_type == TaskType.MILESTONE:
            self._earn_milestones(task, pay, slip)
        else:
            slip.earn(pay, f"task:{task.pk}")
        # Milestones have paid their share of the fee as they went; a stream pays its fee at its end.
        charged = paid_before if task.task_type == TaskType.MILESTONE else ZERO
        slip.take_fee(fee_between(task, charged, paid), f"task:{task.pk}")
        refund = held - pay + fee_between(task, paid, task.amount)
        slip.refund(refund, f"task:{task.pk}")
        slip.book()
        if stream:
            streams.announce_end(stream, now)
        return Closing(paid=paid, refunded=refund)

    @staticmethod
    def _earn_milestones(task: Task, pay: Decimal, slip: Payslip) -> None:
        """Milestone by milestone as far as `pay` goes, so that each entry names its step."""
        for milestone in task.milestones.filter(approved_at=None).order_by("number"):
            part = min(milestone.amount, pay)
            slip.earn(part, _milestone_key(milestone))
            pay -= part


def _milestone_key(milestone: Milestone) -> str:
    return f"task:{milestone.task_id}:{milestone.number}"
