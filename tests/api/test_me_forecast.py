"""A worker's own forecast, and the reasons of their risk score, over the API."""

import re
from datetime import timedelta
from decimal import Decimal
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import connection

from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.policy.selectors.offers import assess_credit, forecast_for
from payments import services as payments
from payments.figures.selectors.days import daily_earnings
from payments.ledger.services import accounts
from platforms import services as platforms
from tests.support.api.client import Api
from tests.support.factories import (
    WorkerFactory,
    approve_by_staff,
    balance,
    running_stream,
    settle,
    started,
    trusted_worker,
)
from tests.support.pages.addresses import whole_page
from workers.models import Worker

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory()


@pytest.fixture(scope="module", autouse=True)
def trusted_pk(module_transaction):
    """The key of a worker with ten tasks, made once."""
    return trusted_worker(now=database_now()).pk


@pytest.fixture
def trusted(trusted_pk):
    return Worker.objects.get(pk=trusted_pk)


def text_of(html):
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


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
        "points": "0.00",
        "highest": "250.00",
        "missing": "250.00",
        "sentence": "Completed tasks: 1, of which 0 count: those of at least 1 USDC, and of one platform at"
        " most 40 % of them; 50 count in full.",
        "advice": "Each further one that counts adds 5 points, and work for other platforms makes more of"
        " them count; until it counts in full: 50.",
    }
    # Nothing is missing there, so there is nothing to do.
    assert (factors["dispute"]["missing"], factors["dispute"]["advice"]) == ("0.00", "")
    assert shown["best_move"] == "task"


# --- Forecast -----------------------------------------------------------------------------------------------


def test_who_has_earned_nothing_is_forecast_nothing(api):
    shown = api.get("me/forecast").json()

    assert (shown["amount"], shown["low"], shown["high"]) == ("0.000000", "0.000000", "0.000000")
    assert (shown["history_days"], shown["is_conservative"], shown["interval_percent"]) == (0, False, 80)


def test_a_forecast_takes_earnings_and_releases_of_each_payer_from_the_ledger(ana, api):
    now = database_now()
    platforms.complete_task(task_id=started(ana, now=now - 30 * HOUR).pk, now=now - 26 * HOUR)
    payments.grant_reward(worker_id=ana.pk, amount="3", reason="a gift", key="g", now=now - 2 * HOUR)
    running_stream(ana, total="1", duration=3600, now=now - 2 * HOUR)
    payments.release_due_streams(now=now - HOUR / 2)
    before = balance(ana, "available")

    shown = api.get("me/forecast").json()

    # 10 of a payer on the day before, of which 0.4 x 11 count, and 1 of another on the last; the gift of 3
    # does not: 5.4 / 2 x 7 x 0.7.
    assert before == 14
    assert (shown["amount"], shown["history_days"], shown["is_conservative"]) == ("13.230000", 2, True)
    assert sum(Decimal(day["amount"]) for day in shown["days"]) == Decimal("13.23")
    starts, ends = ([day[name] for day in shown["days"]] for name in ("starts_at", "ends_at"))
    assert starts[1:] == ends[:-1]


def test_withheld_repayments_and_refused_work_do_not_change_a_forecast(ana):
    now = database_now()
    loan = loans.request_loan(worker_id=ana.pk, amount="20", fee_bps=200, now=now - 5 * HOUR)
    approve_by_staff(loan_id=loan.pk, now=now - 5 * HOUR)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=now - 5 * HOUR)
    settle(now - 4 * HOUR)
    platforms.complete_task(task_id=started(ana, now=now - 4 * HOUR).pk, now=now - 3 * HOUR)

    # The advance itself is no pay; the earning counts as an only payer's, though half went to the loan.
    assert daily_earnings([ana.pk], now=now, days=90) == {ana.pk: [10]}
    assert forecast_for(ana.pk, now).amount == Decimal("19.6")
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


def test_a_day_ends_exactly_24_hours_before_the_next(ana):
    now = database_now()
    for number, ago in enumerate((timedelta(0), DAY - timedelta(microseconds=1), DAY, 2 * DAY)):
        payments.grant_reward(
            worker_id=ana.pk, amount=f"{10**number}", reason="a gift", key=f"{number}", now=now - ago
        )

    assert daily_earnings([ana.pk], now=now, days=90) == {ana.pk: [1000, 100, 11]}
    assert daily_earnings([ana.pk], now=now - DAY, days=90) == {ana.pk: [1000, 100]}
    assert daily_earnings([ana.pk], now=now - 3 * DAY, days=90) == {}


def test_the_history_is_found_through_the_account_however_large_the_ledger(ana):
    now = database_now()
    with connection.cursor() as cursor:
        # Entries of accounts that only the planner's statistics will ever look at.
        cursor.execute(
            "INSERT INTO ledger_entries (kind, debit_account_id, credit_account_id, amount, idempotency_key,"
            " created_at) SELECT 'reward', %s, -1 - i %% 200, 1, 'r' || i, now()"
            " FROM generate_series(1, 20000) i",
            [accounts.of_house("rewards")],
        )
        payments.grant_reward(worker_id=ana.pk, amount="5", reason="a gift", key="mine", now=now)
        cursor.execute("ANALYZE ledger_entries")
        plan = []

        def explained(execute, statement, parameters, many, context):
            if "ledger_entries" in statement:
                execute(f"EXPLAIN {statement}", parameters, many, context)
                plan.extend(line for (line,) in context["cursor"].fetchall())
            return execute(statement, parameters, many, context)

        with connection.execute_wrapper(explained):
            assert daily_earnings([ana.pk], now=now, days=90) == {ana.pk: [5]}

    assert any("ledger_credits" in line for line in plan), plan
    assert not any("Seq Scan on ledger_entries" in line for line in plan), plan


def test_a_forecast_costs_the_same_for_one_entry_or_many(ana, api, django_assert_num_queries):
    for count in (1, 5):
        for _ in range(count):
            platforms.complete_task(task_id=started(ana).pk)
        with django_assert_num_queries(3):
            assert api.get("me/forecast").status_code == 200


def test_without_earnings_to_forecast_from_there_is_no_advance(trusted):
    """The last pay is long ago: score and eligibility are as good as before."""
    now = database_now() + 120 * DAY

    assessment = assess_credit(trusted.pk, now)

    assert (assessment.eligible, assessment.maximum, assessment.fee_bps) == (False, None, None)
    assert list(assessment.reasons) == [
        "the forecast of 0.00 USDC allows 0.00 USDC, at least 1.00 USDC is lent"
    ]


# --- For staff ----------------------------------------------------------------------------------------------


def test_staff_see_the_same_forecast_and_the_same_reasons(client, trusted):
    client.force_login(User.objects.create_superuser("root", "root@example.com", "root"))

    shown = text_of(whole_page(client, trusted))

    # Ten days of 10 USDC, and a score of 730 of which 200 are missing for tasks.
    assert "Earnings forecast for the next 7 days" in shown
    assert "49.00 USDC" in shown
    assert "10, cut to 0.7" in shown
    assert "35.231 USDC" in shown
    assert "What the risk score is made of" in shown
    mine = Api.as_worker(trusted).get("me/risk").json()
    for factor in mine["factors"]:
        assert factor["sentence"] in shown
        assert f"{factor['points']} of {factor['highest']}" in shown
    assert mine["best_move"] == "task"
    assert "Most: Each further one that counts adds 5 points, and work for other platforms" in shown


def test_staff_who_may_not_see_risks_see_neither(client, trusted):
    support = User.objects.create_user("support", password="x", is_staff=True)
    support.user_permissions.add(Permission.objects.get(codename="view_worker"))
    client.force_login(support)

    shown = text_of(whole_page(client, trusted))

    assert "Earnings forecast" not in shown
    assert "What the risk score" not in shown
