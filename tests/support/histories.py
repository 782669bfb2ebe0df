"""Short histories of work, pay and advances, for tests of figures."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Model, Sum
from django.forms.models import model_to_dict

from loans.applications import services as applications_services
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.models import LedgerEntry
from platforms import services as platforms
from platforms.models import Task
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    approve_by_staff,
    assigned,
    seconds,
    settle,
    started,
)
from workers.models import Worker


def days(count: float) -> timedelta:
    return timedelta(days=count)


def columns(row: Model, *, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return every column of a report row by name, foreign keys as ids."""
    return {name: value for name, value in model_to_dict(row).items() if name not in without}


def completed(
    worker: Worker,
    *,
    at: datetime,
    took: timedelta = timedelta(hours=1),
    rating: int | None = None,
    **kwargs: Any,
) -> Task:
    """Return a task that was posted and begun `took` before it was completed at `at`."""
    task = started(worker, now=at - took, **kwargs)
    platforms.complete_task(task_id=task.pk, now=at)
    if rating:
        platforms.rate_worker(task_id=task.pk, rating=rating, now=at)
    return Task.objects.get(pk=task.pk)


def cancelled(worker: Worker, *, at: datetime, **kwargs: Any) -> Task:
    task = assigned(worker, now=at - seconds(60), **kwargs)
    return platforms.cancel_task(task_id=task.pk, now=at)


def lost(worker: Worker, *, at: datetime, **kwargs: Any) -> None:
    """Decide a task's dispute against the worker, all of it given back to the platform."""
    task = started(worker, now=at - seconds(60), **kwargs)
    platforms.dispute_task(task_id=task.pk, severity=1, reason="wrong", now=at)
    resolve_dispute(task_id=task.pk, outcome="platform", worker_amount="0", now=at)


def milestone_task(worker: Worker, *amounts: str, at: datetime, **kwargs: Any) -> Task:
    plan = [platforms.MilestonePlan(f"step {n}", amount) for n, amount in enumerate(amounts, start=1)]
    total = sum(Decimal(amount) for amount in amounts)
    return started(worker, task_type="milestone", amount=total, milestones=plan, now=at, **kwargs)


def bonus(task: Task, amount: str, *, at: datetime) -> None:
    report = platforms.WorkReport(task.pk, "bonus", external_id=f"bonus {task.pk}", amount=amount)
    platforms.record_work_event(platform_id=task.platform_id, report=report, now=at)


def active_loan(worker: Worker, amount: str = "10", *, at: datetime) -> Loan:
    """Return a loan of `amount` at 2 %, whose advance the chain has confirmed."""
    loan = applications_services.request_loan(worker_id=worker.pk, amount=amount, fee_bps=200, now=at)
    approve_by_staff(loan_id=loan.pk, now=at)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=at)
    settle(at)
    return Loan.objects.get(pk=loan.pk)


def repay(loan: Loan, amount: str | None = None, *, at: datetime) -> Loan:
    """Repay the loan out of a reward."""
    value = loan.owed if amount is None else Decimal(amount)
    payments.grant_reward(
        worker_id=loan.worker_id, amount=value, reason="a gift", key=f"{loan.pk}:{at}", now=at
    )
    return repayment_services.repay_early(loan_id=loan.pk, amount=value, now=at)


def in_the_ledger(worker: Worker) -> Decimal:
    entries = LedgerEntry.objects.filter(
        credit_account__worker=worker,
        credit_account__name="available",
        kind__in=["release", "earning", "reward"],
    )
    return entries.aggregate(total=Sum("amount"))["total"]
