"""Metrics for Prometheus: the requests of every process of a server, and figures of the database."""

import os
import signal
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from prometheus_client.parser import text_string_to_metric_families

from audit.books import services as books
from gigstream.core.clock import database_now
from gigstream.jobs.models import JobHeartbeat
from gigstream.metrics.figures import FIGURES
from gigstream.processes import progress
from gigstream.remote_calls.models import CircuitBreaker
from loans.applications import services as loans
from payments import services as payments
from platforms import services as platforms
from tests.support.api.client import Api
from tests.support.factories import (
    PlatformFactory,
    WorkerFactory,
    approve_by_staff,
    assigned,
    running_stream,
    seconds,
    started,
)
from tests.support.servers.broker import no_broker
from tests.support.servers.processes import run_web

TOKEN = "a-token-for-the-tests-of-metrics"
BEARER = {"Authorization": f"Bearer {TOKEN}"}


def samples(text):
    """Return every figure by its name and labels."""
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def scraped(**extra):
    """Return the figures of a single process."""
    answer = Client().get("/metrics", **{"wsgi.multiprocess": False, **extra})
    assert answer.status_code == 200, answer.content
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    return samples(answer.content.decode())


# --- Who may read -------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_with_a_token_set_only_who_says_it_may_read(client, settings):
    settings.METRICS_TOKEN = TOKEN
    for said in ({}, {"Authorization": TOKEN}, {"Authorization": f"Bearer {TOKEN}x"}, {"Authorization": "é"}):
        refused = client.get("/metrics", headers=said)
        assert (refused.status_code, refused["WWW-Authenticate"]) == (401, 'Bearer realm="gigstream"')
        assert b"gigstream_" not in refused.content

    assert ("gigstream_database_up",) in scraped(headers=BEARER)


@pytest.mark.django_db
def test_production_without_a_token_has_no_figures(client, settings):
    settings.PRODUCTION = True
    assert client.get("/metrics").status_code == 404


def test_processes_that_count_apart_give_no_figures(client):
    answer = client.get("/metrics", **{"wsgi.multiprocess": True})
    assert answer.status_code == 503
    assert b"python:gigstream.gunicorn" in answer.content


# --- Counters -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_requests_are_counted_by_operation_status_and_refusal(settings):
    api = Api.of(PlatformFactory(funds="100"))
    before = scraped()

    def grown(*names):
        return scraped().get(names, 0) - before.get(names, 0)

    task = {"title": "Deliver", "task_type": "fixed", "amount": "5"}
    api.post("tasks", task, key="one")
    api.post("tasks", task, key="one")
    api.post("tasks", {**task, "amount": "6"}, key="one")
    api.get("tasks/unknown")
    settings.API_REQUESTS_PER_MINUTE = 0
    api.get("balance")

    assert grown("gigstream_requests_total", "201", "create_task") == 2
    assert grown("gigstream_requests_total", "422", "create_task") == 1
    assert grown("gigstream_request_seconds_count", "create_task") == 3
    assert grown("gigstream_idempotent_replays_total", "create_task") == 1
    assert grown("gigstream_refusals_total", "create_task", "idempotency_mismatch") == 1
    assert grown("gigstream_requests_total", "404", "other") == 1
    assert grown("gigstream_refusals_total", "get_balance", "rate_limited") == 1


@pytest.mark.django_db
def test_nothing_that_a_caller_chooses_becomes_a_name(client):
    before = {name for name in scraped() if "gigstream_requests_total" in name}
    for path in ("/api/v1/made-up", "/made-up", "/api/v1/tasks/7", "/static/made-up.css", "/admin/made-up/"):
        client.get(path)
    client.generic("BREW", "/api/v1/tasks")

    after = {name for name in scraped() if "gigstream_requests_total" in name}
    assert {one for _, *rest in after - before for one in rest} <= {
        "admin",
        "other",
        "tasks",
        *map(str, range(300, 420)),
    }


# --- Figures of the database --------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_figures_of_a_system_at_work():
    now = database_now()
    worker, platform = WorkerFactory(), PlatformFactory(funds="1000")
    running_stream(worker, platform=platform, now=now - seconds(100))
    done = started(worker, platform=platform, amount="20", now=now - seconds(100))
    platforms.complete_task(task_id=done.pk, now=now - seconds(90))
    payments.create_due_payouts(now=now - seconds(80))
    loan = loans.request_loan(worker_id=worker.pk, amount="6", fee_bps=500, now=now)
    approve_by_staff(loan_id=loan.pk, now=now)
    JobHeartbeat.objects.create(
        name="submit_payouts", every_seconds=10, last_started_at=now - seconds(25), last_error="KeyError: x"
    )
    books.record(books.check_books())

    found = scraped()

    assert found["gigstream_database_up",] == 1
    assert found["gigstream_transfers_under_way", "payout", "pending"] == 1
    assert 80 <= found["gigstream_transfers_oldest_seconds", "payout", "pending"] < 140
    assert found["gigstream_transfers_under_way", "payout", "submitted"] == 0
    assert found["gigstream_transfers_parked", "payout", "pending"] == 0
    assert found["gigstream_streams_due",] == 1
    assert found["gigstream_streams_parked",] == 0
    assert 40 <= found["gigstream_streams_latest_seconds",] < 100
    assert (found["gigstream_advances", "approved"], found["gigstream_advances", "repaying"]) == (1, 0)
    assert found["gigstream_advances_outstanding_usdc", "approved"] == pytest.approx(6.3)
    assert found["gigstream_job_every_seconds", "submit_payouts"] == 10
    assert 25 <= found["gigstream_job_start_age_seconds", "submit_payouts"] < 85
    assert found["gigstream_job_failing", "submit_payouts"] == 1
    assert ("gigstream_job_success_age_seconds", "submit_payouts") not in found
    assert found["gigstream_books_invariants_checked",] > 50
    assert found["gigstream_books_invariants_violated",] == 0
    assert found["gigstream_books_check_age_seconds",] < 60
    assert 1 <= found["gigstream_database_connections",] <= found["gigstream_database_connections_limit",]


@pytest.mark.django_db
def test_the_events_that_have_not_arrived(settings):
    settings.WEBHOOK_ALLOW_LOOPBACK = True
    platform = PlatformFactory(funds="1000")
    assigned(platform=platform)
    assert scraped()["gigstream_events_undelivered",] == 0
    platforms.set_webhook(platform_id=platform.pk, url="http://127.0.0.1:1/hook")
    started_at = database_now() - timedelta(minutes=5)
    task = assigned(platform=platform, now=started_at)

    waiting = scraped()

    assert (
        waiting["gigstream_events_undelivered",]
        == platform.events.filter(payload__id=str(task.pk)).count()
        > 0
    )
    assert waiting["gigstream_events_oldest_undelivered_seconds",] >= 0
    assert waiting["gigstream_webhooks_disabled",] == 0


@pytest.mark.django_db
def test_how_long_the_oldest_dispute_waits_for_staff_is_a_figure():
    """Its pause has no limit: staff are reminded at 3 days and alarmed at 7."""
    four_days = 4 * 86_400
    now = database_now()
    task = started(now=now - seconds(four_days + 60))
    platforms.dispute_task(task_id=task.pk, severity=2, reason="poor", now=now - seconds(four_days))

    found = scraped()

    assert found["gigstream_disputes_open",] == 1
    assert 0 <= found["gigstream_disputes_oldest_seconds",] - four_days < 600


@pytest.mark.django_db
def test_the_figures_of_an_empty_system_cost_a_statement_each():
    with CaptureQueriesContext(connection) as seen:
        found = scraped()

    assert len(seen) == len(FIGURES) == 13
    assert (found["gigstream_streams_due",], found["gigstream_streams_latest_seconds",]) == (0, 0)
    assert found["gigstream_books_invariants_checked",] == 0
    assert ("gigstream_books_check_age_seconds",) not in found


@pytest.mark.django_db
def test_without_the_database_requests_are_still_told():
    def away(*_):
        raise OperationalError("gone")

    with connection.execute_wrapper(away):
        found = scraped()

    assert found["gigstream_database_up",] == 0
    assert ("gigstream_streams_due",) not in found
    assert any("gigstream_request_seconds_sum" in name for name in found)


# --- Over a real server -------------------------------------------------------------------------------------


def counts(web):
    status, text = web.get("/metrics", **BEARER)
    assert status == 200
    return samples(text).get(("gigstream_requests_total", "200", "healthz"), 0)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as listed:
        return {int(one) for one in listed.read().split()}


@pytest.mark.long_form
@pytest.mark.django_db(transaction=True)
def test_the_counts_are_those_of_all_processes_also_of_one_that_has_died(tmp_path):
    environment = {"METRICS_TOKEN": TOKEN, "TMPDIR": str(tmp_path)}
    with run_web(tmp_path / "web.log", processes=2, environment=environment) as web:
        sent = 0

        def counted_by():
            files = tmp_path.glob("gigstream-metrics-*/counter_*.db")
            return {path.name for path in files if b"healthz" in path.read_bytes()}

        while len(counted_by()) < 2:
            assert sent < 2000, "one process answers everything"
            for _ in range(20):
                assert web.get("/healthz")[0] == 200
            sent += 20
        assert [counts(web) for _ in range(6)] == [sent] * 6
        assert web.get("/metrics")[0] == 401

        before = children(web.process.pid)
        os.kill(min(before), signal.SIGKILL)
        deadline = time.monotonic() + 60
        while len(children(web.process.pid) - before) < 1 or min(before) in children(web.process.pid):
            assert time.monotonic() < deadline, "no process in place of the dead one"
            time.sleep(0.05)
        assert web.get("/healthz")[0] == 200
        assert [counts(web) for _ in range(6)] == [sent + 1] * 6

    assert list(tmp_path.glob("gigstream-metrics-*")) == []


@pytest.mark.django_db
def test_what_is_in_trouble_is_told(settings, tmp_path):
    """Payouts that are stopped, a breaker that is open, a broker that is away, restarts."""
    settings.PROGRESS_DIRECTORY = str(tmp_path)
    before = scraped()
    assert before[("gigstream_payouts_stopped",)] == 0
    assert before[("gigstream_discrepancies_open",)] == before[("gigstream_deliveries_dead",)] == 0
    assert before[("gigstream_broker_up",)] == 1
    assert before[("gigstream_restarts_total", "worker")] == 0

    payments.stop_payments(scope="payouts", reason="a look", by="ana")
    CircuitBreaker.unguarded.create(
        service="sandbox", state="open", opened_at=database_now(), retry_at=database_now(), open_seconds=30
    )
    progress.count_restart("worker")
    progress.count_restart("worker")
    with no_broker():
        after = scraped()

    assert after[("gigstream_payouts_stopped",)] == 1
    assert after[("gigstream_provider_breaker_open", "sandbox")] == 1
    assert after[("gigstream_broker_up",)] == 0
    assert after[("gigstream_restarts_total", "worker")] == 2
