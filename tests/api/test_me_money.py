"""A worker's own balance, streams, payouts and transactions over the API."""

import csv
import io
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.core.cache import cache
from django.db import connection

from audit.models import AuditLog
from gigstream.core.clock import database_now
from gigstream.core.spreadsheets import cell_text
from payments import services as payments
from payments.models import Stream, Transaction
from platforms import services as platforms
from tests.support.api.client import Api
from tests.support.factories import WorkerFactory, balance, running_stream, settle, started

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory()


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def earn(worker, amount="10"):
    task = started(worker, amount=amount)
    platforms.complete_task(task_id=task.pk)
    return task


def is_refused(answer, status, code):
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code), answer.content


# --- Balance and streams ------------------------------------------------------------------------------------


def test_a_balance_before_and_after_the_first_earning(ana, api):
    nothing_held = {"held": "0.000000", "holds": [], "payout_schedule": "standard"}
    assert api.get("me/balance").json() == {
        "available": "0.000000",
        "in_transit": "0.000000",
        "owed": "0.000000",
        "next_payout": {"at": None, "waits_for": "nothing_earned"},
        **nothing_held,
    }

    earn(ana)
    api.post("me/payouts", {"amount": "4"})

    shown = api.get("me/balance").json()
    assert shown.pop("next_payout")["waits_for"] == "next_run"
    assert shown == {
        "available": "6.000000",
        "in_transit": "4.000000",
        "owed": "0.000000",
        **nothing_held,
    }


def half_run(worker, **more):
    """Return a stream of 100 USDC over an hour, half of which has passed."""
    return running_stream(worker, now=database_now() - 30 * MINUTE, **more)


def test_a_stream_shows_what_a_claim_would_pay_and_pays_it(ana, api):
    stream = half_run(ana)
    shown = api.get(f"me/streams/{stream.pk}").json()
    assert 50 <= float(shown["claimable_amount"]) < 51
    assert (shown["total_amount"], shown["paused_seconds"]) == ("100.000000", 0)

    answer = api.post(f"me/streams/{stream.pk}/claim")

    assert answer.status_code == 200
    body = answer.json()
    assert body["claimed"] == body["stream"]["released_amount"] == f"{balance(ana, 'available'):f}"
    assert 50 <= float(body["claimed"]) < 51
    line = AuditLog.objects.get(action="stream.claim")
    assert (line.actor_type, line.actor_id) == ("worker", str(ana.pk))


def test_a_claim_of_nothing_and_of_a_stopped_stream_is_refused(ana, api):
    fresh = running_stream(ana, now=database_now() + MINUTE)
    is_refused(api.post(f"me/streams/{fresh.pk}/claim"), 409, "nothing_to_claim")
    stopped = half_run(ana)
    payments.pause_stream(stream_id=stopped.pk)

    is_refused(api.post(f"me/streams/{stopped.pk}/claim"), 409, "nothing_to_claim")
    payments.cancel_stream(stream_id=stopped.pk)
    is_refused(api.post(f"me/streams/{stopped.pk}/claim"), 409, "stream_not_active")
    assert api.get(f"me/streams/{stopped.pk}").json()["claimable_amount"] == "0.000000"
    assert 50 <= balance(ana, "available") < 51, "the pause has paid what had vested"


def test_a_claim_needs_a_key_and_can_be_rehearsed(ana, api):
    stream = half_run(ana)
    is_refused(api.post(f"me/streams/{stream.pk}/claim", key=""), 400, "idempotency_key_missing")

    answer = api.post(f"me/streams/{stream.pk}/claim?dry_run=true", key="").json()

    assert answer["dry_run"] is True
    assert 50 <= float(answer["answer"]["claimed"]) < 51
    assert {posting["kind"] for posting in answer["postings"]} == {"release"}
    assert Stream.objects.get(pk=stream.pk).released_amount == 0
    assert balance(ana, "available") == 0


def test_the_same_claim_again_is_answered_and_not_paid_again(ana, api):
    stream = half_run(ana)
    first = api.post(f"me/streams/{stream.pk}/claim", key="one")
    again = api.post(f"me/streams/{stream.pk}/claim", key="one")

    assert first.content == again.content
    assert Stream.objects.get(pk=stream.pk).sequence == 1


# --- Payouts ------------------------------------------------------------------------------------------------


def test_a_worker_cashes_out_and_sees_what_the_payout_carries(ana, api):
    task = earn(ana)

    answer = api.post("me/payouts")

    assert answer.status_code == 201
    payout = answer.json()
    assert (payout["status"], payout["amount"], payout["to_wallet"]) == (
        "pending",
        "10.000000",
        ana.wallet_address,
    )
    settle(database_now())
    shown = api.get(f"me/payouts/{payout['id']}").json()
    assert shown["status"] == "confirmed"
    assert shown["tx_hash"].startswith("0x")
    (part,) = shown["covers"]
    assert (part["kind"], part["task_id"], part["amount"]) == ("earning", str(task.pk), "10.000000")


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"amount": "10.000001"}, 402, "insufficient_funds"),
        *(({"amount": amount}, 400, "invalid_input") for amount in ("0", "-1", "1e1", 5, None, "0.0000001")),
        ({"to_wallet": "0x" + "ab" * 20}, 400, "invalid_input"),
        ({"worker_id": "x"}, 400, "invalid_input"),
    ],
)
def test_a_cash_out_that_cannot_be_is_refused(ana, api, body, status, code):
    earn(ana)

    is_refused(api.post("me/payouts", body), status, code)
    assert balance(ana, "available") == 10
    assert not Transaction.objects.filter(type="payout").exists()


def test_without_money_or_a_wallet_nothing_is_cashed_out(api):
    is_refused(api.post("me/payouts"), 402, "insufficient_funds")
    poor = WorkerFactory(wallet_address=None)
    earn(poor)
    is_refused(Api.as_worker(poor).post("me/payouts"), 409, "no_wallet")


def test_a_cash_out_needs_a_key_and_can_be_rehearsed(ana, api):
    earn(ana)
    is_refused(api.post("me/payouts", key=""), 400, "idempotency_key_missing")

    answer = api.post("me/payouts?dry_run=true", {"amount": "4"}, key="").json()

    assert (answer["answer"]["amount"], answer["postings"][0]["kind"]) == ("4.000000", "payout_hold")
    assert balance(ana, "available") == 10
    assert not Transaction.objects.filter(type="payout").exists()


@pytest.mark.django_db(transaction=True)
def test_20_cash_outs_at_once_with_one_key_make_one_payout():
    ana = WorkerFactory()
    earn(ana)
    api = Api.as_worker(ana)
    barrier = Barrier(20)

    def one(_):
        try:
            barrier.wait(timeout=20)
            return api.post("me/payouts", {"amount": "3"}, key="one")
        finally:
            connection.close()

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(one, range(20)))

    good = [one for one in answers if one.status_code == 201]
    assert {one.status_code for one in answers} <= {201, 409}
    assert {one.json()["code"] for one in answers if one.status_code == 409} <= {"idempotency_in_progress"}
    assert len({one.content for one in good}) == 1
    assert sum("Idempotent-Replayed" not in one for one in good) == 1
    assert Transaction.objects.filter(type="payout").count() == 1
    assert balance(ana, "available") == 7


# --- Transactions -------------------------------------------------------------------------------------------


def test_transactions_are_listed_and_narrowed(ana, api):
    earn(ana)
    payments.grant_reward(worker_id=ana.pk, amount="2", reason="thanks", key="1")
    api.post("me/payouts", {"amount": "5"})
    earn(WorkerFactory())

    def found(**query):
        return [row["type"] for row in api.get("me/transactions", **query).json()["items"]]

    assert sorted(found()) == ["payout", "reward"]
    assert found(type="reward") == ["reward"]
    assert found(status="pending") == ["payout"]
    assert found(created_to="2020-01-01T00:00:00Z") == []
    assert api.get("me/transactions", type="gift").status_code == 400


def table_of(answer):
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.content.decode(), newline="")))


def test_transactions_as_csv_by_accept_or_format(ana, api):
    earn(ana)
    api.post("me/payouts", {"amount": "5"})

    by_format = api.get("me/transactions", format="csv")
    by_accept = api.client.get("/api/v1/me/transactions", headers={**api.headers, "Accept": "text/csv"})

    assert by_format["Content-Disposition"] == 'attachment; filename="transactions.csv"'
    assert by_format.content == by_accept.content
    (row,) = table_of(by_format)
    assert (row["type"], row["amount"], row["to_wallet"]) == ("payout", "5.000000", ana.wallet_address)
    assert row["tx_hash"] == ""
    assert row["created_at"].endswith("Z")
    assert api.get("me/transactions", format="json").json()["items"]
    is_refused(api.get("me/transactions", format="xml"), 400, "invalid_input")
    for wrong in ({"limit": "0.5"}, {"limit": "101"}, {"cursor": "no"}):
        is_refused(api.get("me/transactions", format="csv", **wrong), 400, "invalid_input")


def test_a_file_has_an_end(ana, api, monkeypatch):
    monkeypatch.setattr("payments.settlement.transactions.api.me.MOST_EXPORTED", 1)
    earn(ana)
    for amount in ("1", "2"):
        api.post("me/payouts", {"amount": amount})

    is_refused(api.get("me/transactions", format="csv"), 422, "export_too_large")


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        "+1",
        "-1",
        "@x",
        "\tx",
        "\rx",
        "\nx",
        " =1",
        "\u00a0=1",
        "\uff1d1",
        "\uff0b1",
        "\uff20x",
        "  \n=1",
    ],
)
def test_a_cell_from_outside_is_never_a_formula(text):
    assert cell_text(text) == f"'{text}"


@pytest.mark.parametrize("text", ["a=1", "1-2", "x@example.com", "", "0x1"])
def test_other_cells_stay_as_they_are(text):
    assert cell_text(text) == text


# --- Its owner and its cost ---------------------------------------------------------------------------------


def test_what_belongs_to_another_worker_is_not_there(ana, api):
    other = WorkerFactory()
    stream = half_run(other)
    earn(other)
    payout = payments.cash_out(worker_id=other.pk)
    nobody = "01900000-0000-7000-8000-000000000000"

    for path, missing in (
        (f"me/streams/{stream.pk}", f"me/streams/{nobody}"),
        (f"me/payouts/{payout.pk}", f"me/payouts/{nobody}"),
    ):
        answers = [json.loads(api.get(one).content) for one in (path, missing)]
        shown = [{**one, "instance": "", "request_id": ""} for one in answers]
        assert shown[0] == shown[1]
        assert shown[0]["status"] == 404
    is_refused(api.post(f"me/streams/{stream.pk}/claim"), 404, "not_found")
    assert Stream.objects.get(pk=stream.pk).released_amount == 0
    for path in ("me/streams", "me/payouts", "me/transactions"):
        assert api.get(path).json()["items"] == []


QUERIES = {"balance": 6, "streams": 3, "payouts": 2, "transactions": 2}


def test_each_page_costs_the_same_for_one_row_or_many(ana, api, django_assert_num_queries):
    for count in (1, 5):
        for _ in range(count):
            half_run(ana)
            earn(ana)
            payments.cash_out(worker_id=ana.pk, amount="1")
        for path, queries in QUERIES.items():
            with django_assert_num_queries(queries, info=path):
                assert api.get(f"me/{path}").status_code == 200, path
    assert len(api.get("me/streams").json()["items"]) == 6


def test_one_object_costs_a_fixed_number_of_queries(ana, api, django_assert_num_queries):
    stream = half_run(ana)
    earn(ana)
    payout = payments.cash_out(worker_id=ana.pk)
    with django_assert_num_queries(3):
        api.get(f"me/streams/{stream.pk}")
    with django_assert_num_queries(4):
        api.get(f"me/payouts/{payout.pk}")


@pytest.mark.parametrize(
    "path", ["me", "me/balance", "me/streams", "me/payouts", "me/transactions", "me/tasks", "me/reputation"]
)
def test_nothing_is_shown_without_a_token(path):
    is_refused(Api().get(path), 401, "not_authenticated")
