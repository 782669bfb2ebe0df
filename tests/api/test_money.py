"""A platform's balance, deposits, transactions, explanations and figures over the API."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db.models import Sum

from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from payments import services as payments
from payments.models import LedgerEntry, Transaction
from platforms import services as platforms
from platforms.services import MilestonePlan, WorkReport
from tests.support.api.client import Api, is_problem
from tests.support.database.identity import database_made
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    balance,
    fund,
    running_stream,
    seconds,
    settle,
    started,
)

pytestmark = pytest.mark.django_db


# --- Balance and deposits -----------------------------------------------------------------------------------


def test_the_balance_says_what_is_free_and_what_is_promised(platform, api):
    now = database_now()
    assigned(platform=platform, amount="10", now=now)
    running_stream(platform=platform, total="72", duration=7200, now=now)

    answer = api.get("balance").json()

    assert answer == {
        "available": "916.360000",
        "escrow": "83.640000",
        "open_tasks": 2,
        "open_streams": 1,
        "unreleased": "72.000000",
        "quest_budgets": "0.000000",
        "streaming_per_hour": "36.000000",
        "posted_per_day": "11.948571",
        "runway_days": "76.7",
    }


def test_a_new_platform_has_nothing_and_no_runway():
    answer = Api.of(PlatformFactory()).get("balance").json()

    assert (answer["available"], answer["escrow"], answer["runway_days"]) == ("0.000000", "0.000000", None)


def test_in_the_sandbox_a_deposit_is_there_at_once(platform, api):
    answer = api.post("deposits", {"amount": "25.5"}, key="one")

    assert answer.status_code == 201
    assert (answer.json()["type"], answer.json()["status"]) == ("deposit", "confirmed")
    assert answer.json()["tx_hash"].startswith("0x")
    assert balance(platform, "available") == Decimal("1025.5")
    assert api.post("deposits", {"amount": "25.5"}, key="one").content == answer.content
    assert balance(platform, "available") == Decimal("1025.5")
    api.post("deposits", {"amount": "25.5"}, key="two")
    assert balance(platform, "available") == 1051


def test_the_same_key_of_another_platform_is_another_deposit(platform, api):
    other = Api.of(PlatformFactory())

    hashes = {one.post("deposits", {"amount": "5"}, key="same").json()["tx_hash"] for one in (api, other)}

    assert len(hashes) == 2


class RealMoney:
    name = "real"
    simulated = False


def test_real_deposits_are_seen_on_chain_and_not_told(platform, api, settings):
    settings.PAYMENT_PROVIDER = f"{__name__}.RealMoney"

    with database_made(provider="real"):
        body = is_problem(api.post("deposits", {"amount": "5"}), 409, "deposits_are_observed")

    assert "chain" in body["detail"]
    assert balance(platform, "available") == 1000


def test_a_deposit_needs_a_key_and_an_amount(platform, api):
    is_problem(api.post("deposits", {"amount": "5"}, key=""), 400, "idempotency_key_missing")
    is_problem(api.post("deposits", {"amount": 5}), 400, "invalid_input")
    is_problem(api.post("deposits", {"amount": "5", "tx_hash": "0x1"}), 400, "invalid_input")
    is_problem(Api.of(platform, scopes=["money:read"]).post("deposits"), 403, "insufficient_scope")
    assert balance(platform, "available") == 1000


def test_a_dry_run_deposits_nothing(platform, api):
    answer = api.post("deposits?dry_run=true", {"amount": "5"}, key="").json()

    assert (answer["dry_run"], answer["postings"][0]["credit"]["balance_after"]) == (True, "1005.000000")
    assert balance(platform, "available") == 1000


def test_a_balance_that_no_column_holds_is_refused(platform, api):
    is_problem(api.post("deposits", {"amount": "99999999999999.999999"}), 422, "deposit_too_large")
    assert balance(platform, "available") == 1000


# --- Transactions -------------------------------------------------------------------------------------------


def test_transactions_are_listed_and_narrowed(platform, api):
    task = started(platform=platform)
    platforms.complete_task(task_id=task.pk, now=NOW)
    other = PlatformFactory(funds="7")

    def found(**query):
        return [row["type"] for row in api.get("transactions", **query).json()["items"]]

    assert sorted(found()) == ["deposit", "fee"]
    assert found(type="fee") == ["fee"]
    assert found(status="pending") == []
    assert found(task_id=str(task.pk)) == ["fee"]
    assert found(created_to=NOW.isoformat()) == []
    assert len(api.get("transactions", limit="1").json()["items"]) == 1
    row = api.get("transactions", type="fee").json()["items"][0]
    assert api.get(f"transactions/{row['id']}").json() == row
    theirs = Transaction.objects.get(platform=other)
    is_problem(api.get(f"transactions/{theirs.pk}"), 404, "not_found")
    is_problem(api.get(f"payments/{theirs.pk}/explain"), 404, "not_found")


@pytest.mark.parametrize("path", ["transactions", "balance", "analytics", "analytics/daily"])
def test_money_has_a_scope_of_its_own(platform, path):
    assert Api.of(platform, scopes=["money:read"]).get(path).status_code == 200
    is_problem(Api.of(platform, scopes=["tasks:read"]).get(path), 403, "insufficient_scope")


STATEMENTS = {"transactions": 2, "balance": 4, "analytics": 2, "analytics/daily": 3}


def test_money_costs_the_same_statements_for_few_or_many(platform, api, django_assert_num_queries):
    for count in (1, 5):
        for _ in range(count):
            fund(platform, "1", now=database_now())
            assigned(platform=platform, amount="1", now=database_now())
        for path, statements in STATEMENTS.items():
            api.get(path)
            with django_assert_num_queries(statements, info=path):
                api.get(path)


# --- Explanations -------------------------------------------------------------------------------------------


def explained(api, **find):
    return api.get(f"payments/{Transaction.objects.get(**find).pk}/explain").json()


def test_a_fee_is_explained(platform, api, django_assert_max_num_queries):
    task = started(platform=platform, title="Deliver", amount="12.5")
    platforms.complete_task(task_id=task.pk, now=NOW)

    with django_assert_max_num_queries(11):
        why = explained(api, type="fee")

    assert why["sentence"] == (
        "The fee on “Deliver” is 2 % of the 12.50 USDC that its worker was paid: 0.25 USDC."
    )
    assert why["inputs"] == {"paid": "12.500000", "charged_before": "0.000000", "fee_bps": 200}
    assert why["payment"]["amount"] == "0.250000"
    (entry,) = why["entries"]
    assert (entry["kind"], entry["debit"], entry["credit"]) == ("fee", "escrow", "fees")
    assert why["deductions"] == []


def fee_by_formula(inputs):
    def floor(pay):
        return int(Decimal(pay) * 1_000_000) * inputs["fee_bps"] // 10_000

    return Decimal(floor(inputs["paid"]) - floor(inputs["charged_before"])) / 1_000_000


def test_the_fees_on_milestones_and_streams_follow_from_their_formula(platform, api):
    plans = [MilestonePlan(str(number), "3.333333") for number in range(3)]
    task = started(platform=platform, amount="9.999999", task_type="milestone", milestones=plans)
    for number in (1, 2):
        platforms.approve_milestone(task_id=task.pk, number=number, now=NOW + seconds(number))
    platforms.cancel_task(task_id=task.pk, now=NOW + seconds(9))
    whole = started(platform=platform, amount="9.999999", task_type="milestone", milestones=plans)
    platforms.approve_milestone(task_id=whole.pk, number=1, now=NOW + seconds(1))
    platforms.complete_task(task_id=whole.pk, now=NOW + seconds(9))
    stream = running_stream(platform=platform, total="7.777777")
    payments.cancel_stream(stream_id=stream.pk, now=NOW + seconds(1000))

    fees = Transaction.objects.filter(type="fee")
    assert fees.count() == 5
    for fee in fees:
        why = explained(api, pk=fee.pk)
        assert fee_by_formula(why["inputs"]) == fee.amount, why
    for refund in Transaction.objects.filter(type="refund"):
        inputs = explained(api, pk=refund.pk)["inputs"]
        held, paid, fee = (Decimal(inputs[name]) for name in ("held", "paid", "fee"))
        assert held - paid - fee == refund.amount


def test_a_refund_a_bonus_and_a_deposit_are_explained(platform, api):
    off = assigned(platform=platform, title="Rain", amount="10")
    platforms.cancel_task(task_id=off.pk, now=NOW)
    task = started(platform=platform, title="Shine")
    report = WorkReport(task.pk, "bonus", external_id="b-1", amount="3")
    platforms.record_work_event(platform_id=platform.pk, report=report, now=NOW)

    assert explained(api, type="refund")["sentence"] == (
        "Of the 10.20 USDC that was held for “Rain”, 0.00 USDC was paid to its worker and 0.00 USDC was the"
        " fee on that: 10.20 USDC came back."
    )
    bonus = explained(api, type="reward")
    assert bonus["inputs"]["external_id"] == "b-1"
    assert bonus["sentence"].startswith("A bonus of 3.00 USDC for “Shine” was reported under b-1 on ")
    deposit = explained(api, type="deposit")
    assert deposit["sentence"].startswith("1000.00 USDC arrived on chain in 0x")
    assert [entry["kind"] for entry in deposit["entries"]] == ["deposit"]


def test_a_worker_is_told_which_earnings_a_payout_carries(platform):
    worker = WorkerFactory()
    for amount in ("4", "6"):
        task = started(worker, platform=platform, amount=amount)
        platforms.complete_task(task_id=task.pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    settle(NOW + seconds(1))
    payout.refresh_from_db()

    why = explained(Api.as_worker(worker), pk=payout.pk)

    assert [part["paid_out"] for part in why["inputs"]["parts"]] == ["4.000000", "6.000000"]
    assert why["sentence"] == (
        f"10.00 USDC was sent to {worker.wallet_address} in {payout.tx_hash}, from 2 earnings."
    )
    assert (why["payment"]["status"], why["payment"]["tx_hash"]) == ("confirmed", payout.tx_hash)
    assert [entry["kind"] for entry in why["entries"]] == ["payout_hold", "payout_settled"]


def test_a_worker_is_told_what_an_advance_has_taken_and_the_platform_is_not(platform, api):
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="20", fee_bps=200, now=NOW)
    approve_by_staff(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    task = started(worker, platform=platform, amount="50")
    platforms.complete_task(task_id=task.pk, now=NOW)
    payout = payments.cash_out(worker_id=worker.pk, now=NOW)
    mine = Api.as_worker(worker)

    why = explained(mine, pk=payout.pk)

    assert [one["amount"] for one in why["deductions"]] == ["4.080000"]
    assert why["payment"]["amount"] == "45.920000"
    for type_ in ("advance", "repayment"):
        assert explained(mine, worker=worker, type=type_)["inputs"]["loan_id"] == str(loan.pk)
    fee = Transaction.objects.get(platform=platform, type="fee")
    is_problem(mine.get(f"payments/{fee.pk}/explain"), 404, "not_found")
    for one in Transaction.objects.filter(platform=None):
        is_problem(api.get(f"payments/{one.pk}/explain"), 404, "not_found")
        is_problem(Api.as_worker(WorkerFactory()).get(f"payments/{one.pk}/explain"), 404, "not_found")


def test_a_bonus_is_explained_to_both_parties_each_by_its_own_account(platform, api):
    task = started(platform=platform)
    report = WorkReport(task.pk, "bonus", external_id="b-1", amount="3")
    platforms.record_work_event(platform_id=platform.pk, report=report, now=NOW)

    of_platform = explained(api, type="reward")
    of_worker = explained(Api.as_worker(task.worker), type="reward")

    assert of_platform == of_worker
    assert [(one["debit"], one["credit"]) for one in of_worker["entries"]] == [("escrow", "available")]


def test_explanations_have_the_scope_of_money(platform):
    path = f"payments/{Transaction.objects.get(platform=platform).pk}/explain"

    assert Api.of(platform, scopes=["money:read"]).get(path).status_code == 200
    is_problem(Api.of(platform, scopes=["tasks:read"]).get(path), 403, "insufficient_scope")
    is_problem(Api().get(path), 401, "not_authenticated")
    is_problem(Api.of(platform).get(path, form="short"), 400, "invalid_input")


# --- Figures ------------------------------------------------------------------------------------------------


def test_the_figures_of_a_platform_are_its_own(platform, api):
    task = started(platform=platform, amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW + seconds(60))
    started()

    answer = api.get("analytics").json()

    assert answer["total_tasks"] == answer["completed_tasks"] == answer["unique_workers"] == 1
    assert (answer["paid_amount"], answer["fee_amount"]) == ("10.000000", "0.200000")
    assert answer["average_completion_seconds"] == "60.000"


def test_days_are_summed_by_type_and_status(platform, api):
    now = database_now()
    fund(platform, "5", now=now)
    fund(platform, "6", now=now)
    fund(platform, "7", now=now - timedelta(days=40))
    PlatformFactory(funds="50", now=now)

    today = now.date().isoformat()
    row = {"type": "deposit", "status": "confirmed", "transactions": 2, "total_amount": "11.000000"}
    assert api.get("analytics/daily").json()["items"] == [{"day": today, **row}]
    before = (now - timedelta(days=41)).date().isoformat()
    both = api.get("analytics/daily", day_from=before, day_to=today).json()["items"]
    assert [one["total_amount"] for one in both] == ["11.000000", "7.000000"]


@pytest.mark.parametrize(
    "query",
    [
        {"day_from": "2026-01-01"},
        {"day_from": "2026-02-01", "day_to": "2026-01-01"},
        {"day_from": "2999-01-01"},
        {"day_from": "yesterday"},
        {"day_from": "0001-01-01", "day_to": "9999-12-31"},
        {"day_to": "2026-02-30"},
        {"limit": "5"},
    ],
)
def test_days_that_make_no_sense_are_refused(api, query):
    is_problem(api.get("analytics/daily", **query), 400, "invalid_input")


def test_the_first_day_of_all_has_no_days_before_it(api):
    answer = api.get("analytics/daily", day_to="0001-01-01")

    assert answer.status_code in (200, 400)
    assert json.loads(answer.content)


def test_the_ledger_and_the_transactions_of_a_platform_agree(platform, api):
    task = started(platform=platform, amount="10")
    platforms.complete_task(task_id=task.pk, now=NOW)

    fees = LedgerEntry.objects.filter(kind="fee").aggregate(total=Sum("amount"))["total"]

    listed = api.get("transactions", type="fee").json()["items"]
    assert sum(Decimal(row["amount"]) for row in listed) == fees
