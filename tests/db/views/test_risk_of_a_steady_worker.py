"""The risk assessment of a steady worker, and the reasons that bar one."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

import pytest

from gigstream.core.clock import database_now
from loans.policy.reports import WorkerRiskAssessment
from loans.recovery import services as loans
from platforms.models import Platform
from reputation.scores import services as reputation
from tests.db.views.test_worker_risk_assessment import three_platforms
from tests.support.database.clock import stop_clock
from tests.support.decisions import suspend_worker
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    fund,
    seconds,
)
from tests.support.histories import (
    active_loan,
    cancelled,
    columns,
    completed,
    days,
)
from workers.models import Worker

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("steady_pk")]


@pytest.fixture(scope="module")
def now(module_transaction: None) -> datetime:
    """The time at which the clock stands still for all tests here."""
    at = database_now()
    stop_clock(at)
    return at


@pytest.fixture(scope="module")
def steady_pk(now: datetime) -> UUID:
    platform = PlatformFactory(now=now - days(100))
    fund(platform, "100000", now=now - days(100))
    return steady_worker(now, platform).pk


@pytest.fixture
def worker(steady_pk: UUID) -> Worker:
    return Worker.objects.get(pk=steady_pk)


def steady_worker(now: datetime, platform: Platform) -> Worker:
    """Return a worker of 60 days; 10 USDC in each of the last 8 weeks, from three platforms in turn: 4
    tasks without a due date, 2 on time, 2 late; another cancelled by its platform 5 days ago."""
    worker = WorkerFactory(now=now - days(60))
    payers = three_platforms(platform, now)
    for week in reversed(range(8)):
        at = now - days(7 * week + 3.5)
        due_at = {6: at, 7: at + days(1), 4: at - seconds(1), 5: at - seconds(3599)}.get(week)
        completed(worker, platform=payers[week % 3], at=at, due_at=due_at, rating={0: 5, 1: 4}.get(week))
    cancelled(worker, platform=platform, at=now - days(5))
    return worker


def test_every_factor_of_a_steady_worker(now, worker):
    row = WorkerRiskAssessment.objects.get(worker=worker)

    # Reputation 500 + 8 x 10 + 2 x 5 - 2 x 10 + 10 + 5. Of the two ratings each platform's has 0.4 of the
    # weight, and 3 the rest. Performance 80 x 4/4 + 80 x 6/8 + 8 x 4.2.
    assert columns(row) == {
        "worker": worker.pk,
        "reputation_score": 585,
        "account_age_days": 60,
        "completed_tasks": 8,
        "counted_tasks": 8,
        "completion_rate": 100,
        "completed_tasks_30_days": 4,
        "completion_rate_30_days": 100,
        "earned_30_days": 40,
        "on_time_rate": 75,
        "average_rating": Decimal("4.5"),
        "counted_rating": Decimal("4.2"),
        "disputes": 0,
        "weeks_with_earnings": 8,
        "earnings_variation": 0,
        "loans": 0,
        "open_loans": 0,
        "repaid_loans": 0,
        "repaid_on_time_loans": 0,
        "defaulted_loans": 0,
        "owed_amount": 0,
        "written_off_amount": 0,
        "reputation_points": Decimal("175.5"),
        "age_points": 100,
        "task_points": 40,
        "performance_points": Decimal("173.6"),
        "dispute_points": 100,
        "loan_points": 0,
        "earnings_points": 30,
        "score": 619,
        "eligible": True,
        "reasons": [],
    }


def test_an_open_loan_bars_another(now, worker):
    active_loan(worker, at=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)

    assert (row.eligible, row.reasons) == (False, ["another loan is open"])
    assert (row.loans, row.open_loans, row.owed_amount) == (1, 1, Decimal("10.2"))


def test_a_defaulted_loan_bars_another_also_when_the_house_bore_it(now, worker):
    reputation.adjust_reputation(worker_id=worker.pk, delta=400, reason="to see", now=now)
    loan = active_loan(worker, at=now - days(70))
    loans.default_overdue_loans(now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)
    assert row.reasons == ["a defaulted loan still owes 10.20 USDC"]

    loans.write_off(loan_id=loan.pk, requested_by="a", approved_by="b", reason="gone", now=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)
    assert (row.owed_amount, row.loan_points, row.written_off_amount) == (0, -50, Decimal("10.2"))
    assert (row.eligible, row.reasons) == (False, ["the house bore 10.20 USDC of an earlier loan"])


def test_a_suspended_or_deleted_worker_is_not_eligible(now, worker):
    suspend_worker(worker_id=worker.pk, reason="checks")
    assert WorkerRiskAssessment.objects.get(worker=worker).reasons == ["the worker is suspended"]

    Worker.objects.filter(pk=worker.pk).update(deleted_at=now)

    row = WorkerRiskAssessment.objects.get(worker=worker)
    assert (row.eligible, row.reasons) == (False, ["the account was deleted", "the worker is suspended"])
