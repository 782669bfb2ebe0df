"""Bounds of a platform's effect on a worker's reputation (domain.md, section 7)."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

from gigstream.core import sql
from gigstream.core.money import ZERO
from platforms.figures.services import SMALL_BELOW
from platforms.models import Engagement, Task
from reputation.models import ReputationEvent
from reputation.scores.calculations import bounded_delta

Pair = tuple[UUID, UUID]
Day = tuple[UUID, UUID, date | None]


def day_of(at: datetime) -> date:
    """Return the UTC day to whose bounds something counts."""
    return at.astimezone(UTC).date()


class PayBefore:
    """Pay of workers by each platform before these tasks, and with each task as it is added.

    The engagements count all of the tasks already, and are locked by that. So a batch adds them in turn, and
    comes to the same as tasks that are completed one by one.
    """

    def __init__(self, tasks: Sequence[Task], *, is_counted: bool = False) -> None:
        self._paid: dict[UUID, dict[UUID, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        self._small: dict[Pair, Decimal] = defaultdict(Decimal)
        for row in Engagement.objects.filter(worker__in={task.worker_id for task in tasks}):
            self._paid[row.worker_id][row.platform_id] = row.paid_amount
            self._small[row.worker_id, row.platform_id] = row.small_pay
        for task in () if is_counted else tasks:
            worker_id, paid = _worker_of(task), task.paid_amount or ZERO
            self._paid[worker_id][task.platform_id] -= paid
            if paid < SMALL_BELOW:
                self._small[worker_id, task.platform_id] -= paid

    def add(self, task: Task) -> tuple[bool, bool]:
        """Count the next task's pay. Return whether its completion counts, by itself or because it has filled
        the next whole USDC of the pair, and whether no other platform has paid the worker."""
        worker_id, paid = _worker_of(task), task.paid_amount or ZERO
        self._paid[worker_id][task.platform_id] += paid
        if paid >= SMALL_BELOW:
            return True, self.is_only_payer(task)
        before = self._small[worker_id, task.platform_id]
        self._small[worker_id, task.platform_id] += paid
        return (before + paid) // SMALL_BELOW > before // SMALL_BELOW, self.is_only_payer(task)

    def is_only_payer(self, task: Task) -> bool:
        """Whether no other platform has paid the task's worker so far."""
        paid = self._paid[_worker_of(task)]
        return not any(amount > 0 for platform_id, amount in paid.items() if platform_id != task.platform_id)


def _worker_of(task: Task) -> UUID:
    if task.worker_id is None:
        raise ValueError(f"task {task.pk} has no worker whose reputation could move")
    return task.worker_id


def cut_to_bounds(events: Sequence[ReputationEvent]) -> None:
    """Cut the bounded events among these, in their order, to the points that their platforms have left.

    Their workers are locked. The cut stands in the reason.
    """
    bounded = [event for event in events if event.counted_on]
    if not bounded:
        return
    given, taken, in_all = _so_far(bounded)
    for event in bounded:
        pair = (event.worker_id, _platform_of(event))
        day = (*pair, event.counted_on)
        full = event.delta
        event.delta, words = bounded_delta(
            full,
            given_today=given[day],
            taken_today=taken[day],
            given_in_all=in_all[pair] if event.by_the_only_payer else None,
        )
        if words:
            event.metadata = {**event.metadata, "cut": full - event.delta}
            event.reason = "; ".join(
                filter(None, [event.reason, f"{full:+d} cut to {event.delta:+d}: {words}"])
            )
        given[day] += max(event.delta, 0)
        in_all[pair] += max(event.delta, 0)
        taken[day] += max(-event.delta, 0)


def _platform_of(event: ReputationEvent) -> UUID:
    if event.task is None:
        raise ValueError("an event within the bounds of a platform is about a task")
    return event.task.platform_id


def _so_far(events: Sequence[ReputationEvent]) -> tuple[dict[Day, int], dict[Day, int], dict[Pair, int]]:
    """Return the points that each pair's platform has given and taken on the events' days, and has given in
    all to workers whom no other platform pays."""
    given: dict[Day, int] = defaultdict(int)
    taken: dict[Day, int] = defaultdict(int)
    in_all: dict[Pair, int] = defaultdict(int)
    days = {(event.worker_id, _platform_of(event), event.counted_on) for event in events}
    alone = {(event.worker_id, _platform_of(event), None) for event in events if event.by_the_only_payer}
    wanted = sorted([*days, *alone], key=str)
    rows = sql.run(
        "reputation/scores/given_and_taken",
        workers=[worker_id for worker_id, _, _ in wanted],
        platforms=[platform_id for _, platform_id, _ in wanted],
        days=[day for _, _, day in wanted],
    )
    for row in rows:
        pair = (row["worker_id"], row["platform_id"])
        if row["day"] is None:
            in_all[pair] = row["given"]
        else:
            given[*pair, row["day"]] = row["given"]
            taken[*pair, row["day"]] = row["taken"]
    return given, taken, in_all
