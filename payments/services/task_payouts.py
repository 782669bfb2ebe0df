"""How much of each task's pay has reached its worker's wallet (`Task.payout_status`, `Task.paid_out_at`).

The rule is the SQL function `task_payouts`. It is applied where its answer may change: when a payout is
handed to the provider, confirmed or failed; when pay is repaid early or adjusted; when a task that was partly
paid closes without more pay; when a task that was paid gets a bonus. Making or cancelling a payout changes no
answer, and no release does.
"""

from collections.abc import Collection, Iterable, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from gigstream.lib import sql
from gigstream.lib.db import atomic_with_retry
from payments.models import CoveredTask, Transaction
from payments.statistics import WRONG_TASK_PAYOUTS
from platforms.enums import PayoutStatus
from platforms.models import Task

_SQL = Path(__file__).resolve().parent.parent / "sql"


def refresh_after(payouts: Sequence[Transaction]) -> None:
    """Work out anew how much is paid of the tasks whose pay these payouts carry. The payouts are locked and
    written; tasks are locked after transactions and before loans and accounts."""
    if payouts:
        _refresh(CoveredTask.objects.filter(payout__in=payouts).values("task"))


def refresh(task_ids: Collection[UUID]) -> None:
    """Work out anew how much is paid of these tasks. They are locked here, in the order of their ids: an act
    that has locked accounts before (early repayments, adjustments) may have to be run again."""
    if task_ids:
        _refresh(task_ids)


def refresh_closed(tasks: Iterable[Task]) -> None:
    """Work out anew how much is paid of these locked tasks, to which no more is to come: what has left may be
    all."""
    refresh({task.pk for task in tasks if task.payout_status != PayoutStatus.NONE})


def refresh_paid(tasks: Iterable[Task]) -> None:
    """Work out anew how much is paid of those of these locked tasks that were paid and now have got more."""
    refresh({task.pk for task in tasks if task.payout_status == PayoutStatus.PAID})


def _refresh(task_ids: Any) -> None:
    """Lock first, so that the statement that reads the payouts sees what everybody before has written."""
    locked = list(Task.objects.locked().filter(pk__in=task_ids).values_list("pk", flat=True))
    if locked:
        sql.rows(sql.load(_SQL / "refresh_task_payouts.sql"), {"tasks": locked})


@atomic_with_retry
def recompute_task_payouts() -> int:
    """Work out anew how much is paid of every task that says otherwise; return how many did."""
    wrong = [row["id"] for row in sql.rows(WRONG_TASK_PAYOUTS)]
    refresh(wrong)
    return len(wrong)
