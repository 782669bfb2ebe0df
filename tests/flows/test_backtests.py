"""The commands that replay history: what they print, and that they write nothing."""

from datetime import timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from gigstream.lib.clock import database_now
from loans import services as loans
from loans.offers import standing_of
from platforms import services as platforms
from reputation.services import adjust_reputation
from tests.factories import PlatformFactory, WorkerFactory, approve_by_staff, settle, started, trusted_worker

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def printed(name, *arguments):
    out = StringIO()
    call_command(name, *arguments, stdout=out)
    return out.getvalue().splitlines()


def earner(amounts, *, now):
    """Who has earned these amounts on as many days up to now, the oldest first; all of it counts."""
    worker = WorkerFactory(now=now - len(amounts) * DAY)
    payers = {PlatformFactory(funds="2000"): Decimal(part) for part in ("0.4", "0.4", "0.2")}
    for number, amount in enumerate(amounts):
        at = now - (len(amounts) - number - 0.5) * DAY
        for platform, part in payers.items() if amount else ():
            task = started(worker, platform=platform, amount=f"{amount * part:.6f}", now=at)
            platforms.complete_task(task_id=task.pk, now=at)
    return worker


# --- The forecast -------------------------------------------------------------------------------------------


def test_errors_of_the_forecast_are_printed_by_worker_and_in_sum():
    now = database_now()
    steady = earner([10, 20, 0, 0, 0, 0, 30] * 4, now=now)
    halved = earner([10] * 21 + [5] * 7, now=now)
    WorkerFactory()

    header, *lines = printed("backtest_forecast")

    assert header.split() == ["worker", "trials", "MAPE", "%", "naive", "%", "bias", "%", "80", "%"]
    assert [line.split() for line in lines] == [
        [str(steady.pk), "2", "0.0", "0.0", "0.0", "100.0"],
        # 70 expected for 70, then 70 for 35.
        [str(halved.pk), "2", "50.0", "50.0", "33.3", "50.0"],
        ["all", "workers", "4", "25.0", "25.0", "15.6", "75.0"],
    ]


def test_one_worker_and_the_sum_alone_can_be_asked_for():
    now = database_now()
    one, _ = (earner([10] * 21, now=now) for _ in range(2))

    assert [line.split()[:2] for line in printed("backtest_forecast", "--worker", str(one.pk))[1:]] == [
        [str(one.pk), "1"],
        ["all", "workers"],
    ]
    assert len(printed("backtest_forecast", "--sum")) == 2
    assert printed("backtest_forecast", "--shortest", "21")[1:] == [
        f"{'all workers':36} {0:>7} {'-':>7} {'-':>8} {'-':>7} {'-':>6}"
    ]


def test_forecasts_reach_back_as_far_as_asked():
    earner([10] * 35, now=database_now())

    reached = [printed("backtest_forecast", "--days", str(days))[-1].split()[2] for days in (7, 14, 90)]

    assert reached == ["1", "2", "3"]


@pytest.mark.parametrize("option", ["--days", "--step", "--shortest"])
def test_a_span_is_at_least_a_day(option):
    with pytest.raises(CommandError, match=f"{option} is at least 1"):
        printed("backtest_forecast", option, "0")


# --- Rules for advances -------------------------------------------------------------------------------------


@pytest.fixture
def now():
    return database_now()


@pytest.fixture
def borrower(now):
    """Ten tasks, reputation 500 + 100 + 300, score 270 + 150 + 50 + 160 + 100 = 730; 30 USDC at 3.5 %."""
    worker = trusted_worker(now=now)
    standing = standing_of(worker.pk, database_now())
    loan = loans.request_loan(worker_id=worker.pk, amount="30", fee_bps=350, grounds=standing)
    approve_by_staff(loan_id=loan.pk)
    loans.disburse_loan(loan_id=loan.pk)
    assert (loan.risk_score, loan.fee) == (730, Decimal("1.05"))
    return worker


@pytest.fixture
def saver(now):
    """The same without a loan: up to 49 x (0.5 + 0.3 x 0.73) = 35.231."""
    return trusted_worker(now=now)


@pytest.fixture
def newcomer(now):
    """Five tasks in five days, here for 20: 165 + 33.33 + 25 + 160 + 100 = 483. Nothing else is against."""
    worker = WorkerFactory(now=now - 20 * DAY)
    payers = [PlatformFactory(funds="1000") for _ in range(3)]
    for ago in range(5, 0, -1):
        task = started(worker, platform=payers[ago % 3], now=now - ago * DAY)
        platforms.complete_task(task_id=task.pk, now=now - (ago - 0.5) * DAY)
    return worker


GOOD = "reputation 900, score 730"
LESS = "reputation 900 -> 800, score 730 -> 700"


def test_under_todays_rules_nobody_gains_or_loses(borrower, saver, newcomer):
    assert printed("backtest_policy") == [
        "of 3 workers 0 become eligible, 0 are no longer",
        "maximum +0.00 USDC, lent +0.00 USDC, fees +0.00 USDC",
    ]
    everybody = printed("backtest_policy", "--all")
    assert everybody[0] == f"{borrower.pk} not eligible: {GOOD}, maximum 0.00, lent 30.00, fees 1.05"
    assert len(everybody) == 5


def test_dearer_advances_are_counted_worker_by_worker(borrower, saver, newcomer):
    assert printed("backtest_policy", "--fee", "700=400", "--fee", "600=500") == [
        f"{borrower.pk} not eligible: {GOOD}, maximum 0.00, lent 30.00, fees 1.05 -> 1.20",
        "of 3 workers 0 become eligible, 0 are no longer",
        "maximum +0.00 USDC, lent +0.00 USDC, fees +0.15 USDC",
    ]


def test_a_higher_threshold_shuts_out_and_a_lower_one_lets_in(borrower, saver, newcomer):
    assert printed("backtest_policy", "--lowest-score", "750") == [
        f"{borrower.pk} not eligible: {GOOD}, maximum 0.00, lent 30.00 -> 0.00, fees 1.05 -> 0.00",
        f"{saver.pk} no longer eligible: {GOOD}, maximum 35.231 -> 0.00, lent 0.00, fees 0.00",
        "of 3 workers 0 become eligible, 1 are no longer",
        "maximum -35.231 USDC, lent -30.00 USDC, fees -1.05 USDC",
    ]
    assert printed("backtest_policy", "--lowest-score", "450") == [
        f"{newcomer.pk} becomes eligible: reputation 550, score 483, maximum 0.00 -> 31.6001, lent 0.00,"
        " fees 0.00",
        "of 3 workers 1 become eligible, 0 are no longer",
        "maximum +31.6001 USDC, lent +0.00 USDC, fees +0.00 USDC",
    ]


def test_other_deltas_move_reputations_scores_and_what_follows(borrower, saver):
    """Work that counts nothing: 100 less of reputation, 30 less of the score."""
    lines = printed("backtest_policy", "--delta", "completed=0", "--delta", "late=-20")

    assert lines[:2] == [
        f"{borrower.pk} not eligible: {LESS}, maximum 0.00, lent 30.00, fees 1.05",
        f"{saver.pk} eligible: {LESS}, maximum 35.231 -> 34.79, lent 0.00, fees 0.00",
    ]


def test_only_the_days_asked_for_are_replayed(saver):
    # The tasks of the last five days, and the adjustment, which stays what it was.
    line, *_ = printed("backtest_policy", "--delta", "completed=0", "--days", "5")

    assert "reputation 900 -> 850, score 730 -> 715" in line


def test_an_advance_without_grounds_is_counted_and_not_replayed(now):
    worker = WorkerFactory(now=now)
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200)
    approve_by_staff(loan_id=loan.pk)
    loans.disburse_loan(loan_id=loan.pk)

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


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("command", ["backtest_forecast", "backtest_policy"])
def test_a_replay_runs_in_one_read_only_transaction(command):
    now = database_now()
    worker = earner([10] * 21, now=now)
    adjust_reputation(worker_id=worker.pk, delta=10, reason="good work", now=now)
    settle(now)
    modes = set()

    def look(execute, statement, parameters, many, context):
        result = execute(statement, parameters, many, context)
        if statement.lstrip().startswith(("SELECT", "--", "WITH")):
            shown = context["connection"].connection.execute(
                "SELECT current_setting('transaction_read_only'), current_setting('transaction_isolation')"
            )
            modes.add(shown.fetchone())
        return result

    with connection.execute_wrapper(look):
        printed(command)

    assert modes == {("on", "repeatable read")}
