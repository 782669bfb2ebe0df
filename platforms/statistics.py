"""The derived columns of workers, platforms and engagements, each rule once, for a set of rows."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Self
from uuid import UUID

from django.db import connection

from gigstream.lib import sql
from platforms.enums import FINISHED_STATUSES, OPEN_STATUSES
from platforms.models import Task

_SQL = Path(__file__).resolve().parent / "sql"


@dataclass(frozen=True, slots=True)
class TaskMove:
    """What one task's statistics-bearing change was. `before` is None for a task that has just been posted;
    `paid` is by how much the task's closed pay grew."""

    task_id: UUID
    platform_id: UUID
    worker_id: UUID | None
    before: str | None
    before_worker_id: UUID | None
    after: str
    paid: Decimal
    at: datetime

    @classmethod
    def of(cls, task: Task, *, before: str, paid: Decimal, at: datetime) -> Self:
        """The move of a task whose worker has not changed."""
        return cls(task.pk, task.platform_id, task.worker_id, before, task.worker_id, task.status, paid, at)

    def deltas(self) -> dict[str, object]:
        """By how much each count of the engagement and the platform grows."""
        was_engaged = self.before_worker_id is not None
        is_engaged = self.worker_id is not None
        return {
            "platform_id": str(self.platform_id),
            "worker_id": str(self.worker_id) if is_engaged else None,
            "open": (is_engaged and self.after in OPEN_STATUSES)
            - (was_engaged and self.before in OPEN_STATUSES),
            "finished": (is_engaged and self.after in FINISHED_STATUSES)
            - (was_engaged and self.before in FINISHED_STATUSES),
            "posted": int(self.before is None),
            "paid": str(self.paid),
            "at": self.at.isoformat(),
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
        cursor.execute(sql.load(_SQL / "refresh_workers.sql"), {"ids": ids})


def add_to_platforms(moves: Sequence[TaskMove]) -> None:
    """`update_platform_statistics` for a set: engagements and platforms grow by what the moves changed."""
    if not moves:
        return
    batch = json.dumps([move.deltas() for move in moves])
    with connection.cursor() as cursor:
        cursor.execute(sql.load(_SQL / "engage.sql"), {"moves": batch})
        new = [platform_id for (platform_id,) in cursor.fetchall()]
        cursor.execute(sql.load(_SQL / "add_to_platforms.sql"), {"moves": batch, "new": new})
