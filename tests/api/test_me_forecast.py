"""A worker's own forecast, and the reasons of their risk score, over the API."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache

from gigstream.lib.clock import database_now
from loans import services as loans
from loans.offers import forecast_for, standing_of
from payments import services as payments
from payments.selectors import daily_earnings
from platforms import services as platforms
from tests.api_client import Api
from tests.factories import WorkerFactory, balance, running_stream, settle, started, trusted_worker

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory()


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def test_every_factor_of_the_risk_says_why_and_what_would_move_it(ana, api):
    platforms.complete_task(task_id=started(ana).pk)

    shown = api.get("me/risk").json()

    factors = {one["name"]: one for one in shown["factors"]}
    assert list(factors) == ["reputation", "age", "task", "performance", "dispute", "loan", "earnings"]
    for name, one in factors.items():
        assert Decimal(one["points"]) == Decimal(shown[f"{name}_points"])
        assert Decimal(one["highest"]) - Decimal(one["points"]) == Decimal(one["missing"])
        assert one["sentence"].endswith(".")
    assert factors["task"] == {
        "name": "task",
        "points": "5.00",
        "highest": "250.00",
        "missing": "245.00",
        "sentence": "Completed tasks: 1; 50 count in full.",
        "advice": "Each further completed task adds 5 points; tasks until it counts in full: 49.",
    }
    # Nothing is missing there, so there is nothing to do.
    assert (factors["dispute"]["missing"], factors["dispute"]["advice"]) == ("0.00", "")
    assert shown["best_move"] == "task"


# --- Forecast -----------------------------------------------------------------------------------------------


def test_who_has_earned_nothing_is_forecast_nothing(api):
    shown = api.get("me/forecast").json()

    assert (shown["amount"], shown["low"], shown["high"]) == ("0.000000", "0.000000", "0.000000")
    assert (shown["history_days"], shown["is_conservative"], shown["interval_percent"]) == (0, False, 80)


def test_a_forecast_takes_earnings_rewards_and_releases_from_the_ledger(ana, api):
    now = database_now()
    platforms.complete_task(task_id=started(ana, now=now - 30 * HOUR).pk, now=now - 26 * HOUR)
    payments.grant_reward(worker_id=ana.pk, amount="3", reason="a gift", key="g", now=now - 2 * HOUR)
    running_stream(ana, total="1", duration=3600, now=now - 2 * HOUR)
    payments.release_due_streams(now=now - HOUR / 2)
    before = balance(ana, "available")

    shown = api.get("me/forecast").json()

    # 10 on the day before, 3 and 1 on the last: 14 / 2 x 7 x 0.7.
    assert before == 14
    assert (shown["amount"], shown["history_days"], shown["is_conservative"]) == ("34.300000", 2, True)
    assert sum(Decimal(day["amount"]) for day in shown["days"]) == Decimal("34.3")
    starts, ends = ([day[name] for day in shown["days"]] for name in ("starts_at", "ends_at"))
    assert starts[1:] == ends[:-1]


def test_withheld_repayments_and_refused_work_do_not_change_a_forecast(ana):
    now = database_now()
    loan = loans.request_loan(worker_id=ana.pk, amount="20", fee_bps=200, now=now - 5 * HOUR)
    loans.approve_loan(loan_id=loan.pk, now=now - 5 * HOUR)
    loans.disburse_loan(loan_id=loan.pk, now=now - 5 * HOUR)
    settle(now - 4 * HOUR)
    platforms.complete_task(task_id=started(ana, now=now - 4 * HOUR).pk, now=now - 3 * HOUR)

    # The advance itself is no pay; the earning counts in full, though half of it went to the loan.
    assert daily_earnings([ana.pk], now=now, days=90) == {ana.pk: [10]}
    assert forecast_for(ana.pk, now).amount == 49
    assert forecast_for(ana.pk, now - 4 * HOUR).amount == 0


def test_what_lies_before_the_window_makes_the_days_without_pay_count(ana):
    now = database_now()
    for ago in (100, 2):
        payments.grant_reward(
            worker_id=ana.pk, amount="9", reason="a gift", key=f"{ago}", now=now - 24 * ago * HOUR
        )

    (history,) = daily_earnings([ana.pk], now=now, days=90).values()

    assert (len(history), sum(history), history[-3:]) == (90, 9, [9, 0, 0])
    assert daily_earnings([ana.pk], now=now - 48 * HOUR, days=200)[ana.pk] == [9, *[0] * 97, 9]


def test_a_forecast_costs_the_same_for_one_entry_or_many(ana, api, django_assert_num_queries):
    for count in (1, 5):
        for _ in range(count):
            platforms.complete_task(task_id=started(ana).pk)
        with django_assert_num_queries(3):
            assert api.get("me/forecast").status_code == 200


def test_without_earnings_to_forecast_from_there_is_no_advance():
    """The last pay is long ago: the worker's standing is as good as before."""
    worker = trusted_worker(now=database_now())
    now = database_now() + 120 * DAY

    standing = standing_of(worker.pk, now)

    assert (standing.eligible, standing.maximum, standing.fee_bps) == (False, None, None)
    assert list(standing.reasons) == [
        "the forecast of 0.00 USDC allows 0.00 USDC, at least 1.00 USDC is lent"
    ]
