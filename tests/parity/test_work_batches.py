"""Batches of reports: the results and the rows are those of the same reports sent singly."""

import random
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from audit.log.context import Actor, acting
from audit.log.enums import ActorType
from audit.models import AuditLog
from gigstream.core.errors import Refusal
from payments import services as payments
from payments.ledger.subjects import TASK
from payments.models import LedgerEntry, Stream, Transaction
from platforms import services as platforms
from platforms.models import Engagement, Milestone, Task, TaskTally, WorkEvent
from platforms.services import MilestonePlan, TaskPlan, WorkReport
from reputation.models import ReputationEvent
from tests.support.books import violated
from tests.support.factories import (
    NOW,
    PlatformFactory,
    TaskFactory,
    WorkerFactory,
    assign,
    assigned,
    owes,
    seconds,
)
from tests.support.long_forms import count, spread
from workers.models import Worker

pytestmark = pytest.mark.django_db
ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[A-Z]{2}-[0-9A-Z]{6,}")
EVENTS = ("started", "started", "completed", "completed", "bonus", "milestone_reached", "nonsense")


KINDS = {
    "fixed": {},
    "milestone": {"milestones": [MilestonePlan("a", "4"), MilestonePlan("b", "6")]},
    "time_based": {"duration_seconds": 3600, "release_interval": 60},
}


class World:
    """A platform with workers and tasks of every kind; two worlds from the same seed differ in their ids
    only."""

    def __init__(self, seed):
        chance = random.Random(seed)
        self.platform = PlatformFactory(funds="400")
        self.workers = [WorkerFactory() for _ in range(4)]
        for worker in self.workers[:2]:
            owes(worker, "8")
        self.tasks = []
        for _ in range(18):
            kind = chance.choice(list(KINDS))
            due = chance.choice([None, NOW + seconds(5), NOW + seconds(900)])
            terms = {"platform": self.platform, "task_type": kind, "due_at": due, **KINDS[kind]}
            self.tasks.append(self._at_some_point(chance, terms))
        self.tasks.append(assigned(WorkerFactory(), platform=PlatformFactory(funds="50")))

    def _at_some_point(self, chance, terms):
        point = chance.choice(["created", "assigned", "assigned", "started", "started", "disputed"])
        if point == "created":
            return TaskFactory(**terms)
        task = assigned(chance.choice(self.workers), **terms)
        if point in ("started", "disputed"):
            platforms.start_task(task_id=task.pk, now=NOW + seconds(1))
        self._go_on(chance, task)
        if point == "disputed":
            platforms.dispute_task(task_id=task.pk, severity=2, reason="late", now=NOW + seconds(50))
        return task

    def _go_on(self, chance, task):
        """Some streams have released a part, some stand still; some first steps are paid."""
        stream = Stream.objects.filter(task=task).first()
        if stream and chance.random() < 0.5:
            payments.claim_stream(stream_id=stream.pk, now=NOW + seconds(30))
        if stream and chance.random() < 0.3:
            payments.pause_stream(stream_id=stream.pk, now=NOW + seconds(40))
        if task.task_type == "milestone" and chance.random() < 0.3 and task.started_at:
            platforms.approve_milestone(task_id=task.pk, number=1, now=NOW + seconds(2))

    def reports(self, seed):
        chance = random.Random(seed)
        made = []
        for _ in range(60):
            event = chance.choice(EVENTS)
            made.append(
                WorkReport(
                    chance.choice(self.tasks).pk,
                    event,
                    event_date=chance.choice([None, None, NOW.date()]),
                    external_id=chance.choice([None, "a", "b"]),
                    milestone_number=chance.choice([1, 2]) if event == "milestone_reached" else None,
                    amount=chance.choice(["1", "3.5", "90", "0"]) if event == "bonus" else None,
                )
            )
        return made

    def names(self):
        known = {str(task.pk): f"task {number}" for number, task in enumerate(self.tasks)}
        known |= {task.reference: f"task {number}" for number, task in enumerate(self.tasks)}
        known |= {str(worker.pk): f"worker {number}" for number, worker in enumerate(self.workers)}
        return known | {str(self.platform.pk): "platform"}

    def told(self, result):
        if isinstance(result, Refusal):
            return result.code, self.plain(result.message), self.plain(result.numbers)
        event, new = result
        return self.plain(event.task_id), event.event_type, event.external_id, new

    def plain(self, value):
        """Return the value as text, with names for ids."""
        known = self.names()
        return ID.sub(lambda match: known.get(match[0], "…"), str(value))

    def rows(self, queryset, *columns):
        return [tuple(self.plain(value) for value in row) for row in queryset.values_list(*columns)]

    def figures(self):
        """Return all that the reports may have changed, with names for ids."""
        tasks = [task.pk for task in self.tasks]
        mine = Task.objects.filter(pk__in=tasks)
        workers = Worker.objects.filter(pk__in=[worker.pk for worker in self.workers])
        entries = LedgerEntry.objects.filter(debit_account__platform=self.platform)
        earned = LedgerEntry.objects.filter(debit_account__worker__in=workers)
        columns = ("kind", "amount", "debit_account__name", "credit_account__name", "credit_account__worker")
        return {
            "tasks": self.rows(
                mine.order_by("pk"), "pk", "status", "started_at", "completed_at", "paid_amount"
            ),
            "events": sorted(
                self.rows(
                    WorkEvent.objects.filter(task__in=tasks), "task", "event_type", "external_id", "amount"
                )
            ),
            "entries": sorted(self.rows(entries, *columns, "subject_kind", "subject_id", "idempotency_key")),
            "deductions": sorted(self.rows(earned, *columns[:2], "debit_account__worker")),
            "transactions": sorted(
                self.rows(Transaction.objects.filter(task__in=tasks), "type", "status", "amount", "task")
            ),
            "streams": sorted(
                self.rows(
                    Stream.objects.filter(task__in=tasks),
                    *("task", "status", "total_amount", "released_amount", "sequence", "start_at", "end_at"),
                    *("completed_at", "paused_at", "next_release_at"),
                )
            ),
            "workers": self.rows(workers.order_by("pk"), "pk", *sorted(Worker.DERIVED)),
            "platform": [self.plain(getattr(self.platform, name)) for name in sorted(self.platform.DERIVED)],
            "engagements": sorted(
                self.rows(
                    Engagement.objects.filter(platform=self.platform),
                    *("worker", "open_tasks", "finished_tasks", "last_at"),
                )
            ),
            "tallies": sorted(
                self.rows(
                    TaskTally.objects.filter(platform=self.platform),
                    *("task_type", "completed_tasks", "in_progress_tasks", "paid_amount", "fee_amount"),
                )
            ),
            "milestones": self.rows(
                Milestone.objects.filter(task__in=tasks).order_by("task", "number"),
                *("task", "number", "approved_at"),
            ),
            # A loan that a batch repays counts before its completions; the score is among the columns above.
            "reputation": [
                sorted(
                    self.rows(ReputationEvent.objects.filter(worker=worker), *("event_type", "delta", "task"))
                )
                for worker in self.workers
            ],
        }


def one_by_one(platform, reports, now):
    results = []
    for report in reports:
        try:
            results.append(platforms.record_work_event(platform_id=platform.pk, report=report, now=now))
        except Refusal as refusal:
            results.append(refusal)
    return results


def together(platform, reports, now):
    return platforms.record_work_events(platform_id=platform.pk, reports=reports, now=now)


def played(seed, way):
    world = World(seed)
    before = AuditLog.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    now = NOW + seconds(60)
    with acting(Actor(ActorType.PLATFORM, str(world.platform.pk))):
        results = way(world.platform, world.reports(seed), now)
    lines = AuditLog.objects.filter(pk__gt=before).order_by("pk")
    told = [world.told(result) for result in results]
    world.platform.refresh_from_db()
    logged = world.rows(lines, "action", "resource_id", "changes_after", "success", "error_message")
    # The scores on the way differ where a loan was repaid.
    logged = [line if line[0] != "reputation.change" else line[:2] for line in logged]
    return told, world.figures(), sorted(logged)


@pytest.mark.shortened
@pytest.mark.parametrize("seed", range(count(short=1, long=16)))
def test_a_batch_is_its_reports_one_by_one(seed):
    told, figures, logged = played(seed, together)
    told_singly, figures_singly, logged_singly = played(seed, one_by_one)

    assert told == told_singly
    assert figures == figures_singly
    assert logged == logged_singly
    assert violated() == {}


def test_what_a_worker_owes_is_withheld_in_the_order_of_the_reports():
    worker, platform = WorkerFactory(), PlatformFactory(funds="500")
    owes(worker, "6")
    tasks = [assigned(worker, platform=platform, amount=str(number)) for number in (3, 5, 7)]
    reports = [WorkReport(task.pk, event) for event in ("started", "completed") for task in tasks]

    results = together(platform, reports, NOW + seconds(9))

    assert [new for _, new in results] == [True] * 6
    paid = LedgerEntry.objects.of(TASK, *(task.pk for task in tasks)).filter(kind="earning").order_by("pk")
    assert [entry.amount for entry in paid] == [3, 5, 7]
    assert [entry.reports.get().work_event.event_type for entry in paid] == ["completed"] * 3
    taken = LedgerEntry.objects.filter(debit_account__worker=worker, kind="repayment").order_by("pk")
    # At most half of each, and no more than the 6.21 USDC that are owed.
    assert [entry.amount for entry in taken] == [Decimal("1.242"), Decimal("1.242"), Decimal("1.242")]
    assert violated() == {}


def crowd(count):
    """`count` assigned tasks of each kind, shared by five workers who have worked for the platform before."""
    platform, workers = PlatformFactory(funds="1000000"), [WorkerFactory() for _ in range(5)]
    for worker in workers:
        task = assigned(worker, platform=platform)
        platforms.start_task(task_id=task.pk, now=NOW)
        platforms.complete_task(task_id=task.pk, now=NOW)
    plans = [TaskPlan("Task", Decimal(10), kind, **terms) for kind, terms in KINDS.items()]
    batches = [platforms.create_tasks(platform_id=platform.pk, plans=plans, now=NOW) for _ in range(count)]
    tasks = [task for batch in batches for task in batch]
    for number, task in enumerate(tasks):
        assign(task, workers[number % 5])
    return platform, tasks


def everything(task):
    """Return all reports of a task from its start to its end."""
    yield WorkReport(task.pk, "started")
    yield WorkReport(task.pk, "bonus", amount="0.5")
    if task.task_type == "milestone":
        yield WorkReport(task.pk, "milestone_reached", external_id="one", milestone_number=1)
        yield WorkReport(task.pk, "milestone_reached", external_id="two", milestone_number=2)
    else:
        yield WorkReport(task.pk, "completed")


@pytest.mark.shortened
def test_a_batch_of_everything_costs_the_same_statements_for_ten_reports_or_many():
    counts = []
    for many in (1, count(short=4, long=99)):
        platform, tasks = crowd(many)
        reports = [report for task in tasks for report in everything(task)]
        size, expected = len(reports), []
        if many > 1:
            expected = [False] * 5 + [True] * 5
            reports += [WorkReport(task.pk, "started") for task in tasks[:5]]
            reports += [WorkReport(task.pk, "completed", external_id="late") for task in tasks[:4]]
            reports.append(WorkReport(tasks[0].pk, "bonus", external_id="dear", amount="9999999"))
        with CaptureQueriesContext(connection) as seen:
            results = together(platform, reports, NOW + seconds(9))
        counts.append((len(reports), len(seen)))
        assert [new for _, new in results[:size]] == [True] * size
        assert [isinstance(one, Refusal) or one[1] for one in results[size:]] == expected

        again = together(platform, reports, NOW + seconds(10))

        assert [event.pk for event, _ in again[:size]] == [event.pk for event, _ in results[:size]]
        assert not any(new for _, new in again[:size])

    (ten, few), (most, many) = counts
    assert (ten, most) == (10, count(short=50, long=1000))
    assert few == many < 45
    assert violated() == {}


@pytest.mark.parametrize("kind", spread(["fixed", "milestone", "time_based"], of="bad reports", one_in=3))
def test_one_bad_report_spoils_no_other(kind):
    """Bad reports of every sort stand between the good reports, and change nothing."""
    platform, tasks = crowd(2)
    first, second = (task for task in tasks if task.task_type == kind)
    foreign = assigned()
    bad = [
        WorkReport(foreign.pk, "started"),
        WorkReport(first.pk, "nonsense"),
        WorkReport(first.pk, "bonus", external_id="x", amount="-1"),
        WorkReport(first.pk, "bonus", external_id="y", amount="9999999"),
        WorkReport(first.pk, "milestone_reached", external_id="z", milestone_number=7),
    ]
    good = [*everything(first), *everything(second)]
    reports = [one for report in good for one in (*bad, report)]

    results = together(platform, reports, NOW + seconds(9))

    assert [isinstance(one, Refusal) for one in results] == ([True] * len(bad) + [False]) * len(good)
    for task in (first, second):
        task.refresh_from_db()
        assert (task.status, task.paid_amount) == ("completed", 10)
        paid = LedgerEntry.objects.filter(credit_account__worker=task.worker_id)
        subjects = [task.pk, *Stream.objects.filter(task=task).values_list("pk", flat=True)]
        of_task = paid.filter(subject_id__in=subjects)
        assert sum(entry.amount for entry in of_task) == Decimal("10.5")
    assert violated() == {}


def test_bonuses_are_paid_in_their_order_as_long_as_the_money_lasts():
    platform, worker = PlatformFactory(funds="20"), WorkerFactory()
    platforms.set_bonus_limit(platform_id=platform.pk, limit=Decimal(100), reason="large tips")
    task = assigned(worker, platform=platform, amount="10")
    platforms.start_task(task_id=task.pk, now=NOW)
    amounts = [("a", "4"), ("b", "9"), ("c", "5.607844"), ("b", "0.000001"), ("d", "0.5"), ("a", "4")]
    reports = [WorkReport(task.pk, "bonus", external_id=name, amount=amount) for name, amount in amounts]

    results = together(platform, reports, NOW + seconds(1))

    # 20 less the pay of 10 and its fee of 0.20 leaves 9.80, for bonuses and their fee of 2 %.
    refused = [one.message if isinstance(one, Refusal) else one[1] for one in results]
    assert refused == [
        True,
        "available 5.72 USDC, requested 9.18 USDC",
        True,
        "available 0.00 USDC, requested 0.000001 USDC",
        "available 0.00 USDC, requested 0.51 USDC",
        False,
    ]
    assert violated() == {}
