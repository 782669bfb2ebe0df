"""The money side of a task's life: the implementation of `platforms.funding.TaskFunding`."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from gigstream.lib.money import ZERO
from payments.calculations import fee_on
from payments.enums import OPEN_STREAMS, AccountName, StreamStatus
from payments.models import Stream
from payments.services import ledger, streams, task_payouts
from payments.services.earnings import Payroll, Payslip, fee_between, hold_for_task, worker_of
from payments.services.overdue_streams import require_settled
from platforms.enums import TaskStatus, TaskType
from platforms.funding import Closing, Payment
from platforms.models import Milestone, Task


class LedgerPurse:
    """Pays for tasks out of the escrow of their platform."""

    def __init__(self, asked: Sequence[Payment], now: datetime) -> None:
        tasks = {payment.task.pk: payment.task for payment in asked}
        closing = [payment.task for payment in asked if payment.closing]
        self._now = now
        self._streams = _streams([task for task in closing if task.task_type == TaskType.TIME_BASED])
        self._payroll = Payroll(tasks.values(), now)
        self._set_aside: defaultdict[UUID, Decimal] = defaultdict(Decimal)
        if any(payment.is_bonus for payment in asked):
            self._lock(asked)

    def _lock(self, asked: Sequence[Payment]) -> None:
        """All that these may move, in one order, before the first decision."""
        moved = set()
        for payment in asked:
            ids = self._payroll.accounts_of(payment.task)
            moved |= {ids.worker, ids.escrow, ids.fees}
            moved |= {ids.available} if payment.is_bonus else set()
        self._payroll.lock({worker_of(payment.task) for payment in asked}, moved)

    def require_bonus(self, payment: Payment) -> None:
        platform_id, amount = payment.task.platform_id, _bonus(payment) + _bonus_fee(payment)
        left = self._payroll.available(payment.task) - self._set_aside[platform_id]
        if left < amount:
            raise ledger.insufficient(AccountName.AVAILABLE, left, amount)
        self._set_aside[platform_id] += amount

    def pay(self, payments: Sequence[Payment]) -> None:
        ended = []
        for payment in payments:
            task = payment.task
            slip = self._payroll.slip(task, payment.work_event)
            if payment.is_bonus:
                key = f"{payment.work_event.pk if payment.work_event else ''}"
                slip.reward(_bonus(payment), _bonus_fee(payment), key)
            elif not payment.closing:
                _pay_steps(slip, payment)
            else:
                stream = self._streams.get(task.pk)
                held = _held(task, stream, payment.steps)
                _settle(slip, stream, payment.steps, held, pay=held)
                ended += [(stream, held)] if stream else []
        streams.save_ended(ended, self._now)
        self._payroll.book()
        streams.announce_ends(ended, self._now)
        task_payouts.refresh_paid(payment.task for payment in payments if payment.is_bonus)


class LedgerFunding:
    """Holds, pays and refunds tasks out of the platform's escrow account."""

    def lock(self, task_ids: Sequence[UUID]) -> None:
        list(Stream.objects.locked().filter(task_id__in=task_ids).values_list("pk"))

    def hold(self, task: Task, now: datetime) -> None:
        amount = task.amount + fee_on(task.amount, task.fee_bps)
        hold_for_task(task, amount, key=f"hold:{_assignment(task)}", now=now)

    def give_back(self, task: Task, now: datetime) -> None:
        payroll = Payroll([task], now)
        payroll.slip(task).refund(task.amount + fee_on(task.amount, task.fee_bps), _assignment(task))
        payroll.book()

    def start(self, tasks: Sequence[Task], now: datetime) -> None:
        streams.open_streams([task for task in tasks if task.task_type == TaskType.TIME_BASED], now)

    def require_settled(self, task: Task, now: datetime) -> None:
        stream = _stream(task)
        if stream:
            stream.task = task
            require_settled(stream, max(now, stream.last_act_at))

    def work_ends(self, tasks: Sequence[Task], now: datetime) -> dict[UUID, datetime]:
        going_on = Stream.objects.filter(task__in=tasks, status__in=OPEN_STREAMS).select_related("task")
        for stream in going_on:
            if stream.status == StreamStatus.PAUSED:
                require_settled(stream, now)
        return {stream.task_id: stream.end_at for stream in going_on if stream.status == StreamStatus.ACTIVE}

    def purse(self, asked: Sequence[Payment], now: datetime) -> LedgerPurse:
        return LedgerPurse(asked, now)

    def close(self, task: Task, now: datetime) -> Closing:
        if task.status == TaskStatus.CREATED:
            return Closing(paid=ZERO, refunded=ZERO)
        stream = _stream(task)
        vested = streams.vested_at(stream, now) - stream.released_amount if stream else ZERO
        return self._end(task, stream, now, pay=vested)

    def freeze(self, task: Task, now: datetime) -> None:
        stream = _stream(task)
        if stream and stream.status == StreamStatus.ACTIVE:
            stream.task = task
            streams.pause(stream, now)

    def still_held(self, task: Task) -> Decimal:
        if task.paid_amount is not None:
            return ZERO
        if task.task_type == TaskType.MILESTONE:
            return task.milestones.filter(approved_at=None).aggregate(held=Sum("amount"))["held"] or ZERO
        return _held(task, _stream(task), ())

    def split(self, task: Task, worker_amount: Decimal, now: datetime) -> Closing:
        return self._end(task, _stream(task), now, pay=worker_amount, paid_at_once=True)

    @staticmethod
    def _end(
        task: Task, stream: Stream | None, now: datetime, *, pay: Decimal, paid_at_once: bool = False
    ) -> Closing:
        """Pay `pay` of what is held, milestone by milestone as far as it goes, and give the rest back."""
        steps = list(task.milestones.filter(approved_at=None).order_by("number")) if _has_steps(task) else []
        payroll = Payroll([task], now)
        slip = payroll.slip(task)
        slip.paid_at_once = paid_at_once
        closing = _settle(slip, stream, steps, _held(task, stream, steps), pay=pay)
        ended = [(stream, pay)] if stream else []
        streams.save_ended(ended, now)
        payroll.book()
        streams.announce_ends(ended, now)
        return closing


def _streams(tasks: Sequence[Task]) -> dict[UUID, Stream]:
    """The streams of time_based tasks that have been started, by task."""
    return {stream.task_id: stream for stream in Stream.objects.filter(task__in=tasks)} if tasks else {}


def _stream(task: Task) -> Stream | None:
    return _streams([task]).get(task.pk) if task.task_type == TaskType.TIME_BASED else None


def _has_steps(task: Task) -> bool:
    return task.task_type == TaskType.MILESTONE


def _held(task: Task, stream: Stream | None, steps: Sequence[Milestone]) -> Decimal:
    """What a task that has not been closed holds; `steps` are all that wait for approval."""
    if _has_steps(task):
        return sum((step.amount for step in steps), ZERO)
    return stream.remaining_amount if stream else task.amount


def _bonus(payment: Payment) -> Decimal:
    amount = payment.work_event.amount if payment.work_event else None
    if amount is None:
        raise ValueError(f"task {payment.task.pk}: a bonus is paid for an event that names it")
    return amount


def _bonus_fee(payment: Payment) -> Decimal:
    """The fee on a bonus: all of a task's bonuses together carry the rate of the task."""
    before = payment.bonuses_before
    return fee_between(payment.task, before, before + _bonus(payment))


def _pay_steps(slip: Payslip, payment: Payment) -> None:
    """Each step and its share of the fee."""
    paid = payment.task.amount - payment.held
    for step in payment.steps:
        slip.earn(step.amount, _key(step))
        slip.take_fee(fee_between(payment.task, paid, paid + step.amount), _key(step))
        paid += step.amount


def _settle(
    slip: Payslip, stream: Stream | None, steps: Sequence[Milestone], held: Decimal, *, pay: Decimal
) -> Closing:
    """Pay `pay` of what is held, take the fee on all that the task has paid, give the rest back."""
    task = slip.task
    paid_before = task.amount - held
    paid = paid_before + pay
    if stream:
        streams.end(stream, pay, slip)
    elif steps:
        _earn_steps(slip, steps, pay)
    else:
        slip.earn(pay, f"task:{task.pk}")
    # Milestones have paid their share of the fee as they went; a stream pays its fee at its end.
    charged = paid_before if _has_steps(task) else ZERO
    slip.take_fee(fee_between(task, charged, paid), f"task:{task.pk}")
    refund = held - pay + fee_between(task, paid, task.amount)
    slip.refund(refund, _assignment(task))
    return Closing(paid=paid, refunded=refund)


def _assignment(task: Task) -> str:
    """What is held and given back once for each time that the task is assigned."""
    return f"task:{task.pk}:{task.assignment_number}"


def _earn_steps(slip: Payslip, steps: Sequence[Milestone], pay: Decimal) -> None:
    """Step by step as far as `pay` goes, so that each entry names its step."""
    for step in steps:
        part = min(step.amount, pay)
        slip.earn(part, _key(step))
        pay -= part


def _key(step: Milestone) -> str:
    return f"task:{step.task_id}:{step.number}"
