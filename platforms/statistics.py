"""The derived columns of workers, platforms and engagements, each rule once, for a set of rows."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Self
from uuid import UUID

from django.db import connection
from django.utils import timezone

from gigstream.lib import sql
from gigstream.lib.db import atomic_with_retry
from gigstream.lib.money import share_bps
from platforms.enums import FINISHED_STATUSES, OPEN_STATUSES, WORKERLESS_STATUSES, TaskStatus
from platforms.models import Task

_SQL = Path(__file__).resolve().parent / "sql"
# The columns of a task that its standing follows from.
STANDING = ("status", "paid_amount", "started_at", "completed_at", "worker_id")
# A completed task that paid less counts together with others of its pair.
SMALL_BELOW = Decimal(1)
# When something was done with it.
TIMES = ("created_at", "assigned_at", "started_at", "disputed_at", "completed_at", "cancelled_at")


def latest_act(columns: Mapping[str, Any]) -> datetime:
    """When the latest act on a task with these columns took place."""
    times = (columns[name] for name in TIMES)
    return max((at for at in times if isinstance(at, datetime)), default=timezone.now())


@dataclass(frozen=True, slots=True)
class Standing:
    """What of a task the figures of its platform count, at one moment."""

    status: str
    paid: Decimal
    took: timedelta
    small: Decimal = Decimal(0)
    worker_id: UUID | None = None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """From the columns in `STANDING`. Only completed work has taken a time: from its start on, disputes
        included."""
        started_at, completed_at = values["started_at"], values["completed_at"]
        timed = values["status"] == TaskStatus.COMPLETED and started_at and completed_at
        took = completed_at - started_at if timed else timedelta(0)
        paid = values["paid_amount"] or Decimal(0)
        small = paid if completed_at and paid < SMALL_BELOW else Decimal(0)
        return cls(values["status"], paid, took, small, values["worker_id"])

    @classmethod
    def of_task(cls, task: Task) -> Self:
        """As the task is in memory."""
        return cls.of({name: getattr(task, name) for name in STANDING})


@dataclass(frozen=True, slots=True)
class TaskMove:
    """What one change of a task means for the figures; `before` is None for one that has just been posted."""

    task_id: UUID
    platform_id: UUID
    worker_id: UUID | None
    task_type: str
    fee_bps: int
    assigned_at: datetime | None
    before: Standing | None
    after: Standing
    at: datetime

    @classmethod
    def of(cls, task: Task, *, before: Standing | None, at: datetime | None = None) -> Self:
        """The move of a task to what it is now, `at` its latest act unless another time is given; `before` is
        None when it has just been posted."""
        return cls(
            task_id=task.pk,
            platform_id=task.platform_id,
            worker_id=task.worker_id,
            task_type=task.task_type,
            fee_bps=task.fee_bps,
            assigned_at=task.assigned_at,
            before=before,
            after=Standing.of_task(task),
            at=at or latest_act({name: getattr(task, name) for name in TIMES}),
        )

    @property
    def may_be_a_first_meeting(self) -> bool:
        """Whether the task may have had no worker before: platform and worker may be new to each other."""
        return self.before is None or self.before.status in WORKERLESS_STATUSES

    @property
    def former_worker_id(self) -> UUID | None:
        """Who had the task before and has it no more: it went back to the platform before it was begun."""
        before = self.before.worker_id if self.before else None
        return before if self.worker_id is None else None

    @property
    def pair(self) -> tuple[UUID, UUID | None]:
        """The platform and the worker whose engagement changes."""
        return self.platform_id, self.worker_id or self.former_worker_id

    def deltas(self, *, with_pair: bool = True) -> dict[str, object]:
        """By how much each figure of the platform, its tally and, `with_pair`, the engagement grows. A task
        keeps the worker it gets unless it goes back, so its status says all."""
        was, now = self.before or Standing("", Decimal(0), timedelta(0)), self.after
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


def refresh_workers(worker_ids: Collection[UUID]) -> None:
    """`update_worker_statistics` for a set: the figures follow from the workers' tasks as they are now.

    The workers are locked by a statement of its own, so that the count sees what others have committed.
    """
    ids = sorted(set(worker_ids))
    if not ids:
        return
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM workers WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE", [ids])
        cursor.execute(_refresh("SELECT id FROM unnest(%(ids)s::uuid[]) AS given(id)"), {"ids": ids})


def _figures(asked: str) -> str:
    """A WITH clause whose `figures` are what the workers selected by `asked` should show."""
    return f"WITH asked AS ({asked}), figures AS ({sql.load(_SQL / 'worker_figures.sql')})"


_WORKER_DIFFERS = """
    (workers.total_tasks, workers.total_earned, workers.completion_rate, workers.dispute_rate,
     workers.average_rating)
    IS DISTINCT FROM (
        figures.completed, figures.paid, figures.completion_rate, figures.dispute_rate, figures.rating)
"""


def _refresh(asked: str) -> str:
    return f"""
        {_figures(asked)}
        UPDATE workers
        SET total_tasks = figures.completed, total_earned = figures.paid,
            completion_rate = figures.completion_rate, dispute_rate = figures.dispute_rate,
            average_rating = figures.rating
        FROM figures WHERE workers.id = figures.id AND {_WORKER_DIFFERS}
    """  # noqa: S608 - fragments of this file


def add_to_platforms(moves: Sequence[TaskMove]) -> None:
    """`update_platform_statistics` for a set: engagements, platforms and tallies grow by what changed."""
    if not moves:
        return
    recounted = {move.pair for move in moves if move.former_worker_id}
    batch = json.dumps([move.deltas(with_pair=move.pair not in recounted) for move in moves])
    # For each engagement that is new, gone, or with its last open task gone: what its platform counts.
    pairs: list[dict[str, object]] = []
    with connection.cursor() as cursor:
        if any(move.worker_id and move.may_be_a_first_meeting for move in moves):
            cursor.execute(sql.load(_SQL / "engage.sql"), {"moves": batch})
            pairs += [{"id": str(id_), "unique": 1, "active": 0} for (id_,) in cursor.fetchall()]
        for platform_id, worker_id in sorted(recounted, key=str):
            cursor.execute(_RECOUNT_ENGAGEMENT, {"platform": platform_id, "worker": worker_id})
            pairs += [{"id": str(platform_id), "unique": u, "active": a} for u, a in cursor.fetchall()]
        cursor.execute(sql.load(_SQL / "add_to_platforms.sql"), {"moves": batch, "pairs": json.dumps(pairs)})


# One pair's engagement, one of whose tasks went back: counted afresh, and gone with its last task. Whoever
# changes it holds the worker's row. Answers how the platform's unique and active workers change.
_RECOUNT_ENGAGEMENT = f"""
    WITH figures AS (
        SELECT * FROM ({sql.load(_SQL / "engagement_figures.sql")}) AS f
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


# Each selects what differs from its recomputation; the first column is the id.
WRONG_WORKERS = f"""
    {_figures("SELECT id FROM workers")}
    SELECT workers.id FROM workers JOIN figures ON figures.id = workers.id WHERE {_WORKER_DIFFERS}
"""  # noqa: S608 - fragments of this file

WRONG_ENGAGEMENTS = f"""
    SELECT coalesce(e.id::text, f.platform_id || ' ' || f.worker_id) AS offender, e.id,
           f.platform_id, f.worker_id, f.open, f.finished, f.first_at, f.last_at, f.last_assigned_at,
           f.paid, f.small
    FROM engagements e
    FULL JOIN ({sql.load(_SQL / "engagement_figures.sql")}) AS f
        ON (f.platform_id, f.worker_id) = (e.platform_id, e.worker_id)
    WHERE (e.open_tasks, e.finished_tasks, e.last_assigned_at, e.paid_amount, e.small_pay)
          IS DISTINCT FROM (f.open, f.finished, f.last_assigned_at, f.paid, f.small)
       OR e.first_at > f.first_no_later_than OR e.last_at < f.last_at
"""  # noqa: S608 - fragments of this file

WRONG_PLATFORMS = f"""
    SELECT p.id, f.paid, f.posted, f.active, f.engaged
    FROM platforms p JOIN ({sql.load(_SQL / "platform_figures.sql")}) AS f ON f.id = p.id
    WHERE (p.total_payouts, p.total_tasks, p.active_workers, p.unique_workers)
          IS DISTINCT FROM (f.paid, f.posted, f.active, f.engaged)
"""  # noqa: S608 - fragments of this file

_TALLIED = (*(f"{status}_tasks" for status in TaskStatus.values), "paid_amount", "fee_amount", "took")


def _columns(prefix: str = "") -> str:
    return ", ".join(prefix + name for name in _TALLIED)


WRONG_TALLIES = f"""
    SELECT coalesce(y.platform_id, f.platform_id) || ' ' || coalesce(y.task_type, f.task_type) AS offender,
           y.id, f.*
    FROM task_tallies y
    FULL JOIN ({sql.load(_SQL / "tally_figures.sql")}) AS f
        ON (f.platform_id, f.task_type) = (y.platform_id, y.task_type)
    WHERE ({_columns("y.")})
          IS DISTINCT FROM ({_columns("f.")})
"""  # noqa: S608 - fragments of this file


@atomic_with_retry
def recompute_all() -> dict[str, int]:
    """Every worker's statistics, every engagement, every platform's totals and tallies follow from the tasks;
    returns how many of each were wrong. Locks them in this order."""
    return {
        "workers": _recompute("workers", _refresh("SELECT id FROM workers")),
        "engagements": _recompute("engagements", *_REBUILD_ENGAGEMENTS),
        "platforms": _recompute("platforms", _REBUILD_PLATFORMS),
        "tallies": _recompute("task_tallies", *_REBUILD_TALLIES),
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
        INSERT INTO task_tallies (platform_id, task_type, {_columns()})
        SELECT platform_id, task_type, {_columns()} FROM ({WRONG_TALLIES}) AS wrong
        ON CONFLICT (platform_id, task_type) DO UPDATE
        SET ({_columns()}) = ({_columns("excluded.")})
    """,  # noqa: S608 - fragments of this file
)


def _recompute(table: str, *statements: str) -> int:
    """How many rows the statements changed. The lock is a statement of its own, so that they see what those
    who held the rows before have committed."""
    changed = 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} ORDER BY id FOR NO KEY UPDATE")  # noqa: S608 - a name of ours
        for statement in statements:
            cursor.execute(statement)
            changed += cursor.rowcount
    return changed
