"""Advances over the API: read the terms, accept them, take them back, repay."""

import hashlib
import json
from decimal import Decimal

import pytest
from django.core.cache import cache

from audit.models import AuditLog
from gigstream.core.clock import database_now
from loans.applications import services as loans
from loans.disbursement import services as disbursement_services
from loans.models import Loan
from platforms import services as platforms
from reputation.scores.services import adjust_reputation
from tests.support.api.client import Api
from tests.support.books import violated
from tests.support.factories import (
    WorkerFactory,
    accepted,
    approve_by_staff,
    balance,
    settle,
    started,
    trusted_worker,
)
from workers.models import Worker

pytestmark = pytest.mark.django_db

NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture(scope="module", autouse=True)
def trusted_pk(module_transaction):
    """The worker of all tests here, whose ten tasks are made once."""
    return trusted_worker(now=database_now()).pk


@pytest.fixture(scope="module", autouse=True)
def rich_pk(module_transaction):
    """The key of another worker, whose pay is twenty times as much."""
    return trusted_worker(now=database_now(), pay="200").pk


@pytest.fixture
def rich(rich_pk):
    return Worker.objects.get(pk=rich_pk)


@pytest.fixture
def trusted(trusted_pk):
    return Worker.objects.get(pk=trusted_pk)


@pytest.fixture
def api(trusted):
    return Api.as_worker(trusted)


def is_refused(answer, status, code):
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code), answer.content
    return json.loads(answer.content)


def paid_out(worker, amount="20"):
    """Return an advance that has reached the worker's wallet."""
    loan = loans.request_loan(worker_id=worker.pk, amount=amount, fee_bps=200)
    approve_by_staff(loan_id=loan.pk)
    disbursement_services.disburse_loan(loan_id=loan.pk)
    settle(database_now())
    return loan


# --- Offers and requests ------------------------------------------------------------------------------------


def test_a_worker_names_the_platform_that_is_to_hear_of_it(api, trusted):
    employer = trusted.engagements.order_by("id").first().platform

    refused = api.post("me/advances", {**accepted(trusted, "20"), "tell_platform": NOBODY})
    made = api.post("me/advances", {**accepted(trusted, "20"), "tell_platform": str(employer.pk)})

    is_refused(refused, 422, "not_your_platform")
    assert (made.status_code, made.json()["told_platform_id"]) == (201, str(employer.pk))


def test_an_offer_names_its_terms_and_their_hash(api, trusted):
    offer = api.get("me/advances/offer", amount="20").json()

    assert (offer["amount"], offer["fee"], offer["fee_bps"], offer["total_due"]) == (
        "20.000000",
        "0.700000",
        350,
        "20.700000",
    )
    assert (offer["instalment"], offer["term_days"], offer["approved_at_once"]) == ("4.140000", 30, True)
    assert offer["terms"].splitlines() == [
        "GigStream advance, terms 1",
        f"worker: {trusted.pk}",
        "amount: 20.000000 USDC",
        "fee: 0.700000 USDC (350 basis points)",
        "total due: 20.700000 USDC",
        "repayment: up to 4.140000 USDC of each earning, and never more than half of it",
        "due: 30 days after the advance is paid out",
    ]
    assert offer["terms_hash"] == hashlib.sha256(offer["terms"].encode()).hexdigest()
    assert api.get("me/advances/offer", amount="20").json()["terms_hash"] == offer["terms_hash"]
    assert not Loan.objects.exists()


def test_what_was_accepted_is_kept_and_a_small_advance_is_approved_at_once(api, trusted):
    offer = api.get("me/advances/offer", amount="20").json()

    answer = api.post("me/advances", {"amount": "20", "terms_hash": offer["terms_hash"]})

    assert answer.status_code == 201
    loan = answer.json()
    assert (loan["status"], loan["amount"], loan["fee"]) == ("approved", "20.000000", "0.700000")
    assert (loan["terms"], loan["terms_hash"]) == (offer["terms"], offer["terms_hash"])
    assert loan["terms_accepted_at"] == loan["requested_at"]
    assert api.get("me/advances").json()["items"] == [loan]
    assert api.get(f"me/advances/{loan['id']}").json() == loan
    kept = Loan.objects.get()
    assert kept.risk_score == api.get("me/risk").json()["score"]
    assert sum(Decimal(points) for points in kept.risk_factors.values()) == pytest.approx(
        kept.risk_score, abs=1
    )
    line = AuditLog.objects.get(action="loan.approve")
    assert (line.metadata["signed_by"], line.metadata["terms_hash"]) == (["system"], offer["terms_hash"])


def test_an_advance_that_is_not_paid_out_yet_can_be_taken_back(api, trusted):
    loan = api.post("me/advances", accepted(trusted, "20")).json()
    is_refused(api.post("me/advances", {**accepted_before(loan)}), 409, "not_eligible")

    cancelled = api.post(f"me/advances/{loan['id']}/cancel", {"reason": "found it"}).json()

    assert (cancelled["status"], cancelled["rejection_reason"]) == ("cancelled", "found it")
    is_refused(api.post(f"me/advances/{loan['id']}/cancel"), 409, "illegal_status")
    assert api.post("me/advances", accepted(trusted, "20")).status_code == 201


def accepted_before(loan):
    return {"amount": loan["amount"], "terms_hash": loan["terms_hash"]}


@pytest.mark.parametrize("amount", ["50", "50.000001"])
def test_beyond_the_limit_of_the_system_staff_decide(rich, amount):
    api = Api.as_worker(rich)
    at_once = amount == "50"
    assert api.get("me/advances/offer", amount=amount).json()["approved_at_once"] is at_once

    loan = api.post("me/advances", accepted(rich, amount)).json()

    assert loan["status"] == ("approved" if at_once else "pending")


def test_below_the_score_of_the_system_staff_decide(trusted, api):
    adjust_reputation(worker_id=trusted.pk, delta=-110, reason="complaints")
    score = api.get("me/risk").json()["score"]
    assert 600 <= score < 700
    assert api.get("me/advances/eligibility").json()["approved_at_once_up_to"] is None

    loan = api.post("me/advances", accepted(trusted, "20")).json()

    assert (loan["status"], loan["fee_bps"]) == ("pending", 350)


def test_other_terms_than_those_shown_are_not_accepted(trusted, rich, api):
    seen = accepted(trusted, "20")
    is_refused(api.post("me/advances", {**seen, "amount": "20.5"}), 409, "terms_changed")
    is_refused(api.post("me/advances", {**seen, "terms_hash": "0" * 64}), 409, "terms_changed")
    is_refused(Api.as_worker(rich).post("me/advances", seen), 409, "terms_changed")
    assert not Loan.objects.exists()


def test_terms_that_have_changed_since_are_not_accepted(trusted, api, settings):
    seen = accepted(trusted, "20")
    settings.LOAN_TERM_DAYS = 20

    is_refused(api.post("me/advances", seen), 409, "terms_changed")

    assert not Loan.objects.exists()
    assert api.post("me/advances", accepted(trusted, "20")).status_code == 201


@pytest.mark.parametrize("amount", ["0.999999", "500.000001"])
def test_an_advance_has_a_smallest_and_a_largest_amount(api, amount):
    is_refused(api.get("me/advances/offer", amount=amount), 409, "advance_out_of_range")
    body = {"amount": amount, "terms_hash": "0" * 64}
    is_refused(api.post("me/advances", body), 409, "advance_out_of_range")


def test_a_worker_with_reasons_against_gets_no_advance():
    api = Api.as_worker(WorkerFactory())
    terms = api.get("me/advances/eligibility").json()
    assert (terms["eligible"], terms["fee_bps"], terms["maximum"]) == (False, None, None)

    for answer in (
        api.post("me/advances", {"amount": "20", "terms_hash": "0" * 64}),
        api.get("me/advances/offer"),
    ):
        body = is_refused(answer, 409, "not_eligible")
        assert len(terms["reasons"]) > 2
        for reason in terms["reasons"]:
            assert reason in body["detail"]
    assert not Loan.objects.exists()


@pytest.mark.parametrize(
    "change",
    [
        {"amount": None},
        {"amount": 20},
        {"amount": "0"},
        {"fee_bps": 0},
        {"terms_hash": None},
        {"terms_hash": "0" * 63},
        {"terms_hash": 7},
    ],
)
def test_a_request_is_an_amount_and_a_hash(trusted, api, change):
    body = {name: value for name, value in {**accepted(trusted, "20"), **change}.items() if value is not None}
    is_refused(api.post("me/advances", body), 400, "invalid_input")
    assert not Loan.objects.exists()


def test_a_request_can_be_rehearsed_and_needs_a_key(trusted, api):
    body = accepted(trusted, "20")
    is_refused(api.post("me/advances", body, key=""), 400, "idempotency_key_missing")

    answer = api.post("me/advances?dry_run=true", body, key="").json()

    assert (answer["answer"]["status"], answer["postings"]) == ("approved", [])
    assert not Loan.objects.exists()


def test_only_what_is_ones_own_and_not_paid_out_is_taken_back(trusted, api):
    loan = paid_out(trusted)
    is_refused(api.post(f"me/advances/{loan.pk}/cancel"), 409, "illegal_status")
    other = loans.request_loan(worker_id=WorkerFactory().pk, amount="20", fee_bps=200)
    for act in ("cancel", "repay"):
        missing = is_refused(api.post(f"me/advances/{NOBODY}/{act}"), 404, "not_found")
        shown = is_refused(api.post(f"me/advances/{other.pk}/{act}"), 404, "not_found")
        assert {**shown, "instance": "", "request_id": ""} == {**missing, "instance": "", "request_id": ""}
    for path in ("", "/progress"):
        is_refused(api.get(f"me/advances/{other.pk}{path}"), 404, "not_found")

    assert {one.status for one in Loan.objects.all()} == {"active", "pending"}


# --- Repaying -----------------------------------------------------------------------------------------------


def test_a_part_and_then_the_rest_is_repaid_early(trusted, api):
    loan = paid_out(trusted)
    before = balance(trusted, "available")

    part = api.post(f"me/advances/{loan.pk}/repay", {"amount": "5.4"}).json()
    progress = api.get(f"me/advances/{loan.pk}/progress").json()
    whole = api.post(f"me/advances/{loan.pk}/repay").json()

    assert (part["status"], part["amount_repaid"]) == ("repaying", "5.400000")
    assert (progress["owed"], progress["progress_percent"]) == ("15.000000", "26.47")
    assert (progress["is_overdue"], progress["overdue_days"], progress["repaid_on_time"]) == (False, 0, None)
    assert (whole["status"], whole["amount_repaid"]) == ("repaid", "20.400000")
    assert balance(trusted, "available") == before - Decimal("20.4")
    assert api.get(f"me/advances/{loan.pk}/progress").json()["repaid_on_time"] is True
    is_refused(api.post(f"me/advances/{loan.pk}/repay"), 409, "nothing_owed")
    assert violated() == {}


def test_the_same_repayment_again_is_answered_and_not_taken_again(trusted, api):
    loan = paid_out(trusted)

    answers = [api.post(f"me/advances/{loan.pk}/repay", {"amount": "5"}, key="one") for _ in range(2)]

    assert answers[0].content == answers[1].content
    assert answers[1]["Idempotent-Replayed"] == "true"
    loan.refresh_from_db()
    assert loan.amount_repaid == 5
    is_refused(
        api.post(f"me/advances/{loan.pk}/repay", {"amount": "6"}, key="one"), 422, "idempotency_mismatch"
    )


def test_a_repayment_needs_a_key_and_can_be_rehearsed(trusted, api):
    loan = paid_out(trusted)
    is_refused(api.post(f"me/advances/{loan.pk}/repay", key=""), 400, "idempotency_key_missing")
    before = balance(trusted, "available")

    answer = api.post(f"me/advances/{loan.pk}/repay?dry_run=true", {"amount": "5"}, key="").json()

    assert (answer["answer"]["amount_repaid"], answer["postings"][0]["kind"]) == ("5.000000", "repayment")
    assert balance(trusted, "available") == before
    loan.refresh_from_db()
    assert (loan.status, loan.amount_repaid) == ("active", 0)


def test_neither_more_than_is_owed_nor_more_than_is_there_is_repaid(trusted, api):
    loan = paid_out(trusted)
    is_refused(api.post(f"me/advances/{loan.pk}/repay", {"amount": "20.400001"}), 409, "nothing_owed")
    poor = WorkerFactory()
    owed = paid_out(poor, "30")
    platforms.complete_task(task_id=started(poor, amount="8").pk)
    available = balance(poor, "available")

    refused = Api.as_worker(poor).post(f"me/advances/{owed.pk}/repay")

    is_refused(refused, 402, "insufficient_funds")
    assert (balance(poor, "available"), balance(poor, "loan")) == (
        available,
        Decimal("-30.6") + 8 - available,
    )
    assert violated() == {}


# --- Its cost -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "queries"), [("me/advances", 2), ("me/advances/eligibility", 6), ("me/advances/offer", 6)]
)
def test_a_page_costs_the_same_for_one_row_or_many(trusted, api, django_assert_num_queries, path, queries):
    for count in (1, 5):
        for _ in range(count):
            loans.cancel_loan(loan_id=loans.request_loan(worker_id=trusted.pk, amount="20", fee_bps=200).pk)
        with django_assert_num_queries(queries):
            assert api.get(path).status_code == 200


@pytest.mark.parametrize("path", ["", "/progress"])
def test_one_advance_costs_a_fixed_number_of_queries(trusted, api, django_assert_num_queries, path):
    loan = loans.request_loan(worker_id=trusted.pk, amount="20", fee_bps=200)
    with django_assert_num_queries(2):
        api.get(f"me/advances/{loan.pk}{path}")
