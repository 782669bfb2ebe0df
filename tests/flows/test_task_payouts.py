"""A platform hears that its worker was paid: of its own part, and nothing of anybody else's."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.cache import cache

from audit.log.context import acting_as
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.repayment import services as repayment_services
from payments import services as payments
from payments.ledger.enums import AccountName
from payments.ledger.services import accounts
from payments.models import CoveredTask, PlatformPayout, Transaction
from payments.settlement.provider.enums import TransferErrorClass, TransferState
from payments.settlement.sandbox.provider import SandboxProvider
from platforms import services as platforms
from platforms.models import PlatformEvent, Task
from platforms.services import WorkReport
from tests.support.api.client import Api, is_problem
from tests.support.books import violated
from tests.support.decisions import resolve_dispute
from tests.support.factories import (
    NOW,
    PlatformFactory,
    WorkerFactory,
    balance,
    completed_tasks,
    running_stream,
    sandbox,
    seconds,
    settle,
    started,
)
from workers import services as workers

pytestmark = pytest.mark.django_db

MINUTE = seconds(60)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def worker():
    return WorkerFactory()


@pytest.fixture
def platform():
    return PlatformFactory(funds="1000")


@pytest.fixture
def rival():
    return PlatformFactory(funds="1000")


def done(worker, platform, amount, *, now=NOW, **more):
    task = started(worker, platform=platform, amount=amount, now=now, **more)
    return platforms.complete_task(task_id=task.pk, now=now)


def payout_of(task):
    task = Task.objects.get(pk=task.pk)
    return task.payout_status, task.paid_out_at


def submit(now):
    payments.create_due_payouts(now=now)
    payments.submit_payouts(now=now, provider=sandbox(now))


def confirm(now):
    payments.poll_settlements(now=now, provider=sandbox(now))


def heard(platform) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the platform's events of transfers to its workers."""
    events = PlatformEvent.objects.filter(platform=platform, type__startswith="transaction.").order_by(
        "sequence"
    )
    return [(event.type, event.payload) for event in events if event.payload["type"] == "payout"]


class Failing(SandboxProvider):
    """Every transfer fails on chain, for a reason that has nothing to do with the address."""

    def get(self, transfer_id):
        return replace(
            super().get(transfer_id),
            state=TransferState.FAILED,
            error_class=TransferErrorClass.EXECUTION,
            failure="execution reverted",
        )


def fail(now):
    payments.poll_settlements(now=now, provider=Failing(clock=lambda: now))


# --- Two platforms ------------------------------------------------------------------------------------------
def test_each_platform_hears_of_its_own_part_of_one_payout(worker, platform, rival):
    mine = [done(worker, platform, "10", external_task_id="job-1"), done(worker, platform, "4")]
    theirs = done(worker, rival, "7")
    assert payout_of(mine[0]) == ("none", None)

    submit(NOW)
    (payout,) = Transaction.objects.filter(type="payout")
    assert payout.amount == 21
    assert [payout_of(task)[0] for task in (*mine, theirs)] == ["under_way"] * 3
    confirm(NOW + MINUTE)
    assert [payout_of(task) for task in (*mine, theirs)] == [("paid", NOW + MINUTE)] * 3

    assert [type_ for type_, _ in heard(platform)] == ["transaction.submitted", "transaction.confirmed"]
    (_, submitted), (_, confirmed) = heard(platform)
    assert set(confirmed) == {
        "id",
        "type",
        "status",
        "worker_id",
        "amount",
        "task_count",
        "tasks",
        "created_at",
        "submitted_at",
        "confirmed_at",
        "ended_at",
    }
    assert (confirmed["id"], confirmed["status"]) == (str(payout.pk), "confirmed")
    assert (confirmed["amount"], confirmed["task_count"]) == ("14.000000", 2)
    assert confirmed["worker_id"] == str(worker.pk)
    at = (NOW + MINUTE).isoformat().replace("+00:00", "Z")
    assert confirmed["confirmed_at"] == at
    assert confirmed["tasks"] == [
        {
            "task_id": str(task.pk),
            "external_task_id": task.external_task_id,
            "amount": f"{task.amount:.6f}",
            "payout_status": "paid",
            "paid_out_at": at,
        }
        for task in mine
    ]
    assert {task["payout_status"] for task in submitted["tasks"]} == {"under_way"}
    (_, to_rival) = heard(rival)[-1]
    assert (to_rival["amount"], [task["task_id"] for task in to_rival["tasks"]]) == (
        "7.000000",
        [str(theirs.pk)],
    )
    assert violated() == {}


def test_a_platform_without_a_part_hears_nothing(worker, platform, rival):
    done(worker, platform, "10")
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="welcome", key="welcome", now=NOW)
    submit(NOW)
    confirm(NOW + MINUTE)

    assert Transaction.objects.get(type="payout").amount == 13
    assert heard(platform)[-1][1]["amount"] == "10.000000"
    assert heard(rival) == []
    assert violated() == {}


def test_a_payout_of_rewards_alone_is_nobodys_event(worker):
    payments.grant_reward(worker_id=worker.pk, amount="3", reason="welcome", key="welcome", now=NOW)
    payments.cash_out(worker_id=worker.pk, now=NOW)
    settle(NOW)

    assert Transaction.objects.get(type="payout").status == "confirmed"
    assert not PlatformEvent.objects.filter(type__startswith="transaction.").exists()
    assert not PlatformPayout.objects.exists()


# --- Failed and cancelled -----------------------------------------------------------------------------------
def test_what_failed_is_not_paid_and_is_paid_by_the_next_payout(worker, platform):
    task = done(worker, platform, "10")
    submit(NOW)
    fail(NOW + MINUTE)
    assert payout_of(task) == ("none", None)
    assert violated() == {}

    again = NOW + timedelta(hours=1)
    submit(again)
    assert payout_of(task) == ("under_way", None)
    confirm(again + MINUTE)
    assert payout_of(task) == ("paid", again + MINUTE)
    assert [(type_, payload["amount"]) for type_, payload in heard(platform)] == [
        ("transaction.submitted", "10.000000"),
        ("transaction.failed", "10.000000"),
        ("transaction.submitted", "10.000000"),
        ("transaction.confirmed", "10.000000"),
    ]
    assert heard(platform)[1][1]["tasks"][0]["payout_status"] == "none"
    assert violated() == {}


def test_a_payout_that_failed_leaves_what_was_paid_before_partly_paid(worker, platform):
    task = done(worker, platform, "10")
    payments.cash_out(worker_id=worker.pk, amount="4", now=NOW)
    submit_only(NOW)
    confirm(NOW + MINUTE)
    assert payout_of(task) == ("partly", None)

    payments.cash_out(worker_id=worker.pk, now=NOW + 2 * MINUTE)
    submit_only(NOW + 2 * MINUTE)
    assert payout_of(task) == ("under_way", None)
    fail(NOW + 3 * MINUTE)
    assert payout_of(task) == ("partly", None)
    assert heard(platform)[-1][1]["tasks"][0]["payout_status"] == "partly"
    assert violated() == {}


def submit_only(now):
    payments.submit_payouts(now=now, provider=sandbox(now))


def test_a_cancelled_payout_is_told_to_nobody_and_its_tasks_are_not_paid(worker, platform):
    task = done(worker, platform, "10")
    payments.create_due_payouts(now=NOW)
    payout = Transaction.objects.get(type="payout")
    payments.cancel_payout(transaction_id=payout.pk, reason="looked at", now=NOW)

    assert payout_of(task) == ("none", None)
    assert heard(platform) == []
    assert violated() == {}


def test_what_a_hold_keeps_has_not_left(worker, platform):
    task = done(worker, platform, "10")
    with acting_as("staff", "1"):
        payments.hold_payouts(worker_id=worker.pk, amount="3", reason="looked at", now=NOW)
    submit(NOW)
    confirm(NOW + MINUTE)

    assert payout_of(task) == ("partly", None)
    assert heard(platform)[-1][1]["tasks"][0]["amount"] == "7.000000"
    assert violated() == {}


# --- Streams and milestones ---------------------------------------------------------------------------------
def test_a_stream_that_still_runs_is_partly_paid_and_paid_when_its_last_release_has_left(worker, platform):
    stream = running_stream(worker, platform=platform, total="6", duration=7200)
    for hour in (1, 2):
        at = NOW + timedelta(hours=hour)
        payments.release_due_streams(now=at)
        payments.cash_out(worker_id=worker.pk, now=at)
        submit_only(at)
        assert payout_of(stream.task) == ("under_way", None)
        confirm(at + MINUTE)
        if hour == 1:
            assert payout_of(stream.task) == ("partly", None)

    assert payout_of(stream.task) == ("paid", NOW + timedelta(hours=2) + MINUTE)
    assert list(CoveredTask.objects.values_list("task", "amount")) == [(stream.task_id, 3)] * 2
    assert violated() == {}


def test_a_stream_cancelled_after_all_of_its_pay_has_left_is_paid(worker, platform):
    stream = running_stream(worker, platform=platform, total="6", duration=7200)
    at = NOW + timedelta(hours=1)
    payments.release_due_streams(now=at)
    payments.cash_out(worker_id=worker.pk, now=at)
    submit_only(at)
    payments.pause_stream(stream_id=stream.pk, now=at)
    confirm(at + MINUTE)
    assert payout_of(stream.task) == ("partly", None)

    platforms.cancel_task(task_id=stream.task_id, now=at + 2 * MINUTE)
    assert payout_of(stream.task) == ("paid", at + MINUTE)
    assert violated() == {}


def test_a_dispute_that_pays_no_more_leaves_paid_what_had_left(worker, platform):
    stream = running_stream(worker, platform=platform, total="6", duration=7200)
    at = NOW + timedelta(hours=1)
    payments.release_due_streams(now=at)
    platforms.dispute_task(task_id=stream.task_id, severity=1, reason="late", now=at)
    payments.cash_out(worker_id=worker.pk, now=at)
    submit_only(at)
    confirm(at + MINUTE)
    assert payout_of(stream.task) == ("partly", None)

    resolve_dispute(
        task_id=stream.task_id,
        outcome="platform",
        worker_amount="0",
        resolution="not done",
        now=at + 2 * MINUTE,
    )
    assert payout_of(stream.task) == ("paid", at + MINUTE)
    assert violated() == {}


def test_a_bonus_makes_a_paid_task_partly_paid_until_it_has_left(worker, platform):
    task = done(worker, platform, "10")
    submit(NOW)
    confirm(NOW + MINUTE)
    at = NOW + 2 * MINUTE
    platforms.record_work_events(
        platform_id=platform.pk,
        reports=[WorkReport(task_id=task.pk, event_type="bonus", external_id="b", amount=Decimal(2))],
        now=at,
    )
    assert payout_of(task) == ("partly", None)

    submit(at)
    confirm(at + MINUTE)
    assert payout_of(task) == ("paid", at + MINUTE)
    assert violated() == {}


# --- Advances -----------------------------------------------------------------------------------------------
@pytest.fixture
def debtor():
    """A worker who owes an advance of 8 that has reached the wallet."""
    worker = WorkerFactory()
    loan = loans.request_loan(worker_id=worker.pk, amount="8", fee_bps=0, now=NOW)
    with acting_as("staff", "1"):
        loans.approve_loan(loan_id=loan.pk, now=NOW)
    disbursement_services.disburse_loan(loan_id=loan.pk, now=NOW)
    settle(NOW)
    return worker


def test_a_task_is_paid_when_all_but_what_repaid_an_advance_has_left(debtor, platform):
    task = done(debtor, platform, "10", now=NOW + MINUTE)
    withheld = 10 - balance(debtor, "available")
    assert withheld == Decimal("1.6")
    submit(NOW + MINUTE)
    confirm(NOW + 2 * MINUTE)

    assert payout_of(task) == ("paid", NOW + 2 * MINUTE)
    assert Transaction.objects.get(type="payout").amount == Decimal("8.4")
    # A worker's debts are no platform's business: it learns of the pay before deductions.
    assert heard(platform)[-1][1]["amount"] == "10.000000"
    assert list(CoveredTask.objects.values_list("amount", "pay")) == [(Decimal("8.4"), 10)]
    assert violated() == {}


def test_pay_that_leaves_in_two_payouts_is_told_in_proportion(debtor, platform):
    task = done(debtor, platform, "10", now=NOW + MINUTE)
    for minute, amount in ((2, "2.1"), (4, None)):
        payments.cash_out(worker_id=debtor.pk, amount=amount, now=NOW + minute * MINUTE)
        submit_only(NOW + minute * MINUTE)
        confirm(NOW + (minute + 1) * MINUTE)

    assert payout_of(task) == ("paid", NOW + 5 * MINUTE)
    confirmed = [payload for type_, payload in heard(platform) if type_ == "transaction.confirmed"]
    assert [payload["amount"] for payload in confirmed] == ["2.500000", "7.500000"]
    assert violated() == {}


def test_what_a_worker_repays_early_has_left_as_well(debtor, platform):
    task = done(debtor, platform, "10", now=NOW + MINUTE)
    payments.cash_out(worker_id=debtor.pk, amount="5", now=NOW + MINUTE)
    submit_only(NOW + MINUTE)
    confirm(NOW + 2 * MINUTE)
    assert payout_of(task) == ("partly", None)

    loan = debtor.loans.get()
    repayment_services.repay_early(loan_id=loan.pk, amount="3.4", now=NOW + 3 * MINUTE)
    assert payout_of(task) == ("paid", NOW + 3 * MINUTE)
    assert [payload["amount"] for _, payload in heard(platform)] == ["5.952380", "5.952380"]
    assert violated() == {}


def test_what_an_adjustment_took_has_left_as_well(worker, platform):
    task = done(worker, platform, "10")
    payments.adjust(
        debit_account=accounts.of_worker(worker.pk, AccountName.AVAILABLE),
        credit_account=accounts.of_house(AccountName.LOSSES),
        amount="4",
        reason="paid twice by hand",
        requested_by="ann",
        approved_by="bob",
        key="one",
        now=NOW,
    )
    assert payout_of(task) == ("partly", None)
    submit(NOW)
    confirm(NOW + MINUTE)
    assert payout_of(task) == ("paid", NOW + MINUTE)
    assert violated() == {}


# --- Over the API -------------------------------------------------------------------------------------------
def test_a_platform_reads_its_own_part_of_payouts_and_nothing_of_others(worker, platform, rival):
    mine, theirs = done(worker, platform, "10"), done(worker, rival, "7")
    submit(NOW)
    confirm(NOW + MINUTE)
    payout = Transaction.objects.get(type="payout")
    api, strangers = Api.of(platform), Api.of(PlatformFactory())

    (row,) = api.get("transactions", type="payout").json()["items"]
    assert (row["id"], row["type"], row["status"]) == (str(payout.pk), "payout", "confirmed")
    assert (row["amount"], row["task_count"]) == ("10.000000", 1)
    assert [task["task_id"] for task in row["tasks"]] == [str(mine.pk)]
    assert (row["tx_hash"], row["to_wallet"], row["from_wallet"], row["block_number"]) == (None, "", "", None)
    text = api.get("transactions", type="payout").content.decode()
    secrets = (str(theirs.pk), payout.tx_hash, worker.wallet_address, "17.000000")
    assert not [secret for secret in secrets if secret in text]

    assert api.get(f"transactions/{payout.pk}").json() == row
    listed = api.get(f"transactions/{payout.pk}/tasks").json()
    assert listed == {"items": row["tasks"], "next": None}
    task = api.get(f"tasks/{mine.pk}").json()
    at = (NOW + MINUTE).isoformat().replace("+00:00", "Z")
    assert (task["payout_status"], task["paid_out_at"]) == ("paid", at)

    assert strangers.get("transactions", type="payout").json() == {"items": [], "next": None}
    is_problem(strangers.get(f"transactions/{payout.pk}"), 404, "not_found")
    is_problem(strangers.get(f"transactions/{payout.pk}/tasks"), 404, "not_found")
    fee = Transaction.objects.filter(platform=platform, type="fee").first()
    is_problem(api.get(f"transactions/{fee.pk}/tasks"), 404, "not_found")


def test_anothers_task_tells_nothing_of_who_was_paid_along(worker, platform, rival):
    mine, theirs = done(worker, platform, "10"), done(worker, rival, "7")
    submit(NOW)
    api = Api.of(platform)

    assert len(api.get("transactions", type="payout", task_id=str(mine.pk)).json()["items"]) == 1
    assert api.get("transactions", type="payout", task_id=str(theirs.pk)).json()["items"] == []
    assert len(api.get("transactions", type="payout", status="submitted").json()["items"]) == 1
    assert api.get("transactions", type="payout", status="confirmed").json()["items"] == []
    assert len(api.get("transactions", type="payout", worker_id=str(worker.pk)).json()["items"]) == 1
    assert api.get("transactions", type="payout", worker_id=str(WorkerFactory().pk)).json()["items"] == []


def test_payouts_are_listed_page_by_page_newest_first(platform):
    for minute in range(5):
        done(WorkerFactory(), platform, "10", now=NOW + minute * MINUTE)
        payments.create_due_payouts(now=NOW + minute * MINUTE)
    api, seen, query = Api.of(platform), [], {}
    while True:
        page = api.get("transactions", type="payout", limit="2", **query).json()
        seen += [row["id"] for row in page["items"]]
        if page["next"] is None:
            break
        query = {"cursor": page["next"]}

    newest_first = Transaction.objects.filter(type="payout").order_by("-created_at", "-id")
    assert seen == [str(payout.pk) for payout in newest_first]
    assert len(seen) == 5


def test_one_event_tells_of_many_tasks_by_their_count_their_sum_and_the_first_of_them(worker, platform):
    completed_tasks(worker, platform, count=23, amount="0.3")
    payments.cash_out(worker_id=worker.pk, now=NOW)
    submit_only(NOW)

    ((_, event),) = heard(platform)
    assert (event["amount"], event["task_count"], len(event["tasks"])) == ("6.900000", 23, 20)
    api = Api.of(platform)
    first = api.get(f"transactions/{event['id']}/tasks", limit="15").json()
    rest = api.get(f"transactions/{event['id']}/tasks", limit="15", cursor=first["next"]).json()
    rows = first["items"] + rest["items"]
    assert len({row["task_id"] for row in rows}) == 23
    assert sum(Decimal(row["amount"]) for row in rows) == Decimal("6.9")
    assert rows[:20] == event["tasks"]
    assert rest["next"] is None


def test_pay_of_a_worker_who_has_left_is_still_on_record(worker, platform):
    task = done(worker, platform, "10")
    submit(NOW)
    confirm(NOW + MINUTE)
    workers.delete_worker(worker_id=worker.pk)

    (row,) = Api.of(platform).get("transactions", type="payout").json()["items"]
    assert (row["amount"], row["worker_id"]) == ("10.000000", str(worker.pk))
    assert payout_of(task) == ("paid", NOW + MINUTE)
    assert violated() == {}
