"""What a load balancer asks."""

import pytest
from django.db import connection

from audit.models import JobHeartbeat
from gigstream.lib.clock import database_now

pytestmark = pytest.mark.django_db


def test_a_living_process_answers(client):
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_a_ready_system_says_so_part_by_part(client):
    JobHeartbeat.objects.create(name="submit_payouts", every_seconds=10, last_started_at=database_now())
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "database": "ok",
        "migrations": "ok",
        "broker": "ok",
        "jobs": "ok",
        "payouts": "ok",
    }


def test_late_jobs_make_it_unready_by_name(client):
    JobHeartbeat.objects.create(name="submit_payouts", every_seconds=10, last_started_at=database_now())
    with connection.cursor() as cursor:
        cursor.execute("UPDATE job_heartbeats SET last_started_at = now() - interval '1 hour'")
    response = client.get("/readyz")
    assert response.status_code == 503
    assert response.json()["jobs"] == "late: submit_payouts"


def test_every_answer_carries_a_request_id(client):
    assert len(client.get("/healthz")["X-Request-Id"]) == 32
    assert client.get("/healthz", headers={"X-Request-Id": "abc-1"})["X-Request-Id"] == "abc-1"
    assert client.get("/healthz", headers={"X-Request-Id": "a b\tc"})["X-Request-Id"] != "a b\tc"


def test_a_broker_that_is_away_makes_it_unready(client, settings):
    settings.CACHES = {
        "default": {
            "BACKEND": "django.core.cache.backends.redis.RedisCache",
            "LOCATION": "redis://127.0.0.1:1/0",
        }
    }
    response = client.get("/readyz")
    assert (response.status_code, response.json()["broker"]) == (503, "unreachable")
