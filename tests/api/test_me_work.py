"""A worker's own tasks, reputation, earnings, risk and advances over the API."""

import json

import pytest
from django.core.cache import cache

from loans.applications import services as loans
from platforms import services as platforms
from platforms.services import MilestonePlan
from reputation.scores.services import adjust_reputation
from tests.support.api.client import Api
from tests.support.factories import PlatformFactory, WorkerFactory, assigned, started

pytestmark = pytest.mark.django_db

NOBODY = "01900000-0000-7000-8000-000000000000"


@pytest.fixture(autouse=True)
def _fresh_counts():
    cache.clear()


@pytest.fixture
def ana():
    return WorkerFactory()


@pytest.fixture
def api(ana):
    return Api.as_worker(ana)


def is_refused(answer, status, code):
    assert (answer.status_code, json.loads(answer.content)["code"]) == (status, code), answer.content
    return json.loads(answer.content)


def is_missing(api, path):
    """Require the answer that an address gets that never was."""
    answer = is_refused(api.get(path), 404, "not_found")
    base = path.rpartition("/")[0]
    other = is_refused(api.get(f"{base}/{NOBODY}"), 404, "not_found")
    assert {**answer, "instance": "", "request_id": ""} == {**other, "instance": "", "request_id": ""}


# --- Tasks --------------------------------------------------------------------------------------------------


def test_a_worker_sees_their_tasks_and_not_the_platforms_own_notes(ana, api):
    platform = PlatformFactory(name="Rides", funds="1000")
    task = assigned(ana, platform=platform, metadata={"margin": 3}, external_task_id="r-1")
    started(WorkerFactory())

    (shown,) = api.get("me/tasks").json()["items"]

    assert (shown["id"], shown["platform_name"], shown["amount"]) == (str(task.pk), "Rides", "10.000000")
    hidden = {"metadata", "fee_bps", "external_task_id", "verification_data", "completion_proof"}
    assert not hidden & set(shown)
    assert api.get("me/tasks", status="completed").json()["items"] == []
    assert len(api.get("me/tasks", status="assigned", task_type="fixed").json()["items"]) == 1


def test_a_task_is_shown_with_its_milestones_and_anothers_is_not_there(ana, api):
    plans = [MilestonePlan("First", "4"), MilestonePlan("Last", "6")]
    task = started(ana, task_type="milestone", milestones=plans)
    platforms.approve_milestone(task_id=task.pk, number=1)

    steps = api.get(f"me/tasks/{task.pk}").json()["milestones"]

    assert [step["approved_at"] is None for step in steps] == [False, True]
    is_missing(api, f"me/tasks/{started(WorkerFactory()).pk}")


# --- Reputation ---------------------------------------------------------------------------------------------


def test_a_worker_sees_every_event_behind_the_score_and_what_would_move_it(ana, api):
    task = started(ana)
    platforms.complete_task(task_id=task.pk)
    adjust_reputation(worker_id=ana.pk, delta=100, reason="good work")
    adjust_reputation(worker_id=WorkerFactory().pk, delta=-100, reason="bad work")

    shown = api.get("me/reputation").json()

    assert (shown["score"], shown["tier"]) == (610, "Silver")
    assert shown["next_tier"] == {"tier": "Gold", "from": 700, "missing": 90}
    events = shown["events"]["items"]
    assert [(one["event_type"], one["delta"], one["new_score"]) for one in events] == [
        ("manual_adjustment", 100, 610),
        ("task_completed", 10, 510),
    ]
    assert {"what": "a rating of 1", "delta": -10} in shown["moves"]
    assert {"what": "a task with a due date completed on time", "delta": 15} in shown["moves"]
    page = api.get("me/reputation", limit="1").json()["events"]
    rest = api.get("me/reputation", cursor=page["next"]).json()["events"]
    assert page["items"] + rest["items"] == events
    assert len(api.get("me/reputation", event_type="task_completed").json()["events"]["items"]) == 1


def test_above_the_highest_tier_there_is_none(ana, api):
    adjust_reputation(worker_id=ana.pk, delta=450, reason="good work")

    shown = Api.as_worker(ana).get("me/reputation").json()

    assert (shown["tier"], shown["next_tier"]) == ("Diamond", None)


def test_the_history_of_the_score_names_its_tier_after_each_event(ana, api):
    adjust_reputation(worker_id=ana.pk, delta=190, reason="good work")
    platforms.complete_task(task_id=started(ana).pk)
    adjust_reputation(worker_id=WorkerFactory().pk, delta=5, reason="another's")

    page = api.get("me/reputation/history", limit="1").json()
    rest = api.get("me/reputation/history", limit="1", cursor=page["next"]).json()

    (last,), (first,) = page["items"], rest["items"]
    assert (last["number"], last["event_type"], last["new_score"], last["tier"]) == (
        2,
        "task_completed",
        700,
        "Gold",
    )
    assert (first["number"], first["change"], first["tier"], rest["next"]) == (1, 190, "Silver", None)
    assert api.get("me/reputation/history", event_type="manual_adjustment").json()["items"] == [first]


# --- Earnings and risk --------------------------------------------------------------------------------------


def test_earnings_are_those_of_the_view(ana, api):
    platforms.complete_task(task_id=started(ana).pk)
    started(ana, amount="5")

    shown = api.get("me/earnings").json()

    assert (shown["earned_amount"], shown["pending_amount"]) == ("10.000000", "5.000000")
    assert (shown["total_tasks"], shown["completed_tasks"], shown["active_tasks"]) == (2, 1, 1)
    assert (shown["completion_rate"], shown["average_rating"]) == ("100.00", None)
    assert "worker_id" not in shown


def test_risk_is_shown_with_its_factors_and_reasons(api):
    shown = api.get("me/risk").json()

    assert (shown["eligible"], shown["reputation_points"]) == (False, "150.00")
    assert "0 completed tasks count, at least 5 are needed" in shown["reasons"]


# --- Its cost -----------------------------------------------------------------------------------------------


QUERIES = {
    "me": 1,
    "me/tasks": 2,
    "me/reputation": 2,
    "me/reputation/history": 2,
    "me/earnings": 2,
    "me/risk": 2,
    "me/advances": 2,
    "me/advances/eligibility": 4,
}


def test_each_page_costs_the_same_for_one_row_or_many(ana, api, django_assert_num_queries):
    for count in (1, 5):
        for _ in range(count):
            platforms.complete_task(task_id=started(ana).pk)
            loan = loans.request_loan(worker_id=ana.pk, amount="20", fee_bps=200)
            loans.cancel_loan(loan_id=loan.pk)
        for path, queries in QUERIES.items():
            with django_assert_num_queries(queries, info=path):
                assert api.get(path).status_code == 200, path


def test_one_object_costs_a_fixed_number_of_queries(ana, api, django_assert_num_queries):
    task = started(ana)
    loan = loans.request_loan(worker_id=ana.pk, amount="20", fee_bps=200)
    with django_assert_num_queries(3):
        api.get(f"me/tasks/{task.pk}")
    with django_assert_num_queries(2):
        api.get(f"me/advances/{loan.pk}")
