"""Derived columns of workers, platforms and engagements: each rule once, for a set of rows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Self
from uuid import UUID

from django.db import connection

from gigstream.core import sql
from gigstream.core.clock import database_now
from gigstream.core.money import share_bps
from gigstream.core.unit import in_unit
from platforms.models import Task
from platforms.tasks.enums import FINISHED_STATUSES, OPEN_STATUSES, WORKERLESS_STATUSES, TaskStatus

# The columns of a task from which its `TaskFigures` follow.
FIGURE_COLUMNS = ("status", "paid_amount", "started_at", "completed_at", "worker_id")
# A completed task that paid less counts together with others of its platform and worker.
SMALL_BELOW = Decimal(1)
# The times of a task's status changes.
STATUS_TIMES = ("created_at", "assigned_at", "started_at", "disputed_at", "completed_at", "cancelled_at")


def latest_change(*, columns: Mapping[str, object]) -> datetime:
    """Return the time of the latest status change of a task with these columns."""
    times = [at for name in STATUS_TIMES if isinstance(at := columns[name], datetime)]
    return max(times) if times else database_now()


@dataclass(frozen=True, slots=True)
class TaskFigures:
    """The part of a task that the figures of its platform and worker count, at one moment."""

    status: str
    paid: Decimal
    took: timedelta
    small: Decimal = Decimal(0)
    worker_id: UUID | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """Return the figures from the columns in `FIGURE_COLUMNS`. Only completed work has taken a time: from
        its start on, disputes included."""
        started_at, completed_at = values["started_at"], values["completed_at"]
        timed = values["status"] == TaskStatus.COMPLETED and started_at and completed_at
        took = completed_at - started_at if timed else timedelta(0)
        paid = values["paid_amount"] or Decimal(0)
        small = paid if completed_at and paid < SMALL_BELOW else Decimal(0)
        return cls(values["status"], paid, took, small, values["worker_id"])

    @classmethod
    def of_task(cls, task: Task) -> Self:
        """Return the figures of the task as it is in memory."""
        return cls.of({name: getattr(task, name) for name in FIGURE_COLUMNS})


@dataclass(frozen=True, slots=True)
class TaskMove:
    """A change of a task, as the figures count it; `before` is None for a task that was just posted."""

    task_id: UUID
    platform_id: UUID
    worker_id: UUID | None
    task_type: str
    fee_bps: int
    assigned_at: datetime | None
    before: TaskFigures | None
    after: TaskFigures
    at: datetime

    @classmethod
    def of(cls, task: Task, *, before: TaskFigures | None, at: datetime | None = None) -> Self:
        """Return the move of a task from `before` to its present state, `at` its latest status change unless
        another time is given."""
        return cls(
            task_id=task.pk,
            platform_id=task.platform_id,
            worker_id=task.worker_id,
            task_type=task.task_type,
            fee_bps=task.fee_bps,
            assigned_at=task.assigned_at,
            before=before,
            after=TaskFigures.of_task(task),
            at=at or latest_change(columns={name: getattr(task, name) for name in STATUS_TIMES}),
        )

    @property
    def may_be_a_first_meeting(self) -> bool:
        """Whether the task may have had no worker before: platform and worker may be new to each other."""
        return self.before is None or self.before.status in WORKERLESS_STATUSES

    @property
    def former_worker_id(self) -> UUID | None:
        """The worker who gave the task back, or lost it, before the start."""
        before = self.before.worker_id if self.before else None
        return before if self.worker_id is None else None

    @property
    def pair(self) -> tuple[UUID, UUID | None]:
        """The platform and the worker whose engagement changes."""
        return self.platform_id, self.worker_id or self.former_worker_id

    def deltas(self, *, with_pair: bool = True) -> dict[str, object]:
        """Return the growth of each figure of the platform, its tally and, `with_pair`, the engagement. A
        task keeps its worker unless it goes back, so the change of its status is enough."""
        was, now = self.before or TaskFigures("", Decimal(0), timedelta(0)), self.after
        return {
            "platform_id": str(self.platform_id),
            "worker_id": str(self.worker_id) if self.worker_id and with_pair else None,
            "task_type": self.task_type,
            "open": (now.status in OPEN_STATUSES) - (was.status in OPEN_STATUSES),
            "finished": (now.status in FINISHED_STATUSES) - (was.status in FINISHED_STATUSES),
            "posted": int(self.before is None),
            "paid": str(now.paid - was.paid),
            "small": str(now.small - was.small),
            "fee": str(share_bps(now.paid, self.fee_bps) - share_bps(was.paid, self.fee_bps)),
            "took": (now.took - was.took) // timedelta(microseconds=1),
            "at": self.at.isoformat(),
            "assigned_at": self.assigned_at.isoformat() if self.assigned_at else None,
            **{
                f"{status}_tasks": (now.status == status) - (was.status == status)
                for status in TaskStatus.values
            },
        }


def refresh_workers(*, worker_ids: Collection[UUID]) -> None:
    """Recompute the figures of these workers from their tasks: `update_worker_statistics` for a set.

    The workers are locked by a statement of its own, so that the count sees the commits of others.
    """
    ids = sorted(set(worker_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])
        cursor.execute(_update_workers("SELECT id FROM unnest(%(ids)s::uuid[]) AS given(id)"), {"ids": ids})


def _with_figures(selected: str) -> str:
    """Return a WITH clause whose `figures` are the right values of the workers that `selected` selects."""
    return f"WITH selected AS ({selected}), figures AS ({sql.text('platforms/figures/worker_figures')})"


_WORKER_DIFFERS = """
    (workers.total_tasks, workers.total_earned, workers.completion_rate, workers.dispute_rate,
     workers.average_rating)
    IS DISTINCT FROM (
        figures.completed, figures.paid, figures.completion_rate, figures.dispute_rate, figures.rating)
"""


def _update_workers(selected: str) -> str:
    return f"""
        {_with_figures(selected)}
        UPDATE workers
        SET total_tasks = figures.completed, total_earned = figures.paid,
            completion_rate = figures.completion_rate, dispute_rate = figures.dispute_rate,
            average_rating = figures.rating
        FROM figures WHERE workers.id = figures.id AND {_WORKER_DIFFERS}
    """  # noqa: S608 - fragments of this file


def add_to_platforms(*, moves: Sequence[TaskMove]) -> None:
    """Add these moves to engagements, platforms and tallies: `update_platform_statistics` for a set."""
    if not moves:
        return
    recounted = {move.pair for move in moves if move.former_worker_id}
    batch = json.dumps([move.deltas(with_pair=move.pair not in recounted) for move in moves])
    # Changes of the platforms' counts, for each engagement that is new, gone or without an open task now.
    pairs: list[dict[str, object]] = []
    with connection.cursor() as cursor:
        if any(move.worker_id and move.may_be_a_first_meeting for move in moves):
            cursor.execute(sql.text("platforms/figures/engage"), {"moves": batch})
            pairs += [{"id": str(id_), "unique": 1, "active": 0} for (id_,) in cursor.fetchall()]
        for platform_id, worker_id in sorted(recounted, key=str):
            cursor.execute(_RECOUNT_ENGAGEMENT, {"platform": platform_id, "worker": worker_id})
            pairs += [{"id": str(platform_id), "unique": u, "active": a} for u, a in cursor.fetchall()]
        cursor.execute(
            sql.text("platforms/figures/add_to_platforms"), {"moves": batch, "pairs": json.dumps(pairs)}
        )


# Counts an engagement afresh after a task of it went back, and deletes it with its last task. The caller has
# locked the worker. Returns the changes of the platform's unique and active workers.
_RECOUNT_ENGAGEMENT = f"""
    WITH figures AS (
        SELECT * FROM ({sql.text("platforms/figures/engagement_figures")}) AS f
        WHERE f.platform_id = %(platform)s AND f.worker_id = %(worker)s
    ),
    locked AS (
        SELECT id, open_tasks FROM engagements
        WHERE platform_id = %(platform)s AND worker_id = %(worker)s FOR NO KEY UPDATE
    ),
    gone AS (
        DELETE FROM engagements e USING locked l WHERE e.id = l.id AND NOT EXISTS (SELECT FROM figures)
    ),
    kept AS (
        UPDATE engagements e
        SET open_tasks = f.open, finished_tasks = f.finished, first_at = f.first_at, last_at = f.last_at,
            last_assigned_at = f.last_assigned_at, paid_amount = f.paid, small_pay = f.small
        FROM locked l, figures f WHERE e.id = l.id
    )
    SELECT -(f.platform_id IS NULL)::int, (coalesce(f.open, 0) > 0)::int - (l.open_tasks > 0)::int
    FROM locked l LEFT JOIN figures f ON true
"""  # noqa: S608 - fragments of this file


# Each selects the rows that differ from their recomputation; the first column is the id.
WRONG_WORKERS = f"""
    {_with_figures("SELECT id FROM workers")}
    SELECT workers.id FROM workers JOIN figures ON figures.id = workers.id WHERE {_WORKER_DIFFERS}
"""  # noqa: S608 - fragments of this file

WRONG_ENGAGEMENTS = f"""
    SELECT coalesce(e.id::text, f.platform_id || ' ' || f.worker_id) AS offender, e.id,
           f.platform_id, f.worker_id, f.open, f.finished, f.first_at, f.last_at, f.last_assigned_at,
           f.paid, f.small
    FROM engagements e
    FULL JOIN ({sql.text("platforms/figures/engagement_figures")}) AS f
        ON (f.platform_id, f.worker_id) = (e.platform_id, e.worker_id)
    WHERE (e.open_tasks, e.finished_tasks, e.last_assigned_at, e.paid_amount, e.small_pay)
          IS DISTINCT FROM (f.open, f.finished, f.last_assigned_at, f.paid, f.small)
       OR e.first_at > f.first_no_later_than OR e.last_at < f.last_at
"""  # noqa: S608 - fragments of this file

WRONG_PLATFORMS = f"""
    SELECT p.id, f.paid, f.posted, f.active, f.engaged
    FROM platforms p JOIN ({sql.text("platforms/figures/platform_figures")}) AS f ON f.id = p.id
    WHERE (p.total_payouts, p.total_tasks, p.active_workers, p.unique_workers)
          IS DISTINCT FROM (f.paid, f.posted, f.active, f.engaged)
"""  # noqa: S608 - fragments of this file

_TALLIED = (*(f"{status}_tasks" for status in TaskStatus.values), "paid_amount", "fee_amount", "took")


def _tally_columns(prefix: str = "") -> str:
    return ", ".join(prefix + name for name in _TALLIED)


WRONG_TALLIES = f"""
    SELECT coalesce(y.platform_id, f.platform_id) || ' ' || coalesce(y.task_type, f.task_type) AS offender,
           y.id, f.*
    FROM task_tallies y
    FULL JOIN ({sql.text("platforms/figures/tally_figures")}) AS f
        ON (f.platform_id, f.task_type) = (y.platform_id, y.task_type)
    WHERE ({_tally_columns("y.")})
          IS DISTINCT FROM ({_tally_columns("f.")})
"""  # noqa: S608 - fragments of this file


@in_unit
def recompute_all() -> dict[str, int]:
    """Rebuild workers' statistics, engagements, platforms' totals and tallies from the tasks; return how many
    of each were wrong. Locks them in this order."""
    return {
        "workers": _rebuild_table("workers", _update_workers("SELECT id FROM workers")),
        "engagements": _rebuild_table("engagements", *_REBUILD_ENGAGEMENTS),
        "platforms": _rebuild_table("platforms", _REBUILD_PLATFORMS),
        "tallies": _rebuild_table("task_tallies", *_REBUILD_TALLIES),
    }


_REBUILD_ENGAGEMENTS = (
    f"""
        DELETE FROM engagements USING ({WRONG_ENGAGEMENTS}) AS wrong
        WHERE engagements.id = wrong.id AND wrong.platform_id IS NULL
    """,  # noqa: S608 - fragments of this file
    f"""
        INSERT INTO engagements
            (platform_id, worker_id, open_tasks, finished_tasks, first_at, last_at, last_assigned_at,
             paid_amount, small_pay)
        SELECT platform_id, worker_id, open, finished, first_at, last_at, last_assigned_at, paid, small
        FROM ({WRONG_ENGAGEMENTS}) AS wrong
        ON CONFLICT (platform_id, worker_id) DO UPDATE
        SET open_tasks = excluded.open_tasks, finished_tasks = excluded.finished_tasks,
            first_at = excluded.first_at, last_at = excluded.last_at,
            last_assigned_at = excluded.last_assigned_at,
            paid_amount = excluded.paid_amount, small_pay = excluded.small_pay
    """,  # noqa: S608 - fragments of this file
)

_REBUILD_PLATFORMS = f"""
    UPDATE platforms
    SET total_payouts = wrong.paid, total_tasks = wrong.posted, active_workers = wrong.active,
        unique_workers = wrong.engaged
    FROM ({WRONG_PLATFORMS}) AS wrong WHERE platforms.id = wrong.id
"""  # noqa: S608 - fragments of this file

_REBUILD_TALLIES = (
    f"""
        DELETE FROM task_tallies USING ({WRONG_TALLIES}) AS wrong
        WHERE task_tallies.id = wrong.id AND wrong.platform_id IS NULL
    """,  # noqa: S608 - fragments of this file
    f"""
        INSERT INTO task_tallies (platform_id, task_type, {_tally_columns()})
        SELECT platform_id, task_type, {_tally_columns()} FROM ({WRONG_TALLIES}) AS wrong
        ON CONFLICT (platform_id, task_type) DO UPDATE
        SET ({_tally_columns()}) = ({_tally_columns("excluded.")})
    """,  # noqa: S608 - fragments of this file
)


def _rebuild_table(table: str, *statements: str) -> int:
    """Run the statements on the locked table; return how many rows they changed. The lock is a statement of
    its own, so that they see the commits of those who held the rows before."""
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} ORDER BY id FOR NO KEY UPDATE")  # noqa: S608 - a name of ours
        for statement in statements:
            cursor.execute(statement)
            changed += cursor.rowcount
    return changed
