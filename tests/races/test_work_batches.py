"""Batches of reports that meet each other, and everything else that moves the same money."""

from collections import Counter
from decimal import Decimal
from functools import partial

import pytest
from django.db import OperationalError, connection

from gigstream.core.postgres.transactions import sqlstate
from payments import services as payments
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.services import MilestonePlan, TaskPlan, WorkReport
from tests.support.factories import NOW, PlatformFactory, WorkerFactory, assign, assigned, balance, seconds

pytestmark = pytest.mark.django_db(transaction=True)
KINDS = {
    "fixed": {},
    "milestone": {"milestones": [MilestonePlan("a", "4"), MilestonePlan("b", "6")]},
    "time_based": {"duration_seconds": 3600, "release_interval": 60},
}


def tasks_of(platform, workers):
    plans = [TaskPlan("Task", Decimal(10), kind, **KINDS[kind]) for kind in KINDS for _ in workers]
    tasks = platforms.create_tasks(platform_id=platform.pk, plans=plans, now=NOW)
    for number, task in enumerate(tasks):
        assign(task, workers[number % len(workers)])
    return tasks


def reports_of(tasks):
    for task in tasks:
        yield WorkReport(task.pk, "started")
        yield WorkReport(task.pk, "bonus", amount="1")
        yield WorkReport(task.pk, "completed")


def noting(conflicts, act):
    """Return the act with a count of every lock conflict of its statements, also of those that a new run
    gets over."""

    def note(execute, *statement):
        try:
            return execute(*statement)
        except OperationalError as error:
            conflicts[sqlstate(error)] += 1
            raise

    def run():
        with connection.execute_wrapper(note):
            return act()

    return run


def test_batches_of_two_platforms_for_the_same_workers_never_deadlock(at_once, books_balance):
    workers = [WorkerFactory() for _ in range(4)]
    conflicts, acts = Counter(), []
    for platform in (PlatformFactory(funds="1000"), PlatformFactory(funds="1000")):
        reports = list(reports_of(tasks_of(platform, workers)))
        # The same batch twice, once in the other order of its tasks.
        turned = [one for start in range(len(reports) - 3, -1, -3) for one in reports[start : start + 3]]
        for batch in (reports, turned):
            record = partial(
                platforms.record_work_events, platform_id=platform.pk, reports=batch, now=NOW + seconds(9)
            )
            acts.append(noting(conflicts, record))
    singles = [assigned(worker) for worker in workers]
    for task in singles:
        platforms.start_task(task_id=task.pk, now=NOW)
        complete = partial(platforms.complete_task, task_id=task.pk, now=NOW + seconds(9))
        acts.append(noting(conflicts, complete))

    results, refusals = at_once(*acts)

    assert (len(results), refusals) == (8, [])
    assert conflicts["40P01"] == 0
    for one, other in (results[:2], results[2:4]):
        # Each report was new once, in one of the two.
        assert sum(new for _, new in one) + sum(new for _, new in other) == 36
    assert [balance(worker, "available") for worker in workers] == [Decimal(10 + 6 * 11)] * 4
    books_balance()


def test_bonuses_at_once_share_what_the_platform_has(at_once, books_balance):
    # Of 30.60 the task holds 20.40; ten bonuses with their fees come to the rest, within the task's pay.
    worker, platform = WorkerFactory(), PlatformFactory(funds="30.60")
    task = assigned(worker, platform=platform, amount="20")
    platforms.start_task(task_id=task.pk, now=NOW)

    def batch(number):
        reports = [
            WorkReport(task.pk, "bonus", external_id=f"{number}-{each}", amount="1") for each in range(5)
        ]
        return partial(platforms.record_work_events, platform_id=platform.pk, reports=reports, now=NOW)

    results, _ = at_once(*[batch(number) for number in range(4)])

    paid = [one for result in results for one in result if isinstance(one, tuple)]
    assert len(paid) == 10
    assert LedgerEntry.objects.filter(kind="reward").count() == 10
    assert (balance(platform, "available"), balance(worker, "available")) == (0, 10)
    payments.cash_out(worker_id=worker.pk, now=NOW)
    books_balance()
