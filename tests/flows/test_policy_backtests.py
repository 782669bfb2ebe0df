"""The command that replays the rules for advances: what it prints."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pytest
from django.core.management import CommandError

from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.policy.selectors.offers import assess_credit
from platforms import services as platforms
from tests.support.backtests import DAY, printed
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    started,
    trusted_worker,
)
from workers.models import Worker

pytestmark = pytest.mark.django_db


@dataclass(frozen=True, slots=True)
class Everybody:
    now: datetime
    borrower: Worker
    saver: Worker
    newcomer: Worker


@pytest.fixture(scope="module")
def people(module_transaction):
    """All for whom the rules are replayed."""
    now = database_now()
    return Everybody(now, _borrower(now), _saver(now), _newcomer(now))


def _borrower(now):
    """Ten tasks, reputation 500 + 100 + 300, score 270 + 150 + 50 + 160 + 100 = 730; 30 USDC at 3.5 %."""
    worker = trusted_worker(now=now)
    assessment = assess_credit(worker.pk, database_now())
    loan = loans.request_loan(worker_id=worker.pk, amount="30", fee_bps=350, grounds=assessment)
    approve_by_staff(loan_id=loan.pk)
    disbursement_services.disburse_loan(loan_id=loan.pk)
    assert (loan.risk_score, loan.fee) == (730, Decimal("1.05"))
    return worker


def _saver(now):
    """Return a worker without a loan: up to 49 x (0.5 + 0.3 x 0.73) = 35.231."""
    return trusted_worker(now=now)


def _newcomer(now):
    """Five tasks in five days, here for 20: 165 + 33.33 + 25 + 160 + 100 = 483. Nothing else is against."""
    worker = WorkerFactory(now=now - 20 * DAY)
    payers = [PlatformFactory(funds="1000") for _ in range(3)]
    for ago in range(5, 0, -1):
        task = started(worker, platform=payers[ago % 3], now=now - ago * DAY)
        platforms.complete_task(task_id=task.pk, now=now - (ago - 0.5) * DAY)
    return worker


GOOD = "reputation 900, score 730"
LESS = "reputation 900 -> 800, score 730 -> 700"


def test_under_todays_rules_nobody_gains_or_loses(people):
    assert printed("backtest_policy") == [
        "of 3 workers 0 become eligible, 0 are no longer",
        "maximum +0.00 USDC, lent +0.00 USDC, fees +0.00 USDC",
    ]
    everybody = printed("backtest_policy", "--all")
    assert everybody[0] == f"{people.borrower.pk} not eligible: {GOOD}, maximum 0.00, lent 30.00, fees 1.05"
    assert len(everybody) == 5


def test_dearer_advances_are_counted_worker_by_worker(people):
    assert printed("backtest_policy", "--fee", "700=400", "--fee", "600=500") == [
        f"{people.borrower.pk} not eligible: {GOOD}, maximum 0.00, lent 30.00, fees 1.05 -> 1.20",
        "of 3 workers 0 become eligible, 0 are no longer",
        "maximum +0.00 USDC, lent +0.00 USDC, fees +0.15 USDC",
    ]


def test_a_higher_threshold_shuts_out_and_a_lower_one_lets_in(people):
    assert printed("backtest_policy", "--lowest-score", "750") == [
        f"{people.borrower.pk} not eligible: {GOOD}, maximum 0.00, lent 30.00 -> 0.00, fees 1.05 -> 0.00",
        f"{people.saver.pk} no longer eligible: {GOOD}, maximum 35.231 -> 0.00, lent 0.00, fees 0.00",
        "of 3 workers 0 become eligible, 1 are no longer",
        "maximum -35.231 USDC, lent -30.00 USDC, fees -1.05 USDC",
    ]
    assert printed("backtest_policy", "--lowest-score", "450") == [
        f"{people.newcomer.pk} becomes eligible: reputation 550, score 483, maximum 0.00 -> 31.6001,"
        " lent 0.00, fees 0.00",
        "of 3 workers 1 become eligible, 0 are no longer",
        "maximum +31.6001 USDC, lent +0.00 USDC, fees +0.00 USDC",
    ]


def test_other_deltas_move_reputations_scores_and_what_follows(people):
    """Work that counts nothing: 100 less of reputation, 30 less of the score."""
    lines = printed("backtest_policy", "--delta", "completed=0", "--delta", "late=-20")

    assert lines[:2] == [
        f"{people.borrower.pk} not eligible: {LESS}, maximum 0.00, lent 30.00, fees 1.05",
        f"{people.saver.pk} eligible: {LESS}, maximum 35.231 -> 34.79, lent 0.00, fees 0.00",
    ]


def test_only_the_days_asked_for_are_replayed(people):
    # The tasks of the last five days, and the adjustment, which stays what it was.
    _, line, *_ = printed("backtest_policy", "--delta", "completed=0", "--days", "5")

    assert line.startswith(str(people.saver.pk))
    assert "reputation 900 -> 850, score 730 -> 715" in line


def test_an_advance_without_grounds_is_counted_and_not_replayed(people):
    worker = WorkerFactory(now=people.now)
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200)
    approve_by_staff(loan_id=loan.pk)
    disbursement_services.disburse_loan(loan_id=loan.pk)

    assert printed("backtest_policy")[-1] == (
        "not replayed: 1 advances that do not say what they were judged by"
    )


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--fee", "a=1"], "SCORE=BPS"),
        (["--fee", "700=x"], "is not NAME=NUMBER"),
        (["--fee", "1001=200"], "scores are 0 to 1000"),
        (["--fee", "700=1001"], "fees 0 to 1000 bps"),
        (["--lowest-score", "-1"], "--lowest-score is 0 to 1000"),
        (["--delta", "kindness=5"], "there is no delta kindness"),
        (["--days", "0"], "--days is at least 1"),
    ],
)
def test_rules_that_cannot_be_are_refused(arguments, words):
    with pytest.raises(CommandError, match=words):
        printed("backtest_policy", *arguments)
