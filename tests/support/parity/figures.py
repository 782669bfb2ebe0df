"""The derived columns (domain.md, section 5), read back from the database."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import connection

from audit.books import services as books
from gigstream.management.commands.recompute_statistics import INVARIANTS
from platforms.models import Engagement, Platform, Task, TaskTally
from platforms.tasks.enums import TaskStatus
from tests.support.database.parameters import Parameter
from tests.support.factories import NOW
from workers.models import Worker

DONE = {"status": "completed", "completed_at": NOW, "paid_amount": Decimal(10)}
NOTHING_DONE = {
    "total_tasks": 0,
    "total_earned": Decimal(0),
    "completion_rate": Decimal(0),
    "average_rating": None,
    "dispute_rate": Decimal(0),
}
ONE_DONE = {
    "total_tasks": 1,
    "total_earned": Decimal(10),
    "completion_rate": Decimal(100),
    "average_rating": None,
    "dispute_rate": Decimal(0),
}


def figures_of(worker: Worker) -> dict[str, Any]:
    return Worker.objects.filter(pk=worker.pk).values(*NOTHING_DONE).get()


def totals_of(platform: Platform) -> tuple[int, Decimal, int, int]:
    """Tasks posted, paid, workers with an open task, workers ever."""
    return Platform.objects.values_list(
        "total_tasks", "total_payouts", "active_workers", "unique_workers"
    ).get(pk=platform.pk)


def engagement_of(task: Task) -> tuple[int, int]:
    """Return the pair's open and finished tasks."""
    return Engagement.objects.values_list("open_tasks", "finished_tasks").get(
        platform=task.platform_id, worker=task.worker_id
    )


def tallies_of(platform: Platform) -> dict[str, tuple[dict[str, int], Decimal, Decimal]]:
    """Return by type of task: how many are in which status (without those of which there are none), pay
    and fees."""
    return {
        tally.task_type: (
            {status: count for status in TaskStatus if (count := getattr(tally, f"{status}_tasks"))},
            tally.paid_amount,
            tally.fee_amount,
        )
        for tally in TaskTally.objects.filter(platform=platform)
    }


def last_active(worker: Worker) -> datetime | None:
    return Worker.objects.values_list("last_active_at", flat=True).get(pk=worker.pk)


def score_of(worker: Worker) -> int:
    return Worker.objects.values_list("reputation_score", flat=True).get(pk=worker.pk)


def age_of(worker: Worker) -> int:
    return Worker.objects.values_list("account_age_days", flat=True).get(pk=worker.pk)


def change(task: Task, **columns: Any) -> Task:
    """Return the task (in memory) with these columns."""
    for name, value in columns.items():
        setattr(task, name, value)
    return task


def raw(statement: str, *parameters: Parameter) -> None:
    """Run a statement that Django knows nothing of; it writes exactly one row."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        assert cursor.rowcount == 1


def noticed() -> dict[str, list[str]]:
    """Return the invariants over derived columns that the books' check now finds violated, each with the
    rows."""
    return {one.name: one.offenders for one in books.check_books(INVARIANTS.values()) if not one.passed}
