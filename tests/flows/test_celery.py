"""A real Celery worker: nudges, the jobs that it runs, and nudges without a broker."""

import time

import pytest
from django.conf import settings
from django.db import connection, transaction

from gigstream import celery_app
from gigstream.core.clock import database_now
from gigstream.jobs.models import JobHeartbeat
from gigstream.jobs.registry import late_jobs, nudge_job, nudge_overdue, scheduled_jobs
from payments import services as payments
from payments.models import Transaction
from platforms import services as platforms
from tests.support.factories import WorkerFactory, started
from tests.support.servers.broker import no_broker
from tests.support.servers.processes import empty_queues, run_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def celery_worker(tmp_path):
    """A worker process of the project on this test's database and broker."""
    empty_queues()
    with run_worker(tmp_path / "worker.log") as process:
        yield process


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_nudged_worker_pays(celery_worker):
    worker = WorkerFactory()
    now = database_now()
    task = started(worker, amount="20", now=now)

    platforms.complete_task(task_id=task.pk, now=now)

    wait_until(lambda: Transaction.objects.filter(type="payout", status="submitted").exists())
    beats = JobHeartbeat.objects.in_bulk()
    assert beats["create_due_payouts"].last_succeeded_at is not None
    assert beats["create_due_payouts"].last_error == ""


def test_every_job_of_the_schedule_is_a_task_that_a_worker_knows():
    entries = settings.CELERY_BEAT_SCHEDULE

    slow = {job.name for job in scheduled_jobs() if job.every_seconds > 60}
    assert set(entries) == set(settings.JOBS) - slow
    for entry in entries.values():
        assert entry["task"] in celery_app.tasks
        assert entry["options"]["queue"] in {queue.name for queue in settings.CELERY_TASK_QUEUES}
        assert entry["options"]["expires"] <= 3 * entry["schedule"]


def test_jobs_that_beat_does_not_start_are_nudged_when_their_interval_has_passed():
    slow = {job.name: job.every_seconds for job in scheduled_jobs() if job.every_seconds > 60}
    with no_broker():
        assert nudge_overdue() == len(slow), "none has ever run"
        for name, every in slow.items():
            JobHeartbeat.objects.create(name=name, every_seconds=every, last_started_at=database_now())
        assert nudge_overdue() == 0
        with connection.cursor() as cursor:
            cursor.execute("UPDATE job_heartbeats SET last_started_at = now() - interval '2 hours'")
        within_two_hours = [name for name, every in slow.items() if every < 7200]
        assert nudge_overdue() == len(within_two_hours)
        assert {"check_books", "reconcile_settlements"} <= set(within_two_hours) < set(slow)


def test_a_bell_that_nobody_hears_is_no_error_and_beat_finds_the_work():
    with no_broker():
        with transaction.atomic():
            nudge_job("create_due_payouts")
        worker = WorkerFactory()
        now = database_now()
        platforms.complete_task(task_id=started(worker, amount="20", now=now).pk, now=now)

    assert payments.create_due_payouts() == 1


def test_a_job_that_has_not_started_for_three_intervals_is_late():
    for job in scheduled_jobs():
        JobHeartbeat.objects.create(
            name=job.name, every_seconds=job.every_seconds, last_started_at=database_now()
        )
    assert late_jobs() == []

    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE job_heartbeats SET last_started_at = now() - interval '31 seconds'"
            " WHERE name IN ('submit_payouts', 'seal_audit_log')"
        )
    assert late_jobs() == ["submit_payouts"], "sealing comes once a minute"
