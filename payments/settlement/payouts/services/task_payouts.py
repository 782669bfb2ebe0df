"""Payout status of tasks: how much of the pay has reached the wallet (`Task.payout_status`,
`Task.paid_out_at`).

The rule is the SQL function `task_payouts`. It is applied where its result may change: when a payout is
submitted to the provider, confirmed or failed; when pay is repaid early or adjusted; when a task that was
partly paid closes without more pay; when a task that was paid gets a bonus. Making or cancelling a payout
changes no result, and no release does.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

from gigstream.core import sql
from gigstream.core.unit import in_unit
from payments.figures.services.statistics import WRONG_TASK_PAYOUTS
from payments.models import CoveredTask, Transaction
from platforms.models import Task
from platforms.tasks.enums import PayoutStatus


def refresh_after(payouts: Sequence[Transaction]) -> None:
    """Recompute the payout status of the tasks whose pay these payouts carry. The payouts are locked and
    written; tasks are locked after transactions and before loans and accounts."""
    if payouts:
        _refresh_locked(CoveredTask.objects.filter(payout__in=payouts).values("task"))


def refresh_tasks(task_ids: Collection[UUID]) -> None:
    """Recompute the payout status of these tasks. They are locked here, in the order of their ids: an act
    that has locked accounts before (early repayments, adjustments) may have to be run again."""
    if task_ids:
        _refresh_locked(task_ids)


def refresh_closed(tasks: Iterable[Task]) -> None:
    """Recompute the payout status of these locked tasks, which get no more pay: all of it may have left."""
    refresh_tasks({task.pk for task in tasks if task.payout_status != PayoutStatus.NONE})


def refresh_paid(tasks: Iterable[Task]) -> None:
    """Recompute the payout status of the tasks among these locked tasks that were paid and got more pay."""
    refresh_tasks({task.pk for task in tasks if task.payout_status == PayoutStatus.PAID})


def _refresh_locked(task_ids: Any) -> None:
    """Lock the tasks first, so that the statement that reads the payouts sees all earlier writes."""
    locked = list(Task.objects.locked().filter(pk__in=task_ids).values_list("pk", flat=True))
    if locked:
        sql.run("payments/settlement/payouts/refresh_task_payouts", tasks=locked)


@in_unit
def recompute_task_payouts() -> int:
    """Recompute the payout status of every task that differs from its payouts; return how many."""
    wrong = [row["id"] for row in sql.rows(WRONG_TASK_PAYOUTS)]
    refresh_tasks(wrong)
    return len(wrong)
