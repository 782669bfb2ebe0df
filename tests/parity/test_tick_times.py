"""Whole histories of streamed work, each lived through twice with ticks at other times: the consequences
of the work do not depend on when a job ran."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gigstream.core.errors import Refusal
from gigstream.core.money import from_micro
from payments import services as payments
from payments.models import Stream
from platforms import services as platforms
from platforms.models import Platform, Task
from platforms.tasks.funding import task_funding
from reputation.models import ReputationEvent
from tests.support.books import violated
from tests.support.decisions import resolve_dispute
from tests.support.factories import NOW, PlatformFactory, TaskFactory, WorkerFactory, consent, seconds
from tests.support.long_forms import count
from tests.support.parity import oracle
from workers.models import Worker

pytestmark = pytest.mark.django_db

EXAMPLES = count(short=2, long=30)
HOUR = 3600
# The score, and the figures read off it, stand in their bounds by the order in which events come.
SCORES = {"reputation_score", "number", "previous_score", "new_score"}


class Act(NamedTuple):
    """An act on a task, so many seconds after the act before."""

    kind: str
    gap: int
    task: int
    amount: int


acts = st.builds(
    Act,
    kind=st.sampled_from(
        ["start"] * 3
        + ["claim", "pause", "resume", "top_up", "cancel", "complete", "dispute", "resolve", "rate"]
    ),
    gap=st.sampled_from([0, 1, 60, 600, HOUR, 3 * HOUR, 15 * 24 * HOUR]) | st.integers(0, 2 * HOUR),
    task=st.integers(0, 3),
    amount=st.integers(1, 40_000_000),
)


@dataclass(frozen=True)
class History:
    """Tasks by their amount (micro-USDC), seconds and due second; acts; ticks as seconds after the start."""

    tasks: list[tuple[int, int, int]]
    acts: list[Act]
    ticks: tuple[list[int], list[int]] = field(default=([], []))


moments = st.lists(st.integers(0, 30 * 24 * HOUR) | st.integers(0, 6 * HOUR), max_size=8)
histories = st.builds(
    History,
    tasks=st.lists(
        st.tuples(
            st.integers(1, 60_000_000),
            st.sampled_from([600, HOUR, 7200]),
            st.sampled_from([0, 600, HOUR, 7200, 100_000]),
        ),
        min_size=4,
        max_size=4,
    ),
    acts=st.lists(acts, min_size=6, max_size=24),
    ticks=st.tuples(moments, moments),
)


class Life:
    """A history lived through, with its own ticks between the acts."""

    def __init__(self, history: History, ticks: list[int]) -> None:
        self.history = history
        self.ticks = sorted(ticks)
        self.clock = 0
        self.names: dict[UUID, str] = {}

    def at(self, after: int) -> datetime:
        return NOW + timedelta(seconds=after)

    def live(self) -> dict[str, Any]:
        worker = WorkerFactory(email="w@example.com", now=NOW)
        platform = PlatformFactory(name="P", funds="1000000", now=NOW)
        consent(platform, worker, now=NOW)
        self.names = {worker.pk: "worker", platform.pk: "platform"}
        tasks = [self.post(worker, platform, number) for number in range(4)]
        for act in self.history.acts:
            self.pass_time(self.clock + act.gap)
            self.do(act, tasks[act.task])
        self.pass_time(self.clock + 60 * 24 * HOUR)
        self.tick(self.clock)
        return self.figures()

    def post(self, worker: Worker, platform: Platform, number: int) -> Task:
        amount, duration, due = self.history.tasks[number]
        task = TaskFactory(
            platform=platform,
            amount=from_micro(amount),
            task_type="time_based",
            duration_seconds=duration,
            release_interval=60,
            due_at=self.at(due) if due else None,
            now=NOW,
        )
        self.names[task.pk] = f"task {number}"
        return platforms.assign_task(task_id=task.pk, worker_id=worker.pk, now=NOW)

    def pass_time(self, until: int) -> None:
        while self.ticks and self.ticks[0] <= until:
            self.tick(self.ticks.pop(0))
        self.clock = until

    def tick(self, after: int) -> None:
        payments.release_due_streams(now=self.at(after))
        payments.end_long_pauses(now=self.at(after))

    def do(self, act: Act, task: Task) -> None:
        now = self.at(self.clock)
        stream = Stream.objects.filter(task=task).first()
        if stream is None and act.kind in ("claim", "pause", "resume", "top_up"):
            return
        try:
            self.verbs(task, stream, act)[act.kind](now=now)
        except Refusal:
            return

    def verbs(self, task: Task, stream: Stream | None, act: Act) -> dict[str, Callable[..., Any]]:
        stream_id = stream.pk if stream else None
        outcome = "worker" if act.amount % 2 else "platform"

        def resolve(now: datetime) -> None:
            held = task_funding().still_held(Task.objects.get(pk=task.pk))
            share = (held * act.amount / 40_000_000).quantize(Decimal("0.000001"))
            resolve_dispute(task_id=task.pk, outcome=outcome, worker_amount=min(share, held), now=now)

        return {
            "start": lambda now: platforms.start_task(task_id=task.pk, now=now),
            "claim": lambda now: payments.claim_stream(stream_id=stream_id, now=now),
            "pause": lambda now: payments.pause_stream(stream_id=stream_id, now=now),
            "resume": lambda now: payments.resume_stream(stream_id=stream_id, now=now),
            "top_up": lambda now: payments.top_up_stream(
                stream_id=stream_id, amount=from_micro(act.amount), now=now
            ),
            "cancel": lambda now: platforms.cancel_task(task_id=task.pk, now=now),
            "complete": lambda now: platforms.complete_task(task_id=task.pk, now=now),
            "dispute": lambda now: platforms.dispute_task(
                task_id=task.pk, severity=act.amount % 5 + 1, reason="poor", now=now
            ),
            "resolve": resolve,
            "rate": lambda now: platforms.rate_worker(task_id=task.pk, rating=act.amount % 5 + 1, now=now),
        }

    def figures(self) -> dict[str, Any]:
        """Return every derived column but the scores, and the events of tasks of at least 1 USDC, by names
        that are the same in both lives."""
        figures: dict[str, Any] = {}
        for tables in oracle.DERIVED.values():
            for table, columns in tables.items():
                if table in ("streams", "reputation_events"):
                    continue
                kept = tuple(name for name in columns if name not in SCORES)
                for key, row in oracle.read("public", table, kept).items():
                    figures[" ".join((table, *(self.names.get(one, str(one)) for one in key)))] = row
        for stream in Stream.objects.all():
            columns = ("status", "released_amount", "remaining_amount", "completed_at", "paused_at")
            figures[f"stream of {self.names[stream.task_id]}"] = {
                name: getattr(stream, name) for name in columns
            }
        figures["events"] = {
            (self.names[event.task_id], event.event_type, event.task.completed_at, before_bounds(event))
            for event in ReputationEvent.objects.select_related("task")
            if event.task is not None and event.task.amount >= 1
        }
        return figures


def before_bounds(event: ReputationEvent) -> int:
    """Return the points that the event would give or take without the bounds of its platform."""
    return event.delta + event.metadata.get("cut", 0)


def lived(history: History, ticks: list[int], *, books: bool = False) -> dict[str, Any]:
    """Live a life and return its figures; nothing of it stays. With `books`, they hold at its end."""
    with transaction.atomic():
        figures = Life(history, ticks).live()
        if books:
            assert violated() == {}
        transaction.set_rollback(True)
    return figures


@pytest.mark.shortened
@settings(
    deadline=None,
    max_examples=EXAMPLES,
    print_blob=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(histories)
def test_no_derived_figure_depends_on_when_the_releaser_came_by(history):
    first, second = history.ticks

    assert lived(history, first) == lived(history, second, books=True)


def test_work_that_ends_when_it_is_due_is_in_time_whenever_the_tick_comes():
    history = History([(36_000_000, HOUR, HOUR)] * 4, [Act("start", 0, number, 1) for number in range(4)])

    in_time, late = (lived(history, [after]) for after in (HOUR, HOUR + 86_400))

    assert in_time == late
    assert {event[1:] for event in late["events"]} == {("task_completed", NOW + seconds(HOUR), 15)}
