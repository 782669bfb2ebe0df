"""Money of tasks: the implementation of `platforms.tasks.funding.TaskFunding`."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from gigstream.core.money import ZERO
from payments.earnings.calculations import fee_between, fee_on
from payments.earnings.payables import Charge, Payable, available_of, escrow_of, pay_of_task, worker_of
from payments.earnings.services.earnings import Payroll, hold_in_escrow
from payments.earnings.vocabulary import FEE, REFUND, REWARD
from payments.ledger.enums import AccountName
from payments.ledger.services import ledger
from payments.ledger.services.accounts import Place
from payments.ledger.subjects import STREAM, TASK, Subject
from payments.models import Stream
from payments.settlement.payouts.services import task_payouts
from payments.streams.enums import OPEN_STREAMS, StreamStatus
from payments.streams.services import streams
from payments.streams.services.overdue_streams import require_settled
from platforms.models import Milestone, Task, WorkEvent
from platforms.tasks.enums import TaskStatus, TaskType
from platforms.tasks.funding import Closing, Payment


class LedgerPurse:
    """Payments for tasks out of the escrow of their platforms."""

    def __init__(self, asked: Sequence[Payment], now: datetime) -> None:
        closing = [payment.task for payment in asked if payment.closing]
        self._now = now
        self._streams = _streams_of([task for task in closing if task.task_type == TaskType.TIME_BASED])
        self._payroll = Payroll(now)
        self._set_aside: defaultdict[UUID, Decimal] = defaultdict(Decimal)
        if any(payment.is_bonus for payment in asked):
            self._lock(asked)

    def _lock(self, asked: Sequence[Payment]) -> None:
        """Lock everything that these payments may move, in one order, before the first decision."""
        places = {Place(AccountName.FEES)}
        for payment in asked:
            task = payment.task
            places |= {pay_of_task(task, ZERO, "").payee, escrow_of(task.platform_id)}
            places |= {available_of(task.platform_id)} if payment.is_bonus else set()
        self._payroll.lock({worker_of(payment.task) for payment in asked}, places)

    def require_bonus(self, payment: Payment) -> None:
        platform_id, amount = payment.task.platform_id, _bonus_amount(payment) + _bonus_fee(payment)
        left = self._payroll.available(platform_id) - self._set_aside[platform_id]
        if left < amount:
            raise ledger.insufficient_funds(AccountName.AVAILABLE, left, amount)
        self._set_aside[platform_id] += amount

    def pay(self, payments: Sequence[Payment]) -> None:
        ended = []
        for payment in payments:
            if payment.is_bonus:
                self._payroll.add(_bonus_of(payment))
            elif not payment.closing:
                self._payroll.add(*_pay_of_steps(payment))
            else:
                ending = Ending(payment.task, self._streams.get(payment.task.pk), payment.steps, self._now)
                ending.settle(self._payroll, pay=ending.held, work_event=payment.work_event)
                ended += ending.ended_stream(ending.held)
        streams.save_ended_streams(ended, self._now)
        self._payroll.book()
        streams.announce_ends(ended, self._now)
        task_payouts.refresh_paid(payment.task for payment in payments if payment.is_bonus)


class LedgerFunding:
    """Holds, pay and refunds of tasks, in the platform's escrow account."""

    def lock(self, task_ids: Sequence[UUID]) -> None:
        list(Stream.objects.locked().filter(task_id__in=task_ids).values_list("pk"))

    def hold(self, task: Task, now: datetime) -> None:
        amount = task.amount + fee_on(task.amount, task.fee_bps)
        subject = Subject(TASK, task.pk)
        hold_in_escrow(
            task.platform_id, amount, subject=subject, key=f"hold:{_assignment_key(task)}", now=now
        )

    def give_back(self, task: Task, now: datetime) -> None:
        payroll = Payroll(now)
        payroll.add(_refund_of(task, task.amount + fee_on(task.amount, task.fee_bps)))
        payroll.book()

    def start(self, tasks: Sequence[Task], now: datetime) -> None:
        streams.open_streams([task for task in tasks if task.task_type == TaskType.TIME_BASED], now)

    def require_settled(self, task: Task, now: datetime) -> None:
        stream = _stream_of(task)
        if stream:
            stream.task = task
            require_settled(stream, max(now, stream.last_act_at))

    def work_ends(self, tasks: Sequence[Task], now: datetime) -> dict[UUID, datetime]:
        going_on = Stream.objects.filter(task__in=tasks, status__in=OPEN_STREAMS).select_related("task")
        for stream in going_on:
            if stream.status == StreamStatus.PAUSED:
                require_settled(stream, now)
        return {stream.task_id: stream.end_at for stream in going_on if stream.status == StreamStatus.ACTIVE}

    def prepare_payments(self, payments: Sequence[Payment], now: datetime) -> LedgerPurse:
        return LedgerPurse(payments, now)

    def close(self, task: Task, now: datetime) -> Closing:
        if task.status == TaskStatus.CREATED:
            return Closing(paid=ZERO, refunded=ZERO)
        stream = _stream_of(task)
        vested = streams.vested_at(stream, now) - stream.released_amount if stream else ZERO
        return self._end(task, stream, now, pay=vested)

    def freeze(self, task: Task, now: datetime) -> None:
        stream = _stream_of(task)
        if stream and stream.status == StreamStatus.ACTIVE:
            stream.task = task
            streams.pause_locked_stream(stream, now)

    def still_held(self, task: Task) -> Decimal:
        return self.held_of([task])[task.pk]

    def held_of(self, tasks: Sequence[Task]) -> dict[UUID, Decimal]:
        unpaid = [task for task in tasks if task.paid_amount is None]
        found = _streams_of([task for task in unpaid if task.task_type == TaskType.TIME_BASED])
        steps = _steps_held([task for task in unpaid if task.task_type == TaskType.MILESTONE])
        held = {task.pk: _held_pay(task, found.get(task.pk), ()) for task in unpaid if not _has_steps(task)}
        return {task.pk: held.get(task.pk, steps.get(task.pk, ZERO)) for task in tasks}

    def vested_of(self, tasks: Sequence[Task], now: datetime) -> dict[UUID, Decimal]:
        found = _streams_of([task for task in tasks if task.task_type == TaskType.TIME_BASED])
        return {
            task_id: streams.vested_at(stream, now) - stream.released_amount
            for task_id, stream in found.items()
            if stream.status in OPEN_STREAMS
        }

    def split(self, task: Task, worker_amount: Decimal, now: datetime) -> Closing:
        return self._end(task, _stream_of(task), now, pay=worker_amount, paid_at_once=True)

    @staticmethod
    def _end(
        task: Task, stream: Stream | None, now: datetime, *, pay: Decimal, paid_at_once: bool = False
    ) -> Closing:
        """Pay `pay` of the held sum, milestone by milestone as far as it goes, and give the rest back."""
        steps = list(task.milestones.filter(approved_at=None).order_by("number")) if _has_steps(task) else []
        payroll = Payroll(now)
        ending = Ending(task, stream, steps, now)
        closing = ending.settle(payroll, pay=pay, paid_at_once=paid_at_once)
        ended = ending.ended_stream(pay)
        streams.save_ended_streams(ended, now)
        payroll.book()
        streams.announce_ends(ended, now)
        return closing


@dataclass(frozen=True, slots=True)
class Ending:
    """End of a task's money. `steps` are the milestones that wait for approval."""

    task: Task
    stream: Stream | None
    steps: Sequence[Milestone]
    now: datetime

    @property
    def held(self) -> Decimal:
        """Pay that the task still holds."""
        return _held_pay(self.task, self.stream, self.steps)

    def ended_stream(self, pay: Decimal) -> list[tuple[Stream, Decimal]]:
        """Return the stream with its last release, for those who write and announce ended streams."""
        return [(self.stream, pay)] if self.stream else []

    def settle(
        self,
        payroll: Payroll,
        *,
        pay: Decimal,
        work_event: WorkEvent | None = None,
        paid_at_once: bool = False,
    ) -> Closing:
        """Put on the payroll `pay` of the held sum, the fee on all pay of the task, and the refund.

        With `paid_at_once` a stream's pay is paid out at once like all other pay.
        """
        task, held = self.task, self.held
        paid_before = task.amount - held
        paid = paid_before + pay
        payroll.add(*self._pay(pay, work_event, paid_at_once))
        # Milestones have paid their share of the fee as they went; a stream pays its fee at its end.
        charged = paid_before if _has_steps(task) else ZERO
        fee = fee_between(task.fee_bps, charged, paid)
        refund = held - pay + fee_between(task.fee_bps, paid, task.amount)
        payroll.add(_fee_of(task, fee, self.stream), _refund_of(task, refund, self.stream))
        return Closing(paid=paid, refunded=refund)

    def _pay(self, pay: Decimal, work_event: WorkEvent | None, paid_at_once: bool) -> Iterable[Payable]:
        if self.stream:
            return streams.end_stream(
                self.stream, pay, self.now, work_event=work_event, paid_at_once=paid_at_once
            )
        if self.steps:
            return _pay_of_parts(self.steps, self.task, pay, work_event)
        return [pay_of_task(self.task, pay, f"task:{self.task.pk}", work_event)]


def _streams_of(tasks: Sequence[Task]) -> dict[UUID, Stream]:
    """Return the streams of time_based tasks that have been started, by task."""
    return {stream.task_id: stream for stream in Stream.objects.filter(task__in=tasks)} if tasks else {}


def _steps_held(tasks: Sequence[Task]) -> dict[UUID, Decimal]:
    """Return the sum of the milestones that wait for approval, by task."""
    if not tasks:
        return {}
    waiting = Milestone.objects.filter(task__in=tasks, approved_at=None)
    return dict(waiting.values_list("task").annotate(held=Sum("amount")))


def _stream_of(task: Task) -> Stream | None:
    return _streams_of([task]).get(task.pk) if task.task_type == TaskType.TIME_BASED else None


def _has_steps(task: Task) -> bool:
    return task.task_type == TaskType.MILESTONE


def _held_pay(task: Task, stream: Stream | None, steps: Sequence[Milestone]) -> Decimal:
    """Return the pay that an open task holds; `steps` are all that wait for approval."""
    if _has_steps(task):
        return sum((step.amount for step in steps), ZERO)
    return stream.remaining_amount if stream else task.amount


def _bonus_amount(payment: Payment) -> Decimal:
    amount = payment.work_event.amount if payment.work_event else None
    if amount is None:
        raise ValueError(f"task {payment.task.pk}: a bonus is paid for an event that names it")
    return amount


def _bonus_fee(payment: Payment) -> Decimal:
    """Return the fee on a bonus: all of a task's bonuses together carry the rate of the task."""
    before = payment.bonuses_before
    return fee_between(payment.task.fee_bps, before, before + _bonus_amount(payment))


def _bonus_of(payment: Payment) -> Payable:
    """Return the bonus that an event reports, on top of the task's amount: it is held first, with its fee."""
    event_id = payment.work_event.pk if payment.work_event else ""
    bonus = pay_of_task(payment.task, _bonus_amount(payment), f"{event_id}", payment.work_event)
    return replace(
        bonus,
        kind=REWARD,
        fee=_bonus_fee(payment),
        fee_key=f"bonus:{event_id}",
        is_held_first=True,
    )


def _pay_of_steps(payment: Payment) -> Iterator[Payable]:
    """Yield each step with its part of the fee; the event has led to the first."""
    task, event = payment.task, payment.work_event
    paid = task.amount - payment.held
    for step in payment.steps:
        fee = fee_between(task.fee_bps, paid, paid + step.amount)
        yield replace(pay_of_task(task, step.amount, _step_key(step), event), fee=fee)
        paid += step.amount
        event = None


def _pay_of_parts(
    steps: Sequence[Milestone], task: Task, pay: Decimal, event: WorkEvent | None
) -> Iterator[Payable]:
    """Yield step by step as far as `pay` goes, so that each entry names its step."""
    for step in steps:
        part = min(step.amount, pay)
        yield pay_of_task(task, part, _step_key(step), event)
        pay -= part
        event = None


def _fee_of(task: Task, amount: Decimal, stream: Stream | None) -> Charge:
    return _charge_of(FEE, task, amount, f"task:{task.pk}", stream)


def _refund_of(task: Task, amount: Decimal, stream: Stream | None = None) -> Charge:
    return _charge_of(REFUND, task, amount, _assignment_key(task), stream)


def _charge_of(kind: str, task: Task, amount: Decimal, key: str, stream: Stream | None) -> Charge:
    return Charge(
        kind=kind,
        platform_id=task.platform_id,
        amount=amount,
        key=key,
        subject=Subject(TASK, task.pk),
        also=Subject(STREAM, stream.pk) if stream else None,
    )


def _assignment_key(task: Task) -> str:
    """Return the key of the hold and the refund of the task's present assignment."""
    return f"task:{task.pk}:{task.assignment_number}"


def _step_key(step: Milestone) -> str:
    return f"task:{step.task_id}:{step.number}"
