"""The command that replays forecasts: what it prints."""

import pytest
from django.core.management import CommandError

from gigstream.core.clock import database_now
from tests.support.backtests import earner, printed
from tests.support.factories import (
    WorkerFactory,
)

pytestmark = pytest.mark.django_db


# --- The forecast -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def earners(module_transaction):
    """One whose weeks are alike, one whose last week was half of the others, and one without work."""
    now = database_now()
    steady = earner([10, 20, 0, 0, 0, 0, 30] * 4, now=now)
    halved = earner([10] * 21 + [5] * 7, now=now)
    WorkerFactory()
    return steady, halved


@pytest.mark.long_form
def test_errors_of_the_forecast_are_printed_by_worker_and_in_sum(earners):
    steady, halved = earners

    header, *lines = printed("backtest_forecast")

    assert header.split() == ["worker", "trials", "MAPE", "%", "naive", "%", "bias", "%", "80", "%"]
    assert [line.split() for line in lines] == [
        [str(steady.pk), "2", "0.0", "0.0", "0.0", "100.0"],
        # 70 expected for 70, then 70 for 35.
        [str(halved.pk), "2", "50.0", "50.0", "33.3", "50.0"],
        ["all", "workers", "4", "25.0", "25.0", "15.6", "75.0"],
    ]


@pytest.mark.long_form
def test_one_worker_and_the_sum_alone_can_be_asked_for(earners):
    one, _ = earners

    assert [line.split()[:2] for line in printed("backtest_forecast", "--worker", str(one.pk))[1:]] == [
        [str(one.pk), "2"],
        ["all", "workers"],
    ]
    assert len(printed("backtest_forecast", "--sum")) == 2
    assert printed("backtest_forecast", "--shortest", "28")[1:] == [
        f"{'all workers':36} {0:>7} {'-':>7} {'-':>8} {'-':>7} {'-':>6}"
    ]


@pytest.mark.long_form
def test_forecasts_reach_back_as_far_as_asked(earners):
    reached = [printed("backtest_forecast", "--days", str(days))[-1].split()[2] for days in (7, 14, 90)]

    assert reached == ["2", "4", "4"]


@pytest.mark.parametrize("option", ["--days", "--step", "--shortest"])
def test_a_span_is_at_least_a_day(option):
    with pytest.raises(CommandError, match=f"{option} is at least 1"):
        printed("backtest_forecast", option, "0")
