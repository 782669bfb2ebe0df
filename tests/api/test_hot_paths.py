"""The most frequent requests: answered as elsewhere, in a fixed and small number of statements."""

from datetime import timedelta

import pytest
from django.db import connection

from audit.models import AuditLog
from gigstream.api.models import AnsweredRequest
from gigstream.core.clock import database_now
from payments import services as payments
from platforms.models import PlatformEvent, Task
from platforms.services import complete_task
from tests.support.api.client import Api, is_problem
from tests.support.factories import WorkerFactory, assigned, running_stream, started

pytestmark = pytest.mark.django_db

POSTING = 11
PLAN = {"title": "Deliver a parcel", "task_type": "fixed", "amount": "12.50"}


def busy(worker, rounds):
    for _ in range(rounds):
        complete_task(task_id=started(worker, amount="10", now=database_now()).pk)
        payments.cash_out(worker_id=worker.pk, amount="2.5")


# --- A worker's overview ------------------------------------------------------------------------------------


def test_the_overview_shows_what_the_addresses_of_its_parts_show():
    ana = WorkerFactory(full_name='Ana "+00:00" Pérez')
    busy(ana, 3)
    running_stream(ana, now=database_now() - timedelta(minutes=30))
    assigned(ana, now=database_now().replace(microsecond=0))
    api = Api.as_worker(ana)

    shown = api.get("me/overview").json()

    assert shown.pop("balance").items() <= api.get("me/balance").json().items()
    assert shown.pop("tasks") == api.get("me/tasks").json()["items"]
    assert shown.pop("transactions") == api.get("me/transactions").json()["items"]
    assert shown == api.get("me").json()


def test_the_overview_shows_the_latest_ten():
    ana = WorkerFactory()
    busy(ana, 12)
    api = Api.as_worker(ana)

    shown = api.get("me/overview").json()

    assert shown["tasks"] == api.get("me/tasks", limit="10").json()["items"]
    assert shown["transactions"] == api.get("me/transactions", limit="10").json()["items"]
    assert (len(shown["tasks"]), len(shown["transactions"])) == (10, 10)


def test_the_overview_of_who_has_just_come_is_empty():
    busy(WorkerFactory(), 1)

    shown = Api.as_worker(WorkerFactory()).get("me/overview").json()

    assert (shown["tasks"], shown["transactions"]) == ([], [])
    assert shown["balance"] == {"available": "0.000000", "in_transit": "0.000000", "owed": "0.000000"}


@pytest.mark.parametrize("rounds", [0, 1, 4])
def test_the_overview_costs_two_statements(rounds, django_assert_num_queries):
    ana = WorkerFactory()
    busy(ana, rounds)
    api = Api.as_worker(ana)
    with django_assert_num_queries(2):
        assert api.get("me/overview").status_code == 200


def test_a_worker_who_is_suspended_sees_no_overview_from_then_on():
    ana = WorkerFactory()
    api = Api.as_worker(ana)
    assert api.get("me/overview").status_code == 200

    ana.status = "suspended"
    ana.save()

    is_problem(api.get("me/overview"), 401, "not_authenticated")


# --- A task posted ------------------------------------------------------------------------------------------


def written():
    """Return the tasks, their log lines and events, and the kept answers."""
    return (
        Task.objects.count(),
        AuditLog.objects.filter(action="task.create", success=True).count(),
        PlatformEvent.objects.filter(type="task.created").count(),
        AnsweredRequest.objects.count(),
    )


def test_a_posted_task_costs_the_same_statements_however_many_there_are(
    platform, api, django_assert_num_queries
):
    api.post("tasks", PLAN)
    for number in range(4):
        with django_assert_num_queries(POSTING):
            assert api.post("tasks", {**PLAN, "external_task_id": f"parcel-{number}"}).status_code == 201
    assert written() == (5, 5, 5, 5)


def test_a_taken_number_is_refused_and_nothing_of_it_stays(platform, api):
    plan = {**PLAN, "external_task_id": "parcel-1"}
    assert api.post("tasks", plan).status_code == 201

    is_problem(api.post("tasks", plan, key="second"), 409, "external_id_taken")

    assert written() == (1, 1, 1, 1)
    platform.refresh_from_db()
    assert platform.total_tasks == 1
    refused = AuditLog.objects.get(action="task.create", success=False)
    assert refused.metadata == {"code": "external_id_taken", "external_task_id": "parcel-1"}


# --- A kept connection --------------------------------------------------------------------------------------


def test_a_kept_connection_that_works_is_known_without_a_statement(django_assert_num_queries):
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    with django_assert_num_queries(0):
        assert connection.is_usable()


@pytest.mark.django_db(transaction=True)
def test_a_kept_connection_whose_session_was_ended_is_found_out_and_made_anew(platform, api):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone()
    other = connection.copy()
    with other.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
    other.close()

    assert connection.is_usable() is False
    # As Django does between requests.
    connection.close_if_unusable_or_obsolete()
    assert api.get("tasks").status_code == 200
